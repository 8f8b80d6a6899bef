// A tenant's own system beside a running server: its people chat by its tokens, which it stands by or not.

import { io } from "socket.io-client";
import type { Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { TenantSystem } from "../support/tenant/server.ts";
import { startTenant } from "../support/tenant/server.ts";
import type { Server } from "./server.ts";
import { startServer } from "./server.ts";

const ANN = { id: 1, firstName: "Ann", lastName: "Lee" };
const BOB = { id: 2, firstName: "Bob", lastName: "Low" };

// oxlint-disable-next-line typescript/no-explicit-any -- answers are what the tests are about
type Body = any;

describe("bring your own users", () => {
  // The server's environment is read at each start.
  const env = { OPERATOR_EMAIL: "operator@tenants", OPERATOR_PASSWORD: "the first password" };
  let server: Server;
  let elsewhere: TenantSystem;
  let system: TenantSystem;
  let operator = "";
  const sockets: Socket[] = [];

  async function rest(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Body> {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: { authorization: operator, "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return response.json();
  }

  /** A new app whose people are this system's. */
  async function app(settings: object): Promise<Body> {
    const made = await rest("POST", "/app", { name: "Shop", ...settings });
    system.connect(server.url, made);
    return made;
  }

  /** "ok", or why the token does not open a connection. */
  function enter(token: string, query: Record<string, string> = {}): Promise<{ said: string; socket: Socket }> {
    const socket = io(server.url, { query: { token, ...query }, forceNew: true, reconnection: false });
    sockets.push(socket);
    return new Promise((resolve) => {
      socket.once("connect", () => resolve({ said: "ok", socket }));
      socket.once("connect_error", (error) => resolve({ said: error.message, socket }));
    });
  }

  const said = async (token: string, query?: Record<string, string>): Promise<string> =>
    (await enter(token, query)).said;

  async function logIn(password: string): Promise<Body> {
    return rest("POST", "/auth/login", { email: env.OPERATOR_EMAIL, password });
  }

  beforeAll(async () => {
    elsewhere = await startTenant();
    system = await startTenant({
      "/error": { status: 500 },
      "/moved": { status: 302, location: "/ok" },
      "/away": { status: 302, location: elsewhere.verifyUrl },
      "/ok": { status: 200 },
      "/round": { status: 302, location: "/round" },
      "/silent": "silent",
    });
    server = await startServer({ env });
    operator = (await logIn(env.OPERATOR_PASSWORD)).token;
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.disconnect();
  });
  afterAll(() => Promise.all([system.close(), elsewhere.close(), server.stop()]));

  it("people of the tenant's system talk by its tokens, for as long as it stands by them", async () => {
    const { applicationId } = await app({ verifyUrl: system.verifyUrl });
    const [anns, bobs] = [await system.login(ANN), await system.login(BOB)];
    expect((await rest("POST", "/room", { room: "usr-1-2", appId: applicationId, users: [1, 2] })).users).toHaveLength(
      2,
    );
    const [ann, bob] = [await enter(anns), await enter(bobs)];
    expect([ann.said, bob.said]).toEqual(["ok", "ok"]);
    for (const { socket } of [ann, bob]) {
      const joined = new Promise((resolve) => socket.once("room_info", resolve));
      socket.emit("join", "usr-1-2");
      await joined;
    }
    const heard = new Promise<Body>((resolve) => bob.socket.once("message", resolve));
    ann.socket.emit("send_message", "Hey, you there");
    expect(Buffer.from((await heard).message, "base64").toString()).toBe("Hey, you there");
    // The word of the tenant counts for a minute; a new token is asked about anew.
    const before = system.asked.length;
    expect(await said(anns)).toBe("ok");
    expect(system.asked).toHaveLength(before);
    const another = await system.login(ANN);
    await expect.poll(() => ann.socket.connected).toBe(false);
    system.logout(another);
    expect(await said(another)).toBe("token key mismatch");
    expect(await said("never registered")).toBe("token key mismatch");
  });

  it.each([
    ["/ok", "ok"],
    ["/moved", "ok"],
    ["/error", "token key mismatch"],
    ["/nowhere", "token key mismatch"],
    ["/away", "token key mismatch"],
    ["/round", "token key mismatch"],
    ["/silent", "token key mismatch"],
  ])("a tenant's URL that answers as %s does: %s", async (path, expected) => {
    await app({ verifyUrl: `${system.url}${path}` });
    const token = await system.login(ANN);
    expect(await said(token)).toBe(expected);
    expect(elsewhere.asked).toEqual([]);
  });

  it("another verification URL has the token asked about anew", async () => {
    const { id } = await app({ verifyUrl: `${system.url}/ok` });
    const token = await system.login(ANN);
    expect(await said(token)).toBe("ok");
    await rest("PATCH", `/app/${id}`, { verifyUrl: `${system.url}/error` });
    expect(await said(token)).toBe("token key mismatch");
    await rest("PATCH", `/app/${id}`, { verifyUrl: null });
    expect(await said(token)).toBe("ok");
  });

  it("the tenant's JWTs need no registration, and are for the app that they or the client name", async () => {
    const { applicationId: uuid } = await app({ jwksUrl: system.jwksUrl });
    const other = await rest("POST", "/app", { name: "Other", jwksUrl: system.jwksUrl });
    expect(await said(await system.jwt(ANN))).toBe("ok");
    expect(await said(await system.jwt(ANN, { audience: null }), { app: uuid })).toBe("ok");
    expect(await said(await system.jwt(ANN, { audience: "https://shop.example" }), { app: uuid })).toBe("ok");
    const users = await rest("GET", `/user/${uuid}`);
    expect(users).toMatchObject([{ appUserId: 1, firstName: "Ann", lastName: "Lee" }]);
    // For no app, for another app, expired, or signed by someone else.
    expect(await said(await system.jwt(ANN, { audience: null }))).toBe("token key mismatch");
    expect(await said(await system.jwt(ANN), { app: other.applicationId })).toBe("token key mismatch");
    expect(await said(await system.jwt(ANN, { expiresIn: "-1m" }))).toBe("token key mismatch");
    expect(await said(await elsewhere.jwt(ANN, { audience: uuid }))).toBe("token key mismatch");
    expect(await said(`${(await system.jwt(ANN)).split(".").slice(0, 2).join(".")}.`)).toBe("token key mismatch");
  });

  it("a registered JWT still ends when it says so", async () => {
    const { key } = await app({ jwksUrl: system.jwksUrl });
    const register = async (token: string) =>
      rest("POST", "/user", { appUserId: ANN.id, firstName: "Ann", lastName: "Lee", token }, { "x-app-key": key });
    const [good, bad] = [await system.jwt(ANN), await system.jwt(ANN, { expiresIn: "-1m" })];
    await register(good);
    expect(await said(good)).toBe("ok");
    await register(bad);
    expect(await said(bad)).toBe("token key mismatch");
    const bobs = await system.jwt(BOB);
    await register(bobs);
    expect(await said(bobs)).toBe("token key mismatch");
  });

  it("another operator's password works after a restart, the old one and its tokens no longer", async () => {
    const old = env.OPERATOR_PASSWORD;
    env.OPERATOR_PASSWORD = "the second password";
    await server.stop();
    await server.restart();
    expect((await rest("GET", "/app")).message).toBe("Invalid token");
    expect(await logIn(old)).toEqual({ status: 401, message: "Login failed" });
    const { token, email } = await logIn(env.OPERATOR_PASSWORD);
    expect(email).toBe(env.OPERATOR_EMAIL);
    operator = token;
    expect((await rest("GET", "/app")).length).toBeGreaterThan(1);
  });

  it("no token, key or password was printed", async () => {
    const { key } = await app({ verifyUrl: system.verifyUrl });
    const token = await system.login(ANN);
    await enter(token);
    await enter("a wrong but telling token");
    const output = server.output();
    expect(output).toContain('"route":"/socket.io/"');
    for (const secret of [key, token, operator, "telling", env.OPERATOR_PASSWORD]) expect(output).not.toContain(secret);
  });
});
