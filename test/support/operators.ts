/** Operators and tenants' servers for tests: what they ask of `/auth /app /user /room`. Speaks the public surface only. */

import { env } from "cloudflare:workers";
import type { Answer, Body } from "./people.ts";
import { call } from "./people.ts";

/** A client of the REST: an operator with a token, or a tenant's server with an app's key. */
export class Rest {
  constructor(readonly headers: Record<string, string>) {}

  call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return call(method, path, body, { ...this.headers, ...headers });
  }

  get = (path: string, headers: Record<string, string> = {}) => this.call("GET", path, undefined, headers);
  post = (path: string, body: unknown = {}) => this.call("POST", path, body);
  put = (path: string, body: unknown) => this.call("PUT", path, body);
  patch = (path: string, body: unknown) => this.call("PATCH", path, body);
  delete = (path: string) => this.call("DELETE", path);
}

export const anyone = new Rest({});

export const FIRST = { email: env.OPERATOR_EMAIL ?? "", password: env.OPERATOR_PASSWORD ?? "" };

async function login(email: string, password: string): Promise<Rest> {
  const { status, body } = await anyone.post("/auth/login", { email, password });
  if (status !== 200) throw new Error(`refused: ${status} ${JSON.stringify(body)}`);
  return new Rest({ authorization: body.token });
}

let admins: Promise<Rest> | undefined;

/** The first operator; logged in once, because a hash takes its time. */
export const admin = (): Promise<Rest> => (admins ??= login(FIRST.email, FIRST.password));

/** Another operator, who is no admin. */
export async function operator(name = "olga"): Promise<Rest> {
  const email = `${name}-${crypto.randomUUID().slice(0, 8)}@example.org`;
  const { body } = await (await admin()).post("/auth/register", { email, password: "a password" });
  return new Rest({ authorization: `Bearer ${body.token}` });
}

/** An app with its key, and its tenant's server, which holds it. */
export interface Tenant {
  readonly app: Body;
  readonly server: Rest;
  /** Registers a user. */
  readonly user: (appUserId: string | number, token?: string, names?: object) => Promise<Body>;
}

export async function tenant(by: Rest, name = "Shop", more: object = {}): Promise<Tenant> {
  const { status, body: app } = await by.post("/app", { name, ...more });
  if (status !== 200) throw new Error(`refused: ${status} ${JSON.stringify(app)}`);
  const server = new Rest({ "x-app-key": app.key });
  return {
    app,
    server,
    async user(appUserId, token = crypto.randomUUID(), names = {}) {
      const answer = await server.post("/user", { appUserId, firstName: "Ann", lastName: "Lee", token, ...names });
      if (answer.status !== 200) throw new Error(`refused: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
  };
}
