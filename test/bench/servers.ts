/** The two servers that are compared, and who and what is in them. Knows how they are built; knows no load. */

import { join } from "node:path";
import { createTokenSigner } from "../../src/auth/tokens.ts";
import { appId, userId } from "../../src/core/ids.ts";
import { bundle, bundleParlance, makeTables, objects, parlanceOptions } from "../support/deployment.ts";
import { start } from "./workerd.ts";
import type { Subject } from "./workerd.ts";

const SECRET = "a secret for the benchmark alone, of a fitting length";
const DAY_MS = 86_400_000;
/** Statements in one call of the directory. */
const BATCH = 100;

export interface Account {
  readonly id: number;
  readonly token: string;
}

export interface Parlance extends Subject {
  /** The first `count` users, logged in; made where there are not so many yet. */
  people(count: number): Promise<Account[]>;
  /** Makes a group of these people. The first one owns it. */
  group(members: readonly Account[]): Promise<number>;
  /** Makes the direct chat of two. */
  direct(one: Account, other: Account): Promise<number>;
  /** Says something in a chat, over HTTP. */
  say(chat: number, sender: Account): Promise<void>;
}

/** The folders of both bundles. */
export interface Built {
  readonly baseline: string;
  readonly parlance: string;
}

export function build(scratch: string): Built {
  return {
    baseline: bundle(join(scratch, "baseline"), ["--config", join(import.meta.dirname, "baseline.toml")]),
    parlance: bundleParlance(scratch),
  };
}

export async function startBaseline({ baseline }: Built): Promise<Subject> {
  const { subject } = await start({
    modulesRoot: baseline,
    scriptPath: join(baseline, "baseline.js"),
    durableObjects: objects({ ROOM: "Room" }),
  });
  return subject;
}

/** As it is deployed, but for the bound on frames, which would refuse the load, and without the web client's files. */
export async function startParlance({ parlance }: Built, inspector: number | null = null): Promise<Parlance> {
  const { server, subject } = await start({
    ...parlanceOptions(parlance, {
      TOKEN_SECRET: SECRET,
      DEFAULT_APP_OPEN: "1",
      FRAMES_PER_SECOND: "1000000",
      FRAME_BURST: "1000000",
    }),
    ...(inspector === null ? {} : { inspectorPort: inspector }),
  });
  const db = await server.getD1Database("DB");
  await makeTables(db);
  return { ...subject, ...population(subject.url, db) };
}

/** Puts people and chats straight into the directory: hashing thousands of passwords is not what is measured. */
function population(url: string, db: D1Database): Pick<Parlance, "people" | "group" | "direct" | "say"> {
  const signer = createTokenSigner(SECRET);
  const known: Account[] = [];

  async function make(count: number): Promise<void> {
    const now = Date.now();
    const user = db.prepare(
      "INSERT INTO users (app_id, username, username_key, created_at, updated_at) VALUES (1, ?1, ?1, ?2, ?2) RETURNING id",
    );
    const token = db.prepare("INSERT INTO tokens (id, user_id, app_id, created_at, expires_at) VALUES (?, ?, 1, ?, ?)");
    const names = Array.from({ length: count }, () => `u${crypto.randomUUID()}`);
    const rows = await db.batch<{ id: number }>(names.map((name) => user.bind(name, now)));
    const sessions = rows.flatMap(({ results }) =>
      results.map(({ id }) => ({
        appId: appId(1),
        userId: userId(id),
        tokenId: crypto.randomUUID(),
        expiresAt: now + DAY_MS,
      })),
    );
    await db.batch(sessions.map((one) => token.bind(one.tokenId, one.userId, now, one.expiresAt)));
    for (const session of sessions) known.push({ id: session.userId, token: await signer.sign(session) });
  }

  async function post(path: string, { token }: Account, body: object): Promise<unknown> {
    const response = await fetch(`${url}/v1${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path} was refused with ${response.status}`);
    return response.json();
  }

  return {
    async people(count) {
      while (known.length < count) await make(Math.min(BATCH, count - known.length));
      return known.slice(0, count);
    },

    async group(members) {
      const [owner] = members;
      if (owner === undefined) throw new Error("a group of nobody");
      const now = Date.now();
      const made = await db
        .prepare(
          "INSERT INTO chats (app_id, kind, title, created_by, created_at) VALUES (1, 'group', 'Bench', ?, ?) RETURNING id",
        )
        .bind(owner.id, now)
        .first<{ id: number }>();
      if (made === null) throw new Error("no chat was made");
      const add = db.prepare(
        "INSERT INTO memberships (chat_id, user_id, role, created_at, position) VALUES (?, ?, ?, ?, ?)",
      );
      const rows = members.map((one, at) => add.bind(made.id, one.id, at === 0 ? "owner" : "member", now, at));
      for (let at = 0; at < rows.length; at += BATCH) await db.batch(rows.slice(at, at + BATCH));
      return made.id;
    },

    async direct(one, other) {
      const { id } = (await post("/chats", one, { members: [other.id] })) as { id: number };
      return id;
    },

    async say(chat, sender) {
      await post(`/chats/${chat}/messages`, sender, { text: "hello" });
    },
  };
}
