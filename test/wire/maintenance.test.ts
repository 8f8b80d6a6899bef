// The Worker that stands in while something is restored, as it would be deployed: after the other, and before it again, on the same state.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import { afterAll, beforeAll, expect, it } from "vitest";
import { bundle, makeTables, parlanceOptions } from "../support/deployment.ts";

const OPERATOR = { email: "operator@test", password: "operator password" };
const SETTINGS = {
  TOKEN_SECRET: "a secret for tests alone, of a fitting length",
  OPERATOR_EMAIL: OPERATOR.email,
  OPERATOR_PASSWORD: OPERATOR.password,
};

let folder = "";
let server: Miniflare | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parlance-maintenance-"));
});

afterAll(async () => {
  await server?.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** Deploys what `entry` makes, after what ran before has ended. */
async function deploy(entry: string): Promise<Miniflare> {
  await server?.dispose();
  const built = bundle(join(folder, entry), [`src/${entry}.ts`, "--assets", folder]);
  server = new Miniflare(
    convertV4MiniflareOptions({
      compatibilityDate: "2026-10-01",
      modules: true,
      cf: false,
      resourcePersistencePath: join(folder, "state"),
      ...parlanceOptions(built, SETTINGS),
      scriptPath: join(built, `${entry}.js`),
    }),
  );
  await server.ready;
  return server;
}

/** A JSON object of an answer, read loosely. */
// oxlint-disable-next-line typescript/no-explicit-any -- answers are what the test is about
type Body = any;

async function ask(method: string, path: string, token = "", body?: object): Promise<{ status: number; body: Body }> {
  if (server === undefined) throw new Error("nothing is deployed");
  const response = await server.dispatchFetch(`http://parlance.test${path}`, {
    method,
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}

it("serves nobody, tells all of a chat that was put back where an admin says so, and goes as it came", async () => {
  const db = await (await deploy("index")).getD1Database("DB");
  await makeTables(db);
  const register = async (username: string): Promise<Body> =>
    (await ask("POST", "/v1/auth/register", "", { username, password: "a password" })).body;
  const [ann, bob] = [await register("ann"), await register("bob")];
  const { token: admin } = (await ask("POST", "/auth/login", "", OPERATOR)).body;
  const other = { email: "other@test", password: "a password" };
  const { token: operator } = (await ask("POST", "/auth/register", admin, other)).body;
  const { id } = (await ask("POST", "/v1/chats", ann.token, { title: "Before", members: [bob.user.id] })).body;
  await ask("POST", `/v1/chats/${id}/messages`, ann.token, { text: "said before" });

  await deploy("maintenance");
  const refused = [
    await ask("GET", "/health"),
    await ask("GET", `/v1/chats/${id}`, ann.token),
    await ask("POST", `/v1/chats/${id}/messages`, ann.token, { text: "said meanwhile" }),
    await ask("POST", "/auth/login", "", OPERATOR),
    await ask("GET", `/maintenance/chats/${id}/rewind`, admin),
  ];
  expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 503));
  const [rewind, raise] = [`/maintenance/chats/${id}/rewind`, `/maintenance/chats/${id}/raise`];
  const before = { clock: 1_000, rev: 500, members: [ann.user.id, bob.user.id] };
  for (const token of ["", ann.token, operator]) {
    expect((await ask("POST", `${rewind}?at=2026-01-01T00:00:00Z`, token)).status).toBe(401);
    expect((await ask("POST", raise, token, before)).status).toBe(401);
  }
  expect((await ask("POST", rewind, admin)).status).toBe(400);
  expect((await ask("POST", raise, admin, { clock: 1 })).status).toBe(400);
  expect((await ask("POST", "/maintenance/chats/4711/raise", admin, before)).status).toBe(404);
  expect(await ask("POST", raise, admin, before)).toMatchObject({ status: 200, body: { id, title: "Before" } });

  await deploy("index");
  const last = { seq: 1, text: "said before" };
  const chat = (await ask("GET", `/v1/chats/${id}`, bob.token)).body;
  expect(chat).toMatchObject({ rev: 501, unread: 1, last_message: last });
  expect((await ask("GET", "/v1/chats", bob.token)).body.items).toMatchObject([{ id, rev: 501, last_message: last }]);
});
