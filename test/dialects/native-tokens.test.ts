import { env } from "cloudflare:workers";
import { SignJWT } from "jose";
import { describe, expect, it, vi } from "vitest";
import { createTokenSigner } from "../../src/auth/tokens.ts";
import { storesOf } from "../../src/compose.ts";
import { appId } from "../../src/core/ids.ts";
import { expectProblem } from "../support/contract.ts";
import type { Code } from "../support/contract.ts";
import { operator, tenant } from "../support/operators.ts";
import { call, knock, people, person, Person } from "../support/people.ts";

const SECRET = env.TOKEN_SECRET ?? "";
const MINUTE = 60_000;

/** The same person with another token, as on another device. */
async function again(who: Person): Promise<Person> {
  const session = { appId: appId(1), userId: who.id, tokenId: crypto.randomUUID(), expiresAt: Date.now() + MINUTE };
  await storesOf(env).directory.tokens.add(session);
  return new Person(who.id, who.username, await createTokenSigner(SECRET).sign(session));
}

/** Tokens that must open nothing. */
async function badTokens(who: Person): Promise<Record<string, string>> {
  const { tokens } = storesOf(env).directory;
  const session = (life: number) => ({
    appId: appId(1),
    userId: who.id,
    tokenId: crypto.randomUUID(),
    expiresAt: Date.now() + life,
  });
  const registered = async (life: number) => {
    const made = session(life);
    await tokens.add(made);
    return made;
  };
  const [head, body, signature] = who.token.split(".");
  const plain = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const ended = await person("ended");
  await ended.post("/v1/auth/logout");
  const standing = await registered(MINUTE);
  return {
    "with another's secret": await createTokenSigner("another secret, as long as it has to be").sign(standing),
    expired: await createTokenSigner(SECRET).sign(await registered(-1_000)),
    ended: ended.token,
    "never registered": await createTokenSigner(SECRET).sign(session(MINUTE)),
    "of another user": await createTokenSigner(SECRET).sign({ ...standing, userId: ended.id }),
    "of another app": await createTokenSigner(SECRET).sign({ ...standing, appId: appId(2) }),
    unsigned: `${plain({ alg: "none", typ: "JWT" })}.${body}.`,
    "signed by the bare secret": await new SignJWT({ app: 1 })
      .setProtectedHeader({ alg: "HS256", typ: "JWT" })
      .setIssuer("parlance")
      .setSubject(String(who.id))
      .setJti(standing.tokenId)
      .setIssuedAt()
      .setExpirationTime("1h")
      .sign(new TextEncoder().encode(SECRET)),
    "with a changed body": `${head}.${body?.slice(0, -2)}AA.${signature}`,
    "with a changed signature": `${head}.${body}.${signature?.startsWith("A") === true ? "B" : "A"}${signature?.slice(1)}`,
    garbage: "garbage",
    "of dots": "a.b.c",
    long: "x".repeat(5_000),
  };
}

describe("a token that does not stand", () => {
  it("opens no route: 401 with auth.invalid, and says what would help", async () => {
    const ann = await person("ann");
    for (const [what, token] of Object.entries(await badTokens(ann))) {
      const answer = await call("GET", "/v1/me", undefined, { authorization: `Bearer ${token}` });
      expect(answer.status, what).toBe(401);
      expectProblem(answer, "auth.invalid");
      expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    }
    expect((await ann.get("/v1/me")).status).toBe(200);
  });

  it("opens no socket: 401 before the upgrade, however it is brought", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    for (const [what, token] of Object.entries(await badTokens(ann))) {
      for (const path of ["/v1/socket", `/v1/chats/${chat.id}/socket`]) {
        for (const headers of [
          { authorization: `Bearer ${token}` },
          { "sec-websocket-protocol": `parlance.v1, bearer.${token}` },
        ]) {
          const response = await knock(path, headers);
          expect([response.status, response.webSocket], what).toEqual([401, null]);
          expect(await response.json()).toMatchObject({ code: "auth.invalid", status: 401 });
        }
      }
    }
  });
});

describe("a token that was let in a moment ago", () => {
  /** Its bearer has just been let in, and is not once `end` is answered. */
  async function expectDead(who: Person, end: () => Promise<unknown>): Promise<void> {
    expect((await who.get("/v1/chats")).status).toBe(200);
    await end();
    for (const path of ["/v1/chats", "/v1/me", "/chats"]) expect((await who.get(path)).status, path).toBe(401);
  }

  it("is dead once its logout is answered", async () => {
    const ann = await person("ann");
    await expectDead(ann, () => ann.post("/v1/auth/logout"));
  });

  it("is dead once the logout of all of them is answered", async () => {
    const ann = await person("ann");
    const there = await again(ann);
    await expectDead(there, () => ann.post("/v1/auth/logout?everywhere=1"));
  });

  it("is dead once its account is gone", async () => {
    const ann = await person("ann");
    await expectDead(ann, () => ann.delete("/v1/me"));
  });

  it("is dead once its tenant has removed its user", async () => {
    const { app, server } = await tenant(await operator());
    const ann = await person("ann", app.id);
    await expectDead(ann, () => server.delete(`/user/${ann.id}`));
  });

  it("is dead once its app is gone", async () => {
    const by = await operator();
    const { app } = await tenant(by);
    const ann = await person("ann", app.id);
    await expectDead(ann, () => by.delete(`/app/${app.id}`));
  });

  it("is not looked for again: what is asked one after the other costs the directory one query", async () => {
    const ann = await person("ann");
    const asked = vi.spyOn(Object.getPrototypeOf(env.DB.prepare("SELECT 1")), "first");
    const clock = vi.spyOn(Date, "now").mockReturnValue(Date.now());
    try {
      for (let n = 0; n < 5; n++) expect((await ann.get("/v1/chats")).status).toBe(200);
      const ofTokens = asked.mock.contexts.filter((one) =>
        (one as { statement: string }).statement.includes("FROM tokens"),
      );
      expect(ofTokens).toHaveLength(1);
    } finally {
      clock.mockRestore();
      asked.mockRestore();
    }
  });
});

