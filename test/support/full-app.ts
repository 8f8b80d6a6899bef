/** An app with something of everything in it, and what is left of it, for tests of its deletion. */

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { lobbyStub } from "../../src/objects/rpc.ts";
import { file } from "./files.ts";
import type { Rest, Tenant } from "./operators.ts";
import { operator, tenant } from "./operators.ts";
import type { Body, Person } from "./people.ts";
import { person } from "./people.ts";

const GATEWAY = "native/local/0";

export interface Full extends Tenant {
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
export async function full(): Promise<Full> {
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
export async function left({ app, users, chats, files }: Full): Promise<Record<string, unknown>> {
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

export const NOTHING = {
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
export async function letAlarmsRun({ app, chats }: Full): Promise<boolean> {
  for (const chat of chats) await runDurableObjectAlarm(env.CHAT.getByName(`chat:${chat}`));
  return runDurableObjectAlarm(lobby(app.id));
}

export const isThere = async ({ app }: Full): Promise<boolean> => ((await count("apps", "id", [app.id])) ?? 0) > 0;

/** An object of each class, by which the class is found. */
export const ANY = { CHAT: "chat:536870910", INBOX: "user:1", GATEWAY } as const;
