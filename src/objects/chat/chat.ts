/**
 * The Chat object: the order of a chat's messages, its members and their reading, the sockets open on it, and what
 * is still to be brought to others. Ties the room, its delivery and its sockets together; knows no dialect.
 */

import { DurableObject } from "cloudflare:workers";
import type { DetailedChat } from "../../core/chat.ts";
import type { Answer, Command, CommandName, ResultOf } from "../../core/commands.ts";
import type { Result } from "../../core/errors.ts";
import { ParlanceError, authInvalid, failureOf, invalid, notFound, rateLimited } from "../../core/errors.ts";
import type { ChatEvent } from "../../core/events.ts";
import type { AppId, UserId } from "../../core/ids.ts";
import { chatId } from "../../core/ids.ts";
import { DELIVERY, FLOOD, LIMITS } from "../../core/limits.ts";
import type { Attachment, Draft, Json } from "../../core/message.ts";
import type { Actor, Person } from "../../core/people.ts";
import type { Directory, Files } from "../../core/ports.ts";
import type { ChatWire } from "../../core/wire.ts";
import type { Env } from "../../env.ts";
import { log, logFault } from "../../log.ts";
import { identityOf } from "../identity.ts";
import type { ChatCalls, ChatRow } from "../rpc.ts";
import { attempt, chatName, gatewayStub, inboxStub } from "../rpc.ts";
import { Subscribers } from "../subscribers.ts";
import { Bucket, CLOSE, agreed, closeSocket, connectionId, sendTo, upgraded } from "../sockets.ts";
import { Meta, isEmpty, migrate } from "../sql.ts";
import type { Commit } from "./commit.ts";
import { NOTHING } from "./commit.ts";
import { Outbox } from "./delivery.ts";
import { eraseElsewhere } from "./erasure.ts";
import { expire } from "./expiry.ts";
import { ChatFiles } from "./files.ts";
import { Attendance } from "./attendance.ts";
import { Listeners } from "./listeners.ts";
import * as membership from "./membership.ts";
import * as messaging from "./messaging.ts";
import { perform } from "./perform.ts";
import { Room } from "./room.ts";
import { CHAT_SCHEMA } from "./schema.ts";
import type { OpenSocket, Seat } from "./sockets.ts";
import { ChatSockets } from "./sockets.ts";

export interface ChatPorts {
  readonly directory: Directory;
  readonly files: Files;
}

/** Everything that is in memory of a chat that exists. */
interface Open {
  readonly room: Room;
  readonly outbox: Outbox;
  readonly files: ChatFiles;
  readonly listeners: Listeners;
  readonly subscribers: Subscribers;
  readonly attendance: Attendance;
}

