/** Starts the two servers that are compared, each on a workerd of its own. Knows how they are built; knows no load. */

import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import { appId, userId } from "../../src/core/ids.ts";
import { createTokenSigner } from "../../src/auth/tokens.ts";

const ROOT = join(import.meta.dirname, "../..");
const SECRET = "a secret for the benchmark alone, of a fitting length";
const DAY_MS = 86_400_000;

export interface Account {
  readonly id: number;
  readonly token: string;
}

export interface Subject {
  readonly url: string;
  /** The process that holds the objects. */
  readonly pid: number;
  stop(): Promise<void>;
}

export interface Parlance extends Subject {
  /** Makes so many users, logged in. */
  accounts(count: number): Promise<Account[]>;
  /** Makes a group of these people, and opens it. */
  group(people: readonly Account[]): Promise<number>;
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (typeof address === "object" && address !== null ? resolve(address.port) : reject(address)));
    });
  });
}

/** The bundle that a deployment would have, in `folder`. */
function bundle(folder: string, args: readonly string[]): string {
  const wrangler = join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js");
  execFileSync(process.execPath, [wrangler, "deploy", "--dry-run", "--outdir", folder, ...args], {
    cwd: ROOT,
    stdio: "pipe",
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_WRITE_LOGS: "false", WRANGLER_HIDE_BANNER: "true" },
  });
  return folder;
}

/** The workerd that this process has started and that was not there before. */
async function newWorkerd(before: ReadonlySet<number>): Promise<number> {
  for (const pid of await workerds()) if (!before.has(pid)) return pid;
  throw new Error("no workerd was started");
}

async function workerds(): Promise<Set<number>> {
  const found = new Set<number>();
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, "utf8").catch(() => "");
    const [, name, rest] = /^\d+ \((.*)\) (.*)$/s.exec(stat) ?? [];
    if (name === "workerd" && Number(rest?.split(" ")[1]) === process.pid) found.add(Number(entry));
  }
  return found;
}

async function start(
  options: object,
  prepare: (server: Miniflare) => Promise<void>,
): Promise<{ server: Miniflare; subject: Subject; folder: string }> {
  const before = await workerds();
  const folder = await mkdtemp(join(tmpdir(), "parlance-bench-"));
  const port = await freePort();
  const server = new Miniflare(
    convertV4MiniflareOptions({
      compatibilityDate: "2026-10-01",
      host: "127.0.0.1",
      port,
      modules: true,
      defaultPersistRoot: folder,
      ...options,
    } as unknown as Parameters<typeof convertV4MiniflareOptions>[0]),
  );
  await server.ready;
  await prepare(server);
  const stop = async (): Promise<void> => {
    await server.dispose();
    await rm(folder, { recursive: true, force: true });
  };
  return { server, folder, subject: { url: `http://127.0.0.1:${port}`, pid: await newWorkerd(before), stop } };
}

const objects = (names: Record<string, string>): Record<string, object> =>
  Object.fromEntries(Object.entries(names).map(([name, className]) => [name, { className, useSQLite: true }]));

export async function startBaseline(scratch: string): Promise<Subject> {
  const config = join(import.meta.dirname, "baseline.toml");
  const out = bundle(join(scratch, "baseline"), ["--config", config]);
  const options = { modulesRoot: out, scriptPath: join(out, "baseline.js"), durableObjects: objects({ ROOM: "Room" }) };
  return (await start(options, async () => {})).subject;
}

export async function startParlance(scratch: string): Promise<Parlance> {
  const out = bundle(join(scratch, "parlance"), []);
  const migrations = join(ROOT, "migrations");
  const { server, subject } = await start(
    {
      ...(process.env.PROF ? { inspectorPort: 9333 } : {}),
      modulesRoot: out,
      scriptPath: join(out, "index.js"),
      durableObjects: objects({
        CHAT: "Chat",
        INBOX: "Inbox",
        GATEWAY: "Gateway",
        LOBBY: "Lobby",
        THROTTLE: "Throttle",
      }),
      d1Databases: ["DB"],
      r2Buckets: ["FILES"],
      bindings: { TOKEN_SECRET: SECRET, DEFAULT_APP_OPEN: "1", FRAMES_PER_SECOND: "1000000", FRAME_BURST: "1000000" },
    },
    async (made) => {
      const db = await made.getD1Database("DB");
      for (const file of (await readdir(migrations)).toSorted()) {
        const sql = (await readFile(join(migrations, file), "utf8")).replaceAll(/^--.*$/gm, "");
        for (const statement of sql.split(/;\s*$/m)) if (statement.trim() !== "") await db.prepare(statement).run();
      }
    },
  );
  const signer = createTokenSigner(SECRET);

  /** Straight into the directory: hashing thousands of passwords is not what is measured. */
  async function accounts(count: number): Promise<Account[]> {
    const db = await server.getD1Database("DB");
    const made: Account[] = [];
    const now = Date.now();
    for (let at = 0; at < count; at += 100) {
      const size = Math.min(100, count - at);
      const names = Array.from({ length: size }, () => `u${crypto.randomUUID()}`);
      const rows = await db.batch(
        names.map((name) =>
          db
            .prepare(
              "INSERT INTO users (app_id, username, username_key, created_at, updated_at) VALUES (1, ?1, ?1, ?2, ?2) RETURNING id",
            )
            .bind(name, now),
        ),
      );
      const sessions = rows.map(({ results }) => ({
        appId: appId(1),
        userId: userId((results[0] as { id: number }).id),
        tokenId: crypto.randomUUID(),
        expiresAt: now + DAY_MS,
      }));
      await db.batch(
        sessions.map((session) =>
          db
            .prepare("INSERT INTO tokens (id, user_id, app_id, created_at, expires_at) VALUES (?, ?, 1, ?, ?)")
            .bind(session.tokenId, session.userId, now, session.expiresAt),
        ),
      );
      for (const session of sessions) made.push({ id: session.userId, token: await signer.sign(session) });
    }
    return made;
  }

  /** Straight into the directory, from where the chat is taken over when it is opened first. */
  async function group(people: readonly Account[]): Promise<number> {
    const [owner] = people;
    if (owner === undefined) throw new Error("a group of nobody");
    const db = await server.getD1Database("DB");
    const now = Date.now();
    const made = await db
      .prepare(
        "INSERT INTO chats (app_id, kind, title, created_by, created_at) VALUES (1, 'group', 'Bench', ?, ?) RETURNING id",
      )
      .bind(owner.id, now)
      .first<{ id: number }>();
    if (made === null) throw new Error("no chat");
    const add = db.prepare(
      "INSERT INTO memberships (chat_id, user_id, role, created_at, position) VALUES (?, ?, ?, ?, ?)",
    );
    for (let at = 0; at < people.length; at += 100)
      await db.batch(
        people
          .slice(at, at + 100)
          .map((one, n) => add.bind(made.id, one.id, at + n === 0 ? "owner" : "member", now, at + n)),
      );
    return made.id;
  }

  return { ...subject, accounts, group };
}
