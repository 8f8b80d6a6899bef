// What `/openapi.json` says of the routes for users is what a running server does: every example is sent as it stands, every
// operation is asked once, and every answer is held against its schema. The operators' routes: openapi-rooms.test.ts.

import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Server } from "./server.ts";
import { startServer } from "./server.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- a document and answers, read loosely
type Body = any;

const DIALECTS = new Set(["native", "mobile", "messenger"]);
/** They answer with a WebSocket; test/wire/asyncapi-examples.test.ts speaks to them. */
const SOCKETS = ["GET /v1/socket", "GET /v1/chats/{id}/socket"];

let server: Server;
let document: Body;
let ajv: Ajv2020;
const done = new Set<string>();

beforeAll(async () => {
  server = await startServer();
  document = await (await fetch(`${server.url}/openapi.json`)).json();
  ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, "api");
});
afterAll(() => server.stop());

interface Asking {
  /** Parts of the path. */
  readonly parts?: Readonly<Record<string, string | number>>;
  readonly query?: string;
  readonly token?: string;
  /** Instead of the example, where the body is no JSON. */
  readonly body?: FormData;
  readonly status?: number;
}

/** Asks an operation as it is documented; its answer. */
async function ask(
  name: string,
  { parts = {}, query = "", token, body: form, status = 200 }: Asking = {},
): Promise<Body> {
  const [method = "", path = ""] = name.split(" ");
  const operation = document.paths[path]?.[method.toLowerCase()];
  expect(operation, name).toBeDefined();
  const content = operation.requestBody?.content ?? {};
  const example = (content["application/json"] ?? {}).example;
  if (operation.requestBody !== undefined && form === undefined)
    expect(example, `an example for ${name}`).toBeDefined();
  const address = path.replaceAll(/\{(\w+)\}/g, (_, part: string) => String(parts[part]));
  const response = await fetch(`${server.url}${address}${query}`, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(example === undefined || form !== undefined ? {} : { "content-type": "application/json" }),
    },
    ...(form === undefined ? (example === undefined ? {} : { body: JSON.stringify(example) }) : { body: form }),
  });
  const text = await response.text();
  expect(response.status, `${name}: ${text}`).toBe(status);
  done.add(name);
  const type = response.headers.get("content-type")?.split(";")[0] ?? "";
  if (type !== "application/json") return text;
  const answer = JSON.parse(text);
  const pointer = path.replaceAll("~", "~0").replaceAll("/", "~1");
  const at = `api#/paths/${pointer}/${method.toLowerCase()}/responses/${status}/content/application~1json/schema`;
  const valid = ajv.getSchema(at.replaceAll("{", "%7B").replaceAll("}", "%7D"));
  expect(valid, at).toBeDefined();
  expect(valid?.(answer), `${name}: ${JSON.stringify(valid?.errors)} in ${text}`).toBe(true);
  return answer;
}