describe("no token", () => {
  it("opens nothing but what comes before login", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const routes = [
      "GET /v1/me",
      "PATCH /v1/me",
      "DELETE /v1/me",
      "POST /v1/auth/logout",
      "GET /v1/users",
      "POST /v1/chats",
      "GET /v1/chats",
      "GET /v1/chats/1",
      "PATCH /v1/chats/1",
      "DELETE /v1/chats/1",
      "PUT /v1/chats/1/members/1",
      "DELETE /v1/chats/1/members/1",
      "GET /v1/chats/1/messages",
      "POST /v1/chats/1/messages",
      "PATCH /v1/chats/1/messages/1",
      "DELETE /v1/chats/1/messages/1",
      "POST /v1/chats/1/read",
      "GET /v1/chats/1/changes?since=0",
      "POST /v1/attachments",
      "GET /v1/attachments/x",
    ];
    for (const route of routes) {
      const [method = "", path = ""] = route.replace("/chats/1", `/chats/${chat.id}`).split(" ");
      for (const headers of [{}, { authorization: "" }, { authorization: "Basic YTpi" }, { authorization: "Bearer" }]) {
        expectProblem(await call(method, path, undefined, headers), "auth.required");
      }
      // What is wrong besides is no business of whoever has no token.
      if (method !== "GET") expectProblem(await call(method, path, "{"), "auth.required");
    }
  });

  it("opens no socket", async () => {
    for (const path of ["/v1/socket", "/v1/chats/1/socket"]) {
      for (const headers of [
        {},
        { "sec-websocket-protocol": "parlance.v1" },
        { "sec-websocket-protocol": "bearer." },
      ]) {
        const response = await knock(path, headers);
        expect(response.status).toBe(401);
      }
    }
  });
});

describe("opening a socket", () => {
  const refusal = async (response: Response): Promise<[number, Code]> => [
    response.status,
    (await response.json<{ code: Code }>()).code,
  ];

  it("answers the subprotocol parlance.v1 where it was offered, and none else", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    for (const path of ["/v1/socket", `/v1/chats/${chat.id}/socket`]) {
      const offered = await knock(path, { "sec-websocket-protocol": `bearer.${ann.token},parlance.v1` });
      expect([offered.status, offered.headers.get("sec-websocket-protocol")]).toEqual([101, "parlance.v1"]);
      const bare = await knock(path, { authorization: `Bearer ${ann.token}` });
      expect([bare.status, bare.headers.get("sec-websocket-protocol")]).toEqual([101, null]);
      for (const response of [offered, bare]) {
        response.webSocket?.accept();
        response.webSocket?.close(1000);
      }
    }
  });

  it("without an upgrade is 426, with a chat that is not one's own 403, with none 404", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const chat = await ann.direct(bob);
    for (const path of ["/v1/socket", `/v1/chats/${chat.id}/socket`]) {
      const { status, headers, body } = await ann.get(path);
      expect(status).toBe(426);
      expect(headers.get("upgrade")).toBe("websocket");
      expect(headers.get("content-type")).toBe("application/problem+json");
      expect(body).toMatchObject({ status: 426, code: "input.invalid" });
    }
    const as = (who: Person, path: string) => knock(path, { authorization: `Bearer ${who.token}` }).then(refusal);
    expect(await as(eve, `/v1/chats/${chat.id}/socket`)).toEqual([403, "access.denied"]);
    expect(await as(eve, "/v1/chats/99999999/socket")).toEqual([404, "not_found"]);
    expect(await as(eve, "/v1/chats/x/socket")).toEqual([400, "input.invalid"]);
  });
});

describe("logging out everywhere", () => {
  it("ends every token of the user at once, closes their sockets, and nobody else's", async () => {
    const [ann, bob] = await people("ann", "bob");
    const another = await again(ann);
    const sockets = [await ann.socket(), await another.socket()];
    const other = await bob.socket();
    expect(await ann.post("/v1/auth/logout?everywhere=1")).toMatchObject({ status: 204 });
    for (const socket of sockets) await socket.until(() => socket.closed !== undefined);
    for (const who of [ann, another]) expectProblem(await who.get("/v1/me"), "auth.invalid");
    expect(await bob.get("/v1/me")).toMatchObject({ status: 200 });
    expect(other.closed).toBeUndefined();
  });

  it("is asked for by a switch, and not by anything else", async () => {
    const ann = await person("ann");
    const another = await again(ann);
    expectProblem(await ann.post("/v1/auth/logout?everywhere=please"), "input.invalid", "everywhere");
    expect(await ann.post("/v1/auth/logout?everywhere=0")).toMatchObject({ status: 204 });
    expectProblem(await ann.get("/v1/me"), "auth.invalid");
    expect(await another.get("/v1/me")).toMatchObject({ status: 200 });
  });
});
