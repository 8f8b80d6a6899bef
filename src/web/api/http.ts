/** Requests to `/v1`, and what they say when they fail. Knows no state of the page. */

/** A request that was refused, in the server's words. */
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

interface ProblemBody {
  readonly code?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

async function problemOf(response: Response): Promise<Problem> {
  const body = (await response.json().catch(() => ({}))) as ProblemBody;
  const fields = Object.fromEntries((body.errors ?? []).map(({ path, message }) => [path, message]));
  return new Problem(
    body.code ?? "internal",
    body.detail ?? "",
    fields,
    Number(response.headers.get("retry-after") ?? 0),
  );
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
  if (!response.ok) throw await problemOf(response);
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}