async function account(username: string): Promise<string> {
  const response = await fetch(`${server.url}/v1/auth/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username, password: "a password" }),
  });
  return ((await response.json()) as Body).token;
}

const form = (field: string): FormData => {
  const made = new FormData();
  made.append(field, new File(["hello"], "notes.txt", { type: "text/plain" }));
  return made;
};

describe("the REST for users, as it is documented", () => {
  it("native", async () => {
    await ask("GET /v1/config");
    await ask("POST /v1/auth/register", { status: 201 });
    const { token } = await ask("POST /v1/auth/login");
    const [bob, eve] = [await account("bob"), await account("eve")];
    expect([bob, eve].every(Boolean)).toBe(true);
    await ask("GET /v1/me", { token });
    await ask("PATCH /v1/me", { token });
    await ask("GET /v1/users", { token, query: "?q=b" });
    await ask("GET /v1/users/{id}", { token, parts: { id: 2 } });
    const { id } = await ask("POST /v1/chats", { token, status: 201 });
    await ask("GET /v1/chats", { token });
    await ask("GET /v1/chats/{id}", { token, parts: { id } });
    await ask("PATCH /v1/chats/{id}", { token, parts: { id } });
    await ask("PUT /v1/chats/{id}/members/{user}", { token, parts: { id, user: 3 } });
    await ask("DELETE /v1/chats/{id}/members/{user}", { token, parts: { id, user: 3 }, status: 204 });
    const { id: message } = await ask("POST /v1/chats/{id}/messages", { token, parts: { id }, status: 201 });
    await ask("GET /v1/chats/{id}/messages", { token, parts: { id } });
    await ask("PATCH /v1/chats/{id}/messages/{message}", { token, parts: { id, message } });
    await ask("POST /v1/chats/{id}/read", { token: bob, parts: { id } });
    await ask("GET /v1/chats/{id}/changes", { token, parts: { id }, query: "?since=0" });
    await ask("DELETE /v1/chats/{id}/messages/{message}", { token, parts: { id, message }, status: 204 });
    const file = await ask("POST /v1/attachments", { token, body: form("file"), status: 201 });
    await ask("GET /v1/attachments/{id}", { token, parts: { id: file.id } });
    await ask("DELETE /v1/chats/{id}", { token, parts: { id }, status: 204 });
    await ask("POST /v1/auth/logout", { token, status: 204 });
    await ask("DELETE /v1/me", { token: eve, status: 204 });
  });

  it("mobile", async () => {
    await ask("POST /users", { status: 201 });
    const { token, user_id: a } = await ask("POST /authentication", { status: 201 });
    const bob = (
      (await (
        await fetch(`${server.url}/v1/auth/login`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ username: "bob", password: "a password" }),
        })
      ).json()) as Body
    ).token;
    const pair = { a, b: 2 };
    const { chat_id } = await ask("POST /chats", { token, status: 201 });
    await ask("GET /sync", { token });
    await ask("GET /chats", { token });
    await ask("GET /chats/unread", { token });
    await ask("GET /chats/users/{a}/{b}", { token, parts: pair });
    await ask("GET /chats/{a}/{b}", { token, parts: pair });
    await ask("GET /chats/{chat_id}", { token, parts: { chat_id } });
    await ask("POST /chats/read", { token: bob, status: 201 });
    await ask("POST /chats_v2", { token, status: 201 });
    await ask("GET /chats_v2/unread", { token: bob });
    await ask("GET /chats_v2/users/{a}/{b}", { token: bob, parts: pair });
    await ask("GET /chats_v2/{a}/{b}", { token: bob, parts: pair });
    await ask("GET /chats_v2/{chat_id}", { token: bob, parts: { chat_id } });
    const { chat_room_id: id } = await ask("POST /chat_rooms", { token, status: 201 });
    await ask("POST /chat_rooms/{id}/message", { token: bob, parts: { id }, status: 201 });
    await ask("GET /chat_rooms", { token });
    await ask("GET /chat_rooms/message/unread", { token });
    await ask("GET /chat_rooms/{id}", { token, parts: { id } });
    await ask("GET /chat_rooms/{id}/users", { token, parts: { id } });
    await ask("POST /chat_rooms/{id}/read", { token, parts: { id }, status: 201 });
    await ask("POST /chat_rooms/{id}/message/read", { token, parts: { id }, status: 201 });
    await ask("DELETE /chats/{chat_id}", { token, parts: { chat_id }, status: 204 });
    const again = await ask("POST /chats_v2", { token, status: 201 });
    await ask("DELETE /chats_v2/{chat_id}", { token, parts: { chat_id: again.chat_id }, status: 204 });
    await ask("DELETE /authentication", { token, status: 204 });
  });

  it("messenger", async () => {
    await ask("POST /api/auth/register", { status: 201 });
    const { token } = await ask("POST /api/auth/login");
    await ask("POST /api/upload/files", { token, body: form("files") });
    await ask("DELETE /api/auth/account", { token, status: 204 });
  });

  it("leaves no operation out", () => {
    const documented = Object.entries(document.paths as Record<string, Body>).flatMap(([path, methods]) =>
      Object.entries(methods as Record<string, Body>)
        .filter(([, operation]) => operation.tags.some((tag: string) => DIALECTS.has(tag)))
        .map(([method]) => `${method.toUpperCase()} ${path}`),
    );
    expect([...done, ...SOCKETS].toSorted()).toEqual(documented.toSorted());
  });
});