/** The class of Chat objects whose own sockets speak the wire that `wireOf` makes. */
export function createChatObject(wireOf: (env: Env) => ChatWire, portsOf: (env: Env) => ChatPorts) {
  return class Chat extends DurableObject<Env> implements ChatCalls {
    readonly #ports: ChatPorts;
    readonly #wire: ChatWire;
    readonly #sockets: ChatSockets;
    #open: Open | undefined;
    #opening: Promise<Open> | undefined;
    #erasing: Promise<void> | undefined;
    /** When the alarm goes off: milliseconds since 1970. */
    #armedFor = Infinity;

    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env);
      this.#ports = portsOf(env);
      this.#wire = wireOf(env);
      this.#sockets = new ChatSockets(ctx, this.#wire, () => Bucket.of(env));
      ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(...this.#wire.ping));
    }

    // ---- life -------------------------------------------------------------------------------------------------

    /** The chat, loaded; from the directory the first time. @throws not_found */
    #load(creator: string | null = null): Promise<Open> {
      if (this.#open !== undefined) return Promise.resolve(this.#open);
      this.#opening ??= this.#loadNow(creator).finally(() => {
        this.#opening = undefined;
      });
      return this.#opening;
    }

    async #loadNow(creator: string | null): Promise<Open> {
      const { storage } = this.ctx;
      if (isEmpty(storage.sql)) {
        const name = this.ctx.id.name ?? "";
        const id = chatId(Number(name.slice(name.indexOf(":") + 1)));
        const record = await this.#ports.directory.chats.load(id);
        if (record === null) throw notFound("chat");
        storage.transactionSync(() => {
          migrate(storage, CHAT_SCHEMA);
          Room.found(storage, record);
        });
        this.#arm();
      } else migrate(storage, CHAT_SCHEMA);
      if (new Meta(storage.sql).get("erasing") !== undefined) {
        this.#arm();
        throw notFound("chat");
      }
      const room = new Room(storage);
      const subscribers = new Subscribers(storage.sql, (name) => gatewayStub(this.env, name));
      const report = (fault: unknown): void => logFault("listeners", fault, { chat: room.id });
      const listeners = new Listeners(storage.sql, (name) => gatewayStub(this.env, name), report);
      const open: Open = {
        room,
        subscribers,
        files: new ChatFiles(storage.sql),
        listeners,
        attendance: new Attendance(room, listeners, (work) => this.ctx.waitUntil(work.catch(report))),
        outbox: new Outbox(storage.sql, room, {
          deliver: (user, delivery) => inboxStub(this.env, user).deliver(delivery),
          follow: (from) => this.#follow(room, from),
          subscribed: () => subscribers.size > 0,
          publish: (events) => subscribers.tell(events),
          failed: (user, fault) => logFault("delivery", fault, { chat: room.id, user }),
          creator,
          waitUntil: (work) => this.ctx.waitUntil(work),
          now: () => Date.now(),
        }),
      };
      this.#open = open;
      this.#missSockets();
      return open;
    }

    /** Sockets that were open when the process ended are gone without a word: their users' Inboxes are told. */
    #missSockets(): void {
      const alive = this.#sockets.ids();
      for (const row of this.ctx.storage.sql.exec<{ connection: string; user_id: number }>("SELECT * FROM sockets")) {
        if (!alive.has(row.connection)) this.#departed([{ id: row.connection, userId: row.user_id as UserId }]);
      }
    }

    /** One alarm for a busy spell: it is armed with the first commit, in the same write; again only by a clock that went back. */
    #arm(at = Date.now() + DELIVERY.spellMs): void {
      if (this.#armedFor <= at) return;
      this.#armedFor = at;
      this.ctx.waitUntil(this.ctx.storage.setAlarm(at));
    }

    override async alarm(): Promise<void> {
      this.#armedFor = Infinity;
      if (isEmpty(this.ctx.storage.sql)) return;
      if (new Meta(this.ctx.storage.sql).get("erasing") !== undefined) return this.#erase();
      const { room, outbox, files } = await this.#load();
      const now = Date.now();
      outbox.retry(now);
      if (files.pending()) await this.#settleFiles(room, files);
      if (outbox.settle() && !files.pending()) return;
      const due = outbox.nextDue();
      this.#arm(
        due === undefined ? now + DELIVERY.spellMs : Math.max(now + 250, Math.min(due, now + DELIVERY.spellMs)),
      );
    }

    // ---- calls ------------------------------------------------------------------------------------------------

    execute(actor: Actor, command: Command, origin: string | null): Promise<Result<ResultOf<CommandName>>> {
      return this.#attempt(async () => {
        const { answer, tell, before } = await this.#perform(actor, command, origin);
        tell();
        if (command.inOrder === true) await this.#open?.outbox.told(actor.userId, before);
        return answer.result;
      });
    }

    open(actor: Actor | null, origin: string | null): Promise<Result<DetailedChat>> {
      return this.#attempt(async () => {
        const { room } = await this.#load(origin);
        if (actor !== null) room.role(actor);
        return room.detailed(actor?.userId ?? room.chat.createdBy);
      });
    }

    async isMember(actor: Actor): Promise<boolean> {
      const result = await this.#attempt(async () => {
        const { room } = await this.#load();
        room.role(actor);
      });
      return result.ok;
    }

    attach(user: UserId, on: boolean, since?: number): Promise<Result<{ clock: number; row: ChatRow | null }>> {
      return this.#attempt(async () => {
        const { room, outbox } = await this.#load();
        outbox.attach(user, on && room.members.has(user));
        if (since !== undefined) outbox.replayTo(user, since);
        return this.#rowNow(room, user);
      });
    }

    summary(user: UserId): Promise<Result<{ clock: number; row: ChatRow | null }>> {
      return this.#attempt(async () => this.#rowNow((await this.#load()).room, user));
    }

    #rowNow(room: Room, user: UserId): { clock: number; row: ChatRow | null } {
      return { clock: room.clock, row: room.members.has(user) ? room.row(user) : null };
    }

    hear(actor: Actor, connection: string, on: boolean): Promise<Result<null>> {
      return this.#attempt(async () => {
        const { room, listeners, attendance } = await this.#load();
        if (on) {
          room.role(actor);
          listeners.add(connection, actor.userId);
        } else attendance.left(listeners.remove((id) => id === connection));
        return null;
      });
    }

    enter(actor: Actor, connection: string, shownAs: string): Promise<Result<null>> {
      return this.#attempt(async () => {
        const { room, attendance } = await this.#load();
        room.role(actor);
        attendance.enter(connection, actor.userId, shownAs);
        return null;
      });
    }

    subscribe(app: AppId, connection: string, on: boolean): Promise<Result<null>> {
      return this.#attempt(async () => {
        const { room, subscribers } = await this.#load();
        if (room.appId !== app) throw notFound("chat");
        if (on) subscribers.add(connection, room.clock);
        else subscribers.remove([connection]);
        return null;
      });
    }

    expire(before: number): Promise<Result<boolean>> {
      return this.#attempt(async () => {
        if (isEmpty(this.ctx.storage.sql)) return false;
        const open = await this.#load();
        const times = { before, now: Date.now() };
        return expire(this.ctx.storage, open, times, (commit, clock) => this.#tell(commit, null, clock));
      });
    }

    async closeSockets(connections: readonly string[], code: number, reason: string): Promise<void> {
      this.#departed(this.#sockets.close((seat) => connections.includes(seat.id), code, reason));
    }

    async alive(connections: readonly string[]): Promise<string[]> {
      const open = this.#sockets.ids();
      return connections.filter((id) => open.has(id));
    }

    personChanged(person: Person): Promise<Result<null>> {
      return this.#attempt(async () => {
        const { room, outbox } = await this.#load();
        if (!room.members.knows(person.id)) return null;
        room.savePerson(person);
        // The rows of the members' lists name this person.
        this.#arm();
        outbox.send({ ...NOTHING, rows: room.members.ids() }, null, room.clock);
        return null;
      });
    }

    personErased(ghost: Person): Promise<Result<null>> {
      return this.#attempt(async () => {
        const { room, outbox } = await this.#load();
        if (room.members.knows(ghost.id)) room.savePerson(ghost);
        const before = room.clock;
        const commit = membership.removeErased(room, ghost.id, outbox.delivered(), Date.now());
        this.#tell(commit, null, before);
        // Of a chat that was left before nothing changes but the name that the members' lists show.
        this.#arm();
        outbox.send({ ...NOTHING, rows: room.members.ids() }, null, room.clock);
        if (room.members.size === 0 && !room.ofApp) await this.#beginErasing();
        return null;
      });
    }

    eraseWithApp(): Promise<Result<null>> {
      return this.#attempt(async () => {
        const { sql } = this.ctx.storage;
        if (isEmpty(sql) || new Meta(sql).get("erasing") === undefined) {
          await this.#load();
          await this.#beginErasing();
        }
        await this.#erase();
        if (!isEmpty(sql)) throw new Error("a chat could not be erased yet");
        return null;
      });
    }

    // ---- commands ---------------------------------------------------------------------------------------------

    /** Commits; `tell` then tells everyone else. Kept apart, so that whoever asked has the answer first. */
    async #perform(
      actor: Actor,
      command: Command,
      origin: string | null,
    ): Promise<{ answer: Answer; tell: () => void; before: number }> {
      const open = this.#open ?? (await this.#load());
      const { room } = open;
      if (command.kinds?.includes(room.kind) === false) throw notFound("chat");
      if (command.do === "typing") {
        room.role(actor);
        return {
          answer: { do: "typing", result: {} },
          tell: () =>
            this.#typing(open, actor.userId, command.on, command.said === undefined ? command.on : command.said),
          before: 0,
        };
      }
      if (command.do === "chat.erase") {
        membership.mayErase(room, actor);
        await this.#beginErasing();
        return { answer: { do: "chat.erase", result: {} }, tell: () => undefined, before: 0 };
      }
      const attachments =
        command.do === "message.send" ? await this.#attachments(open, actor, command.draft) : undefined;
      const before = room.clock;
      const done = perform(this.ctx.storage, open, actor, command, attachments ?? []);
      const tell = (): void => {
        this.#tell(done.commit, origin, before);
        const isUntold = done.commit.tellings.length === 0;
        if (command.do === "read" && command.inRoom === true && isUntold) open.attendance.seenBy(actor.userId);
      };
      return { answer: done.answer, tell, before };
    }

    /** The attachments that a draft names: the sender's own, and not sent yet. */
    async #attachments({ room, files }: Open, actor: Actor, draft: Draft): Promise<Attachment[]> {
      const ids = draft.attachments ?? [];
      if (ids.length === 0) return [];
      room.role(actor);
      if (ids.length > LIMITS.attachments) throw invalid("attachments", `may be at most ${LIMITS.attachments}`);
      // A resend finds its attachments taken, by itself: it is answered before they are looked at.
      if (messaging.sent(room, actor, draft.clientId ?? null) !== undefined) return [];
      const found = await this.#ports.directory.attachments.findMany(ids);
      return ids.map((id, at) => {
        const record = found.find((one) => one.id === id);
        const free = record?.chatId === null && record.userId === actor.userId && !files.taken(id);
        if (record === undefined || !free)
          throw invalid(`attachments.${at}`, "is no upload of yours that is free to be sent");
        const { name, size, mime, width, height, createdAt } = record;
        return { id, name, size, mime, width, height, createdAt };
      });
    }

    #typing({ attendance, room }: Open, userId: UserId, on: boolean, said: Json): void {
      const user = room.members.person(userId);
      const event: ChatEvent = { type: "typing", chatId: room.id, userId, user, on, said };
      this.#sockets.tell(new Set(room.members.ids().filter((id) => id !== userId)), () => event, null);
      attendance.typing(event);
    }

    #tell(commit: Commit, origin: string | null, before: number): void {
      const open = this.#open;
      if (open === undefined || open.room.clock === before) return;
      const { room, outbox, files, listeners, attendance } = open;
      this.#arm();
      for (const { event, shared, to } of commit.tellings) {
        if (!shared || to.length < room.members.size) this.#sockets.tell(new Set(to), event, origin);
        else {
          const told = event(room.chat.createdBy);
          const read =
            told.type === "message.updated" ? (user: UserId) => room.isReadFor(told.message, user) : undefined;
          this.#sockets.tellAll(told, origin, read);
        }
      }
      if (commit.removed.length > 0) {
        const removed = new Set(commit.removed);
        this.#departed(this.#sockets.close((seat) => removed.has(seat.userId), CLOSE.policy, "not a member any more"));
        attendance.left(listeners.remove((_, user) => removed.has(user)));
        if (room.members.size === 0 && !room.ofApp) this.ctx.waitUntil(this.#beginErasing());
      }
      outbox.send(commit, origin, before);
      if (files.pending()) this.ctx.waitUntil(this.#settleFiles(room, files));
    }

    // ---- what follows a commit --------------------------------------------------------------------------------

    async #follow(room: Room, from: number): Promise<void> {
      const { chats } = this.#ports.directory;
      const changes = room.changes.since(from);
      const gone = new Set(changes.flatMap((change) => change.users).filter((user) => !room.members.has(user)));
      if (changes.some((change) => change.type === "created")) await chats.opened(room.id);
      if (changes.some((change) => change.type === "renamed")) await chats.rename(room.id, room.title);
      if (changes.some((change) => change.type !== "created" && change.users.length > 0)) {
        await chats.setMembers(
          room.id,
          room.members.all().map((member) => ({ user: member.user.id, role: member.role })),
        );
      }
      if (gone.size > 0) await chats.removeMembers(room.id, [...gone]);
    }

    async #settleFiles(room: Room, files: ChatFiles): Promise<void> {
      try {
        await files.settle(room.id, this.#ports.directory.attachments, this.#ports.files);
      } catch (fault) {
        logFault("files", fault, { chat: room.id });
      }
    }

    async #beginErasing(): Promise<void> {
      new Meta(this.ctx.storage.sql).set("erasing", "1");
      this.#arm();
      const room = this.#open?.room;
      this.#forget();
      this.#departed(this.#sockets.close(() => true, CLOSE.policy, "the chat is gone"));
      // The pair of a direct chat is free before the answer: the next message between the two makes a new chat.
      if (room !== undefined) await this.#ports.directory.chats.erase(room.id);
      this.ctx.waitUntil(this.#erase());
    }

    #erase(): Promise<void> {
      this.#erasing ??= this.#eraseNow().finally(() => {
        this.#erasing = undefined;
      });
      return this.#erasing;
    }

    async #eraseNow(): Promise<void> {
      if (isEmpty(this.ctx.storage.sql)) return;
      const room = new Room(this.ctx.storage);
      try {
        await eraseElsewhere(room, {
          chats: this.#ports.directory.chats,
          attachments: this.#ports.directory.attachments,
          files: this.#ports.files,
          deliver: (user, delivery) => inboxStub(this.env, user).deliver(delivery),
        });
        await this.ctx.storage.deleteAll();
        log("chat.erased", { chat: room.id });
      } catch (fault) {
        logFault("erase", fault, { chat: room.id });
        this.#armedFor = Infinity;
        this.#arm();
      }
    }

    // ---- own sockets ------------------------------------------------------------------------------------------

    override async fetch(request: Request): Promise<Response> {
      const { session, username, origin } = identityOf(request);
      const joined = await this.#attempt(async () => {
        if (session === null || username === null) throw authInvalid();
        const { room } = await this.#load();
        room.role(session);
        const id = connectionId(chatName(room.id));
        const { tokenId, expiresAt } = session;
        const seat: Seat = { id, appId: session.appId, userId: session.userId, tokenId, expiresAt, origin };
        this.#sockets.reserve(seat);
        const { graceMs } = this.#wire;
        const info = { id, tokenId, expiresAt, graceMs };
        let stands = false;
        try {
          stands = await inboxStub(this.env, session.userId).addConnection(session, username, info);
        } finally {
          if (!stands) this.#departed(this.#sockets.close((one) => one === seat, CLOSE.policy, ""));
        }
        if (!this.#sockets.claim(seat)) {
          // While the Inbox was asked the member was removed, the chat was erased, or the token ended.
          (await this.#load()).room.role(session);
          throw authInvalid();
        }
        this.ctx.storage.sql.exec("INSERT INTO sockets (connection, user_id) VALUES (?, ?)", id, session.userId);
        const pair = new WebSocketPair();
        this.#sockets.accept(pair[1], seat);
        return pair[0];
      });
      if (!joined.ok) return Response.json(joined.failure, { status: 400 });
      return upgraded(joined.value, agreed(request, this.#wire.subprotocol));
    }

    override async webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): Promise<void> {
      const open = this.#sockets.get(socket);
      if (open === undefined) return;
      // The next command waits for the one under way: they take effect in the order in which they were sent.
      const turn = (open.turn ?? Promise.resolve())
        .then(() => this.#frame(open, frame))
        .catch((fault: unknown) => logFault("frame", fault, { chat: this.ctx.id.name }));
      open.turn = turn;
      await turn;
    }

    async #frame(open: OpenSocket, frame: string | ArrayBuffer): Promise<void> {
      const { socket, seat, bucket } = open;
      const now = Date.now();
      if (seat.expiresAt <= now) {
        this.#departed(this.#sockets.close((one) => one === seat, CLOSE.policy, "the token has expired"));
        return;
      }
      if (typeof frame === "string" && frame.length > this.#wire.maxFrame) {
        this.#departed(this.#sockets.close((one) => one === seat, CLOSE.tooBig, "the frame is too long"));
        return;
      }
      const decoded = this.#wire.decode(typeof frame === "string" ? frame : "");
      if (!bucket.take(now)) {
        sendTo(socket, this.#wire.failure(decoded.re, failureOf(rateLimited(1))));
        if (bucket.refused > FLOOD.patience) {
          this.#departed(this.#sockets.close((one) => one === seat, CLOSE.policy, "too many frames"));
        }
        return;
      }
      if (!decoded.ok) {
        sendTo(socket, this.#wire.failure(decoded.re, decoded.failure));
        return;
      }
      const actor = { appId: seat.appId as Actor["appId"], userId: seat.userId };
      const done = await this.#attempt(() => this.#perform(actor, decoded.command, seat.id));
      if (!done.ok) sendTo(socket, this.#wire.failure(decoded.re, done.failure));
      else {
        sendTo(socket, this.#wire.answer(decoded.re, done.value.answer, seat.origin));
        done.value.tell();
      }
    }

    override async webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
      closeSocket(socket, code, reason);
      const seat = this.#sockets.forget(socket);
      if (seat !== undefined) this.#departed([seat]);
    }

    override async webSocketError(socket: WebSocket): Promise<void> {
      await this.webSocketClose(socket, CLOSE.internal, "");
    }

    #departed(seats: readonly Pick<Seat, "id" | "userId">[]): void {
      for (const { id, userId } of seats) {
        if (!isEmpty(this.ctx.storage.sql)) {
          this.ctx.storage.sql.exec("DELETE FROM sockets WHERE connection = ?", id);
        }
        const told = inboxStub(this.env, userId).removeConnections([id]);
        this.ctx.waitUntil(told.catch((fault: unknown) => logFault("disconnect", fault, { user: userId })));
      }
    }

    /** What is in memory of the chat is given up, with what was on its way. */
    #forget(): void {
      this.#open?.outbox.stop();
      this.#open = undefined;
    }

    /** A fault of ours leaves memory in doubt: the chat is read again from what was committed. */
    #attempt<T>(work: () => Promise<T>): Promise<Result<T>> {
      return attempt(work, (fault) => {
        if (!(fault instanceof ParlanceError)) this.#forget();
        logFault("chat", fault, { chat: this.ctx.id.name });
      });
    }
  };
}
