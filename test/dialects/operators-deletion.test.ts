// Deleting an app: it is gone for everyone at once, everything that was its own goes, whatever interrupts it.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { lobbyStub } from "../../src/objects/rpc.ts";
import { file } from "../support/files.ts";
import { patch } from "../support/meter.ts";
import type { Rest, Tenant } from "../support/operators.ts";
import { operator, tenant } from "../support/operators.ts";
import type { Body, Person } from "../support/people.ts";
import { call, knock, person } from "../support/people.ts";
import { RoomsClient } from "../support/rooms.ts";

const GATEWAY = "native/local/0";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
});

interface Full extends Tenant {
  readonly operator: Rest;
  readonly users: readonly number[];
  readonly chats: readonly number[];
  readonly ann: Person;
  readonly bob: Person;
  readonly token: string;
  readonly files: readonly string[];
}

let owner: Promise<Rest> | undefined;

/** An app with something of everything in it. */
async function full(): Promise<Full> {
  const by = await (owner ??= operator());
  const made = await tenant(by);
  const { app, server, user } = made;
  const token = crypto.randomUUID();
  const [zoe] = [await user("zoe", token), await user("yan")];
  const [ann, bob] = [await person("ann", app.id), await person("bob", app.id)];
  const room = (await server.post("/room", { room: "lobby", users: ["zoe", "yan"] })).body;
  const [direct, group] = [await ann.direct(bob), await ann.group("Group", bob)];
  const [sent, orphan] = [await file(ann, "sent.txt"), await file(bob, "orphan.txt")];
  await ann.say(direct.id, "with a file", { attachments: [sent.id] });
  await bob.say(group.id, "hello");
  // A Gateway that passes on the app's news, as one with a connection for the whole app does.
  await lobbyStub(env, app.id).listen(GATEWAY, true);
  const yan = (await server.get(`/user/${app.id}`)).body.find((one: Body) => one.appUserId === "yan");
  return {
    ...made,
    operator: by,
    users: [zoe.id, yan.id, ann.id, bob.id],
    chats: [room.id, direct.id, group.id],
    ann,
    bob,
    token,
    files: [sent.id, orphan.id],
  };
}

const lobby = (app: number) => env.LOBBY.getByName(`app:${app}`);

/** As it is before a test breaks it. */
const prepare = env.DB.prepare.bind(env.DB);

const count = (table: string, where: string, ids: readonly (number | string)[]) =>
  prepare(`SELECT count(*) AS n FROM ${table} WHERE ${where} IN (SELECT value FROM json_each(?))`)
    .bind(JSON.stringify(ids))
    .first<number>("n");

