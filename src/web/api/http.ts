/**
 * Knows requests to `/v1`, and what they say when they fail.
 * Must not know who is logged in, nor anything of the page.
 */

const PATIENCE_MS = 30_000;

/** What a status means where the answer says nothing more. */
const CODES: Readonly<Record<number, string>> = { 401: "auth.invalid", 404: "not_found", 429: "rate.limited" };

/** A request or a command that was refused, in the server's words. */
export class Problem extends Error {
  constructor(
    readonly code: string,
    readonly detail: string,
    readonly fields: Readonly<Record<string, string>>,
    /** Seconds, with `rate.limited`. */
    readonly retryAfter: number,
  ) {
    super(detail);
  }
}

export interface ProblemBody {
  readonly code?: string | undefined;
  readonly detail?: string;
  /** Instead of a detail, on the operators' routes. */
  readonly message?: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

export function problemOf(body: ProblemBody, retryAfter = 0): Problem {
  const fields = Object.fromEntries((body.errors ?? []).map(({ path, message }) => [path, message]));
  return new Problem(body.code ?? "internal", body.detail ?? body.message ?? "", fields, retryAfter);
}

/** The answer's body as JSON; undefined where it has none. @throws Problem; another Error where there is no connection */
export async function request<Answer>(
  method: string,
  path: string,
  token: string | null,
  body?: object,
): Promise<Answer> {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  if (body !== undefined) headers["content-type"] = "application/json";
  const response = await fetch(path, {
    method,
    headers,
    signal: AbortSignal.timeout(PATIENCE_MS),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) {
    const problem = (await response.json().catch(() => ({}))) as ProblemBody;
    throw problemOf({ code: CODES[response.status], ...problem }, Number(response.headers.get("retry-after") ?? 0));
  }
  const text = await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as Answer;
}
