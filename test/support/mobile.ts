/** A client of `mobile` for tests: requests with its own scheme of authorization, bodies as forms or JSON. */

import type { Answer, Person } from "./people.ts";
import { person } from "./people.ts";

const sessionOf = (token: string): string =>
  (JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { jti: string }).jti;

export class MobileClient {
  readonly authorization: string;

  constructor(
    readonly person: Person,
    readonly form = true,
  ) {
    const credentials = `${person.id}:${person.token}:${sessionOf(person.token)}`;
    this.authorization = `fae ${Buffer.from(credentials).toString("base64")}`;
  }

  get id(): number {
    return this.person.id;
  }

  call(
    method: string,
    path: string,
    body?: Record<string, string | number>,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const type = this.form ? "application/x-www-form-urlencoded" : "application/json";
    const text = this.form ? new URLSearchParams(body as Record<string, string>).toString() : JSON.stringify(body);
    return this.person.call(method, path, body === undefined ? undefined : text, {
      authorization: this.authorization,
      ...(body === undefined ? {} : { "content-type": type }),
      ...headers,
    });
  }

  get = (path: string, headers: Record<string, string> = {}) => this.call("GET", path, undefined, headers);
  post = (path: string, body: Record<string, string | number> = {}) => this.call("POST", path, body);
  delete = (path: string) => this.call("DELETE", path);

  /** Writes to `other`; the chat's id. */
  async write(other: { readonly id: number }, message: string, path = "/chats"): Promise<number> {
    const answer = await this.post(path, { receiver_id: other.id, message, type: "text" });
    if (answer.status !== 201) throw new Error(`refused: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body.chat_id;
  }
}

export async function mobilePair(): Promise<[MobileClient, MobileClient]> {
  return [new MobileClient(await person("ann")), new MobileClient(await person("bob"), false)];
}