/** What is left in the directory, the bucket and the objects. */
async function left({ app, users, chats, files }: Full): Promise<Record<string, unknown>> {
  const tables = async (namespace: DurableObjectNamespace, name: string) =>
    runInDurableObject(namespace.getByName(name), (_, { storage }) =>
      storage.sql
        .exec<{ name: string }>(
          "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'",
        )
        .toArray()
        .flatMap(({ name }) => {
          const { n } = storage.sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${name}`).one();
          return n > 0 && name !== "meta" ? [name] : [];
        }),
    );
  const bucket = await env.FILES.list({ prefix: `${app.id}/` });
  return {
    apps: await count("apps", "id", [app.id]),
    users: await count("users", "app_id", [app.id]),
    chats: await count("chats", "app_id", [app.id]),
    memberships: await count("memberships", "chat_id", chats),
    tokens: await count("tokens", "user_id", users),
    tenantTokens: await count("tenant_tokens", "user_id", users),
    attachments: await count("attachments", "id", files),
    bucket: bucket.objects.length,
    objects: [
      ...(await Promise.all(chats.map((chat) => tables(env.CHAT, `chat:${chat}`)))),
      ...(await Promise.all(users.map((user) => tables(env.INBOX, `user:${user}`)))),
      await tables(env.LOBBY, `app:${app.id}`),
    ].flat(),
  };
}

const NOTHING = {
  apps: 0,
  users: 0,
  chats: 0,
  memberships: 0,
  tokens: 0,
  tenantTokens: 0,
  attachments: 0,
  bucket: 0,
  objects: [],
};

/** Lets the alarms of everything that the app had run, as time would. */
async function letAlarmsRun({ app, chats }: Full): Promise<boolean> {
  for (const chat of chats) await runDurableObjectAlarm(env.CHAT.getByName(`chat:${chat}`));
  return runDurableObjectAlarm(lobby(app.id));
}

describe("deleting an app", () => {
  it("takes everything that is its own, and nothing of another's", async () => {
    const [gone, stays] = [await full(), await full()];
    const before = await left(stays);
    expect(await gone.operator.delete(`/app/${gone.app.applicationId}`)).toMatchObject({ status: 200 });
    await expect.poll(() => left(gone), { timeout: 10_000 }).toEqual(NOTHING);
    expect(await left(stays)).toEqual(before);
    expect(before).toMatchObject({ apps: 1, users: 4, chats: 3, tenantTokens: 2, attachments: 2, bucket: 2 });
    expect((await stays.ann.get("/v1/chats")).body.items).toHaveLength(2);
  });

  it("refuses its tokens, its key and its id from the first moment, and closes what they opened", async () => {
    const gone = await full();
    const { app, ann, bob, token, operator: by, server } = gone;
    const sockets = [await ann.socket(), await ann.socket(gone.chats[1]), await bob.socket()];
    const zoe = await RoomsClient.open(token);
    await zoe.until(() => zoe.id !== "", "CONNECT");
    // Nothing but the mark: whatever comes after it fails.
    undo.push(await patch("CHAT", ANY.CHAT, ["eraseWithApp"], () => () => Promise.reject(new Error("cut off"))));
    expect((await by.delete(`/app/${app.id}`)).status).toBe(200);
    await Promise.all(sockets.map((socket) => socket.until(() => socket.closed !== undefined, "the close")));
    await zoe.until(() => zoe.socket.closed !== undefined, "the close");
    expect((await ann.get("/v1/me")).status).toBe(401);
    expect((await knock("/v1/socket", { authorization: `Bearer ${ann.token}` })).status).toBe(401);
    expect(await (await RoomsClient.open(token)).refusal()).toEqual({ message: "token key mismatch" });
    expect((await server.get("/room")).body).toEqual({ status: 401, message: "Invalid key" });
    expect((await by.get(`/app/${app.id}`)).body).toEqual({ status: 404, message: "App Not Found" });
    const register = { username: "late", password: "a password" };
    expect((await call("POST", "/v1/auth/register", register, { "x-app-id": app.applicationId })).status).toBe(404);
  });

  it.each([
    ["an object of a chat", "CHAT", "eraseWithApp", 1],
    ["an Inbox", "INBOX", "eraseWithApp", 1],
    ["a Gateway", "GATEWAY", "closeApp", 1],
    ["the directory", "DB", "prepare", 3],
    ["the directory's batches", "DB", "batch", 1],
    ["the list of the bucket", "FILES", "list", 1],
    ["the bucket", "FILES", "delete", 1],
  ] as const)(
    "that is cut off by %s, at whatever call, is finished by the alarm",
    async (_, binding, method, stride) => {
      let isCutOff = true;
      for (let step = 0; isCutOff; step += stride) {
        const gone = await full();
        const socket = await gone.ann.socket();
        const breaker = await breakAt(binding, method, step);
        await lobbyStub(env, gone.app.id)
          .eraseApp(gone.app.id)
          .catch(() => undefined);
        for (let round = 0; round < 20 && (await letAlarmsRun(gone)) && (await isThere(gone)); round++);
        isCutOff = breaker();
        if (step === 0) expect(isCutOff).toBe(true);
        await expect.poll(() => left(gone), { timeout: 10_000, message: `after ${step} calls` }).toEqual(NOTHING);
        await socket.until(() => socket.closed !== undefined, "the close");
      }
      expect(isCutOff).toBe(false);
    },
  );
});

const isThere = async ({ app }: Full): Promise<boolean> => ((await count("apps", "id", [app.id])) ?? 0) > 0;

type Binding = "CHAT" | "INBOX" | "GATEWAY" | "DB" | "FILES";

/** Lets one call fail, after so many that succeed. Takes it back, and says whether it came to that. */
async function breakAt(binding: Binding, method: string, step: number): Promise<() => boolean> {
  let calls = 0;
  let failed = false;
  function pass(): void {
    if (calls++ !== step) return;
    failed = true;
    throw new Error("cut off");
  }
  const stop =
    binding === "DB" || binding === "FILES"
      ? breakStore(binding, method, pass)
      : await patch(binding, ANY[binding], [method], (old) => {
          return async function (this: unknown, ...args: unknown[]) {
            pass();
            return old.apply(this, args);
          };
        });
  return () => {
    stop();
    return failed;
  };
}

/** An object of each class, by which the class is found. */
const ANY = { CHAT: "chat:536870910", INBOX: "user:1", GATEWAY } as const;

function breakStore(binding: "DB" | "FILES", method: string, pass: () => void): () => void {
  const target = env[binding] as unknown as Record<string, (...args: unknown[]) => unknown>;
  const old = target[method]?.bind(target);
  if (old === undefined) throw new Error("nothing to break");
  target[method] = (...args) => {
    pass();
    return old(...args);
  };
  return () => void delete target[method];
}
