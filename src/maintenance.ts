/**
 * The Worker while something is restored, in place of `index.ts` (`npm run deploy:maintenance`, docs/runbook.md): nobody is
 * served, objects do what they have to do by themselves, and an admin may put a chat back. Knows nothing of how D1 is restored.
 */

import { z } from "zod";
import { serverOf } from "./compose.ts";
import type { DetailedChat } from "./core/chat.ts";
import { isFailure, unwrap } from "./core/errors.ts";
import type { ChatId } from "./core/ids.ts";
import { chatId, userId } from "./core/ids.ts";
import type { Env } from "./env.ts";
import { Chat as ServingChat, Gateway as ServingGateway } from "./index.ts";
import { ChangeLog } from "./objects/chat/changes.ts";
import { Room } from "./objects/chat/room.ts";
import { chatName, chatStub } from "./objects/rpc.ts";
import { CLOSE } from "./objects/sockets.ts";
import { isEmpty } from "./objects/sql.ts";
import { isAdmin } from "./service/operators.ts";

export { Inbox, Lobby, Throttle } from "./index.ts";

const counter = z.number().int().nonnegative();

/** What `rewind` answers, as far as `raise` needs it. */
const beforeInput = z.object({ clock: counter, rev: counter, members: z.array(counter.positive().transform(userId)) });

/** How a chat stood before it was put back: what `raise` has to surpass, and whom it has to reach. */
type Before = Readonly<z.infer<typeof beforeInput>>;

/** To a moment in milliseconds since 1970, at most 30 days ago, or to a bookmark. */
type Target = { readonly at: number } | { readonly bookmark: string };

const RAISED = "raised";
/** Until then the answer of `rewind` is out. */
const ANSWERED_MS = 1_000;

/**
 * Goes back; what it was before can be had back by the bookmark `undo`. The platform does it when the object begins again, a
 * second later.
 */
async function rewind(ctx: DurableObjectState, target: Target): Promise<Before & { readonly undo: string }> {
  const { storage } = ctx;
  const { clock, rev, members } = new Room(storage);
  const bookmark = "at" in target ? await storage.getBookmarkForTime(target.at) : target.bookmark;
  const undo = await storage.onNextSessionRestoreBookmark(bookmark);
  setTimeout(() => ctx.abort("rewound"), ANSWERED_MS);
  return { undo, clock, rev, members: members.ids() };
}

/**
 * After `rewind`: by one change the chat gets ahead of what lists and the directory have of it, so that all who are in it, or
 * were, are told how it stands. The object ends, and begins again with that change. @throws Error `raised`, always
 */
export async function raise(ctx: DurableObjectState, before: Before): Promise<never> {
  const { storage } = ctx;
  const room = new Room(storage);
  new ChangeLog(storage.sql).add({
    rev: Math.max(before.rev, room.rev) + 1,
    clock: Math.max(before.clock, room.clock) + 1,
    delivered: 0,
    lastSeq: room.lastSeq,
    type: "renamed",
    by: room.createdBy,
    seq: null,
    users: [...new Set([...room.members.ids(), ...before.members])],
    at: Date.now(),
  });
  await storage.setAlarm(Date.now());
  await storage.sync();
  ctx.abort(RAISED);
  throw new Error(RAISED);
}

export class Chat extends ServingChat {
  /** Null: there is no such chat. */
  async rewind(target: Target): Promise<(Before & { readonly undo: string }) | null> {
    return isEmpty(this.ctx.storage.sql) ? null : rewind(this.ctx, target);
  }

  async raise(before: Before): Promise<null> {
    return isEmpty(this.ctx.storage.sql) ? null : raise(this.ctx, before);
  }

  /** Whoever still has a socket is sent away. */
  override webSocketMessage(socket: WebSocket): void {
    this.webSocketClose(socket, CLOSE.tryLater, "maintenance");
  }
}

export class Gateway extends ServingGateway {
  override webSocketMessage(socket: WebSocket): Promise<void> {
    return this.webSocketClose(socket, CLOSE.tryLater, "maintenance");
  }
}

const failed = (status: number, detail: string, headers: HeadersInit = {}): Response =>
  Response.json({ status: "maintenance", detail }, { status, headers });

async function isAdmins(request: Request, env: Env): Promise<boolean> {
  const token = (request.headers.get("authorization") ?? "").replace(/^Bearer +/i, "");
  try {
    return isAdmin(await serverOf(env).service.operators.authenticate(token));
  } catch (thrown) {
    if (isFailure(thrown, "auth.invalid")) return false;
    throw thrown;
  }
}

const stubOf = (env: Env, chat: ChatId): Pick<Chat, "rewind" | "raise"> =>
  env.CHAT.getByName(chatName(chat)) as unknown as Chat;

/** `?at=` (ISO 8601) or `?bookmark=`. */
function targetIn(query: URLSearchParams): Target | null {
  const [at, bookmark] = [query.get("at"), query.get("bookmark")];
  if (bookmark !== null) return { bookmark };
  const time = Date.parse(at ?? "");
  return Number.isNaN(time) ? null : { at: time };
}

/** Null: it is not what `rewind` answers. */
async function beforeIn(request: Request): Promise<Before | null> {
  return beforeInput.safeParse(await request.json().catch(() => null)).data ?? null;
}

/** How the chat stands, once everyone is told of it. */
async function raised(env: Env, chat: ChatId, before: Before): Promise<DetailedChat | null> {
  try {
    return await stubOf(env, chat).raise(before);
  } catch (thrown) {
    if (!String(thrown).includes(RAISED)) throw thrown;
    return unwrap(await chatStub(env, chat).open(null, null));
  }
}

export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const [, id, step] = /^\/maintenance\/chats\/(\d{1,9})\/(rewind|raise)$/.exec(pathname) ?? [];
    if (id === undefined || request.method !== "POST")
      return failed(503, "Back in some minutes.", { "retry-after": "60" });
    if (!(await isAdmins(request, env))) return failed(401, "An admin's token is needed.");
    try {
      const chat = chatId(Number(id));
      const given = step === "rewind" ? targetIn(searchParams) : await beforeIn(request);
      if (given === null) return failed(400, step === "rewind" ? "?at= or ?bookmark=" : "The answer of `rewind`.");
      const done = "clock" in given ? await raised(env, chat, given) : await stubOf(env, chat).rewind(given);
      return done === null ? failed(404, "There is no such chat.") : Response.json(done);
    } catch (thrown) {
      // To nobody but an admin.
      return failed(500, String(thrown));
    }
  },
} satisfies ExportedHandler<Env>;
