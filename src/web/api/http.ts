/**
 * Knows requests to `/v1`, and what they say when they fail.
 * Must not know who is logged in, nor anything of the page.
 */

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
  readonly code?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

export function problemOf(body: ProblemBody, retryAfter = 0): Problem {
  const fields = Object.fromEntries((body.errors ?? []).map(({ path, message }) => [path, message]));
  return new Problem(body.code ?? "internal", body.detail ?? "", fields, retryAfter);
}

/** The answer's body as JSON; undefined where it has none. @throws Problem; TypeError where there is no connection */
export async function request<Answer>(
  method: string,
  path: string,
  token: string | null,
  body?: object,
): Promise<Answer> {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  const raw = body instanceof Blob;
  if (body !== undefined && !raw) headers["content-type"] = "application/json";
  const response = await fetch(`/v1${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
  });
  if (!response.ok) {
    const problem = (await response.json().catch(() => ({}))) as ProblemBody;
    throw problemOf(problem, Number(response.headers.get("retry-after") ?? 0));
  }
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}
