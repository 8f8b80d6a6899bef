/**
 * The Chat object: the order of a chat's messages, its members and their reading, the sockets open on it, and what
 * is still to be brought to others. Ties the room, its delivery and its sockets together; knows no dialect.
 */

import type { DetailedChat } from "../../core/chat.ts";
import type { Answer, Command, CommandName, LogAnswer, LogQuery, ResultOf } from "../../core/commands.ts";
import type { Result } from "../../core/errors.ts";
import { ParlanceError, failureOf, notFound } from "../../core/errors.ts";
import type { ChatEvent } from "../../core/events.ts";
import type { FaultPlace } from "../../core/faults.ts";
import type { AppId, UserId } from "../../core/ids.ts";
import { chatId } from "../../core/ids.ts";
import { DELIVERY } from "../../core/limits.ts";
import type { Attachment, Json } from "../../core/message.ts";
import type { Actor, Person } from "../../core/people.ts";
import type { Directory, Files } from "../../core/ports.ts";
import type { ChatWire } from "../../core/wire.ts";
import type { Env } from "../../env.ts";
import { log, logFault, requestOf, within } from "../../log.ts";
import type { Counters } from "../figures.ts";
import { CalledObject } from "../called-object.ts";
import { ObjectFigures } from "../figures.ts";
import type { ChatCalls, ChatRow } from "../rpc.ts";
import { attempt, chatNumber, gatewayStub, inboxStub, lobbyStub } from "../rpc.ts";
import { Subscribers } from "../subscribers.ts";
import { CLOSE } from "../sockets.ts";
import { Meta, isEmpty, migrate } from "../sql.ts";
import { attachmentsOf } from "./attachments.ts";
import { Batch } from "./batch.ts";
import type { Work } from "./batch.ts";
import { Broadcast } from "./broadcast.ts";
import type { Committed } from "./command-kinds.ts";
import { isLook, isPrepared, isSpecial } from "./command-kinds.ts";
import type { Commit } from "./commit.ts";
import { unawareOf } from "./delivered.ts";
import { Outbox } from "./delivery.ts";
import { bringDirectoryUpToDate } from "./directory.ts";
import { eraseElsewhere } from "./erasure.ts";
import { expire } from "./expiry.ts";
import { ChatFiles } from "./files.ts";
import { GroupCommit } from "./group-commit.ts";
import { Attendance } from "./attendance.ts";
import { Listeners } from "./listeners.ts";
import * as membership from "./membership.ts";
import { Room } from "./room.ts";
import { CHAT_SCHEMA } from "./schema.ts";
import { OwnSockets } from "./own-sockets.ts";
import { standingOf } from "./standings.ts";

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
  readonly counters: Counters;
}

/** The ids of the requests that these come of, as many as a line of the log bears. */
const requestsOf = (works: readonly Work[]): string => {
  const ids = new Set(works.flatMap(({ request }) => request ?? []));
  return [...ids].slice(0, 8).join(" ");
};

/** The class of Chat objects whose own sockets speak the wire that `wireOf` makes. */
export function createChatObject(wireOf: (env: Env) => ChatWire, portsOf: (env: Env) => ChatPorts) {
  return class Chat extends CalledObject implements ChatCalls {
    readonly #ports: ChatPorts;
    readonly #wire: ChatWire;
    readonly #own: OwnSockets;
    readonly #commits: GroupCommit<Work>;
    /** What is left of commits until they are on the disk. */
    readonly #following: (() => void)[] = [];
    readonly #figures: ObjectFigures;
    #open: Open | undefined;
    #opening: Promise<Open> | undefined;
    #erasing: Promise<void> | undefined;
    /** When the alarm goes off: milliseconds since 1970. */
    #armedFor = Infinity;

    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env);
      this.#ports = portsOf(env);
      this.#wire = wireOf(env);
      this.#own = new OwnSockets(ctx, env, this.#wire, {
        room: async () => (await this.#load()).room,
        counters: () => this.#open?.counters,
        changed: (app) => this.#figures.changed(app),
        add: (work, isChange) => this.#commits.add(work, isChange),
        special: (actor, command) => this.#special(actor, command),
        prepared: (actor, command) => this.#prepared(actor, command),
        attempt: (work) => this.#attempt(work),
        written: () => this.#arm(),
        fault: (where, fault, fields) => this.#fault(where, fault, fields),
      });
      this.#commits = new GroupCommit({
        // Whoever began it: it is done for all of them.
        commit: (works) => within(null, () => this.#commit(works)),
        written: () => ctx.storage.sync(),
        follow: () =>
          within(null, () => {
            for (const follow of this.#following.splice(0)) follow();
          }),
        lost: (works, thrown) => {
          this.#following.length = 0;
          this.#armedFor = Infinity;
          this.#failed(works, thrown);
          // What was heard here may not be there: who comes back asks.
          this.#own.close(() => true, CLOSE.tryLater, "the chat is read again");
        },
      });
      this.#figures = new ObjectFigures({
        hand: (app, handed) => lobbyStub(env, app).count(ctx.id.name ?? "", handed),
        waitUntil: (work) => ctx.waitUntil(work),
        open: () => this.#own.sockets.byApp(),
        isAwaited: () => this.#armedFor !== Infinity,
      });
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
        const id = chatId(chatNumber(this.ctx.id.name ?? ""));
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
        // Whoever is told that it is gone may make another one at once.
        await this.#ports.directory.chats.erase(chatId(chatNumber(this.ctx.id.name ?? "")));
        throw notFound("chat");
      }
      const room = new Room(storage);
      const subscribers = new Subscribers(storage.sql, (name) => gatewayStub(this.env, name));
      const report = (fault: unknown): void => this.#fault("listeners", fault, { chat: room.id });
      const listeners = new Listeners(storage.sql, (name) => gatewayStub(this.env, name), report);
      const counters = this.#figures.of(room.appId);
      const open: Open = {
        room,
        counters,
        subscribers,
        files: new ChatFiles(storage.sql),
        listeners,
        attendance: new Attendance(room, listeners, (work) => this.ctx.waitUntil(work.catch(report))),
        outbox: new Outbox(storage.sql, room, {
          deliver: (user, delivery) => {
            const delivered = inboxStub(this.env, user).deliver(delivery);
            if (delivery.hole !== true) return delivered;
            return delivered.then((done) => {
              counters.add("resumed", "hole");
              return done;
            });
          },
          push: (place, pushes) => gatewayStub(this.env, place).deliver(pushes),
          unreached: (place, fault) => this.#fault("push", fault, { chat: room.id, place }),
          late: () => counters.add("late"),
          written: (user) => inboxStub(this.env, user).written(room.id),
          follow: (from) => bringDirectoryUpToDate(this.#ports.directory.chats, room, from),
          subscribed: () => subscribers.size > 0,
          publish: (events) => subscribers.tell(events),
          failed: (user, fault) => this.#fault("delivery", fault, { chat: room.id, user }),
          creator,
          waitUntil: (work) => this.ctx.waitUntil(work),
          now: () => Date.now(),
        }),
      };
      this.#open = open;
      this.#own.endLost();
      // A crash may have left files that nobody but their sender can open.
      if (open.files.pending()) this.ctx.waitUntil(this.#settleFiles(room, open.files));
      return open;
    }

    /** One alarm for a busy spell: it is armed with the first commit, in the same write; again only by a clock that went back. */
    #arm(at = Date.now() + DELIVERY.spellMs): void {
      if (this.#armedFor <= at) return;
      this.#armedFor = at;
      this.ctx.waitUntil(this.ctx.storage.setAlarm(at));
    }

    override async alarm(): Promise<void> {
      try {
        await this.#alarm();
      } catch (fault) {
        // The runtime tries it again.
        this.#fault("alarm", fault, { chat: this.#id });
        throw fault;
      }
    }

    async #alarm(): Promise<void> {
      this.#armedFor = Infinity;
      if (isEmpty(this.ctx.storage.sql)) return;
      if (new Meta(this.ctx.storage.sql).get("erasing") !== undefined) return this.#erase();
      const { room, outbox, files } = await this.#load();
      const now = Date.now();
      outbox.retry(now);
      const isHandedOver = this.#figures.alarm(now);
      if (files.pending()) await this.#settleFiles(room, files);
      if (outbox.settle() && !files.pending() && isHandedOver) return;
      const due = outbox.nextDue();
      this.#arm(
        due === undefined ? now + DELIVERY.spellMs : Math.max(now + 250, Math.min(due, now + DELIVERY.spellMs)),
      );
    }

    // ---- calls ------------------------------------------------------------------------------------------------

    execute(actor: Actor, command: Command, origin: string | null): Promise<Result<ResultOf<CommandName>>> {
      return this.#execute(actor, command, origin);
    }

    #execute(actor: Actor, command: Command, origin: string | null): Promise<Result<ResultOf<CommandName>>> {
      const work = async (): Promise<ResultOf<CommandName>> => {
        const { answer, before } = await this.#perform(actor, command, origin);
        if (command.inOrder === true) await this.#open?.outbox.told(actor.userId, before);
        else if (origin !== null) await this.#open?.outbox.heard(actor.userId, before, origin);
        return answer.result;
      };
      return this.#attempt(work);
    }

    async executeAll(
      actor: Actor,
      commands: readonly Command[],
      origin: string | null,
    ): Promise<Result<ResultOf<CommandName>>[]> {
      const results: Promise<Result<ResultOf<CommandName>>>[] = [];
      for (const command of commands) {
        const result = this.#execute(actor, command, origin);
        results.push(result);
        // What has to be prepared must not be overtaken.
        if (isPrepared(command) || isSpecial(command)) await result;
      }
      return Promise.all(results);
    }

    open(actor: Actor | null, origin: string | null): Promise<Result<DetailedChat>> {
      const work = async (): Promise<DetailedChat> => {
        const { room } = await this.#load(origin);
        if (actor !== null) room.role(actor);
        return room.detailed(actor?.userId ?? room.chat.createdBy);
      };
      return this.#attempt(work);
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

    settle(user: UserId): Promise<Result<null>> {
      return this.#attempt(async () => {
        await (await this.#load()).outbox.settleFor(user);
        return null;
      });
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
        return expire(this.ctx.storage, open, times, (commit, clock) => this.#tell(open, commit, clock));
      });
    }

    async closeSockets(connections: readonly string[], code: number, reason: string): Promise<void> {
      this.#own.close((seat) => connections.includes(standingOf(seat).id), code, reason);
    }

    async alive(connections: readonly string[]): Promise<string[]> {
      const standing = this.#own.sockets.standings();
      return connections.filter((id) => standing.has(id));
    }

    personChanged(person: Person): Promise<Result<null>> {
      return this.#attempt(async () => {
        const { room, outbox } = await this.#load();
        if (!room.members.knows(person.id)) return null;
        room.savePerson(person);
        // The rows of the members' lists name this person.
        this.#arm();
        outbox.renew(room.members.ids());
        return null;
      });
    }

    personErased(ghost: Person): Promise<Result<null>> {
      return this.#attempt(async () => {
        const open = await this.#load();
        const { room, outbox } = open;
        if (room.members.knows(ghost.id)) room.savePerson(ghost);
        const before = room.clock;
        const commit = membership.removeErased(room, ghost.id, outbox.delivered(), Date.now());
        this.#tell(open, commit, before);
        // Of a chat that was left before nothing changes but the name that the members' lists show.
        this.#arm();
        outbox.renew(room.members.ids());
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

    /** Resolves once it is committed; `before` is the clock that the chat had then. @throws ParlanceError */
    async #perform(actor: Actor, command: Command, origin: string | null): Promise<{ answer: Answer; before: number }> {
      const special = await this.#special(actor, command);
      if (special !== undefined) return { answer: special, before: 0 };
      const attachments = await this.#prepared(actor, command);
      return new Promise((resolve, reject) => {
        const reply = { done: (answer: Answer, before: number) => resolve({ answer, before }), failed: reject };
        const work = { actor, command: command as Committed, attachments, origin, request: requestOf(), reply };
        this.#commits.add(work, !isLook(command));
      });
    }

    /** What is no change of the chat's log, or the end of it. */
    async #special(actor: Actor, command: Command): Promise<Answer | undefined> {
      if (!isSpecial(command)) return undefined;
      const open = this.#open ?? (await this.#load());
      if (command.kinds?.includes(open.room.kind) === false) throw notFound("chat");
      if (command.do === "typing") {
        open.room.role(actor);
        this.#typing(open, actor.userId, command.on, command.said === undefined ? command.on : command.said);
        return { do: "typing", result: {} };
      }
      membership.mayErase(open.room, actor);
      await this.#beginErasing();
      return { do: "chat.erase", result: {} };
    }

    /** What a command needs from elsewhere before it can be committed. */
    async #prepared(actor: Actor, command: Command): Promise<readonly Attachment[]> {
      if (!isPrepared(command)) return [];
      const { room, files } = this.#open ?? (await this.#load());
      return attachmentsOf(command.draft, { actor, room, files, directory: this.#ports.directory.attachments });
    }

    /** Commits the first of these: all, unless one removes members, who hear nothing of what comes after it. */
    #commit(works: readonly Work[]): number | Promise<number> {
      if (this.#open !== undefined) return this.#commitTo(this.#open, works);
      return this.#load().then(
        (open) => this.#commitTo(open, works),
        (thrown: unknown) => this.#failed(works, thrown),
      );
    }

    #commitTo(open: Open, works: readonly Work[]): number {
      let count = 0;
      try {
        const batch = new Batch(open, this.#own.sockets, this.#wire);
        const { storage } = this.ctx;
        const perform = (): void => {
          do count++;
          while (batch.perform(storage, works[count - 1] as Work) && count < works.length);
        };
        // One alone is a transaction by itself.
        if (works.length === 1) perform();
        else storage.transactionSync(perform);
        batch.answer();
        if (batch.changed) this.#arm();
        // The answers of own sockets need not wait for what follows; those of others may wait for what it tells.
        if (batch.changed && works.every(({ reply }) => "to" in reply))
          this.#following.push(() => this.#follows(open, batch));
        else this.#follows(open, batch);
      } catch (thrown) {
        return this.#failed(works, thrown);
      }
      return count;
    }

    /** Nothing of these was committed. */
    #failed(works: readonly Work[], thrown: unknown): number {
      if (!(thrown instanceof ParlanceError)) {
        this.#fault("commit", thrown, { chat: this.#id, request: requestsOf(works) });
        this.#forget();
      }
      for (const { reply } of works) {
        if ("failed" in reply) reply.failed(thrown);
        else this.#own.sockets.send(reply.to, this.#wire.failure(reply.re, failureOf(thrown)));
      }
      return works.length;
    }

    /** Tells of what nobody's command has committed. `before`: the clock that the chat had then. */
    #tell(open: Open, commit: Commit, before: number): void {
      const batch = new Batch(open, this.#own.sockets, this.#wire);
      batch.note(commit, null, before);
      batch.answer();
      if (batch.changed) this.#arm();
      this.#follows(open, batch);
    }

    /** What a commit leaves to be done. */
    #follows({ room, outbox, files, listeners, attendance }: Open, batch: Batch): void {
      batch.count();
      for (const user of batch.seen) attendance.seenBy(user);
      if (!batch.changed) return;
      if (batch.removed.size > 0) {
        const { removed } = batch;
        this.#own.close((seat) => removed.has(seat.userId), CLOSE.policy, "not a member any more");
        attendance.left(listeners.remove((_, user) => removed.has(user)));
        if (room.members.size === 0 && !room.ofApp) this.ctx.waitUntil(this.#beginErasing(batch.remover));
      }
      // Where several were answered, each has its answer before it hears of those that came after.
      if (batch.size > 1) setTimeout(() => outbox.start(batch.lanes), 0);
      else outbox.start(batch.lanes);
      if (files.pending()) this.ctx.waitUntil(this.#settleFiles(room, files));
    }

    #typing({ attendance, room }: Open, userId: UserId, on: boolean, said: Json): void {
      const user = room.members.person(userId);
      const event: ChatEvent = { type: "typing", chatId: room.id, userId, user, on, said };
      const broadcast = new Broadcast(this.#wire);
      broadcast.some(new Map(room.members.ids().flatMap((id) => (id === userId ? [] : [[id, event]]))), null);
      broadcast.send(this.#own.sockets);
      attendance.typing(event);
    }

    /** Of a chat that is being erased, to its own sockets. */
    #tellRemoved(room: Room): void {
      const here = [...this.#own.sockets.users()];
      const removed = here.map((id): [UserId, ChatEvent] => [
        id,
        { type: "chat.removed", chatId: room.id, chat: room.told(id) },
      ]);
      const broadcast = new Broadcast(this.#wire);
      broadcast.some(new Map(removed), null);
      broadcast.send(this.#own.sockets);
    }

    // ---- what follows a commit --------------------------------------------------------------------------------

    async #settleFiles(room: Room, files: ChatFiles): Promise<void> {
      try {
        await files.settle(room.id, this.#ports.directory.attachments, this.#ports.files);
      } catch (fault) {
        this.#fault("files", fault, { chat: room.id });
      }
    }

    /** `remover`: the connection that removed the last members, where there are none any more. */
    async #beginErasing(remover: string | null = null): Promise<void> {
      new Meta(this.ctx.storage.sql).set("erasing", "1");
      this.#arm();
      const room = this.#open?.room;
      this.#forget();
      if (room !== undefined) this.#tellRemoved(room);
      this.#own.close(() => true, CLOSE.policy, "the chat is gone");
      // The alarm of a chat that is being erased does nothing else.
      this.#figures.soon();
      // The pair of a direct chat is free before the answer: the next message between the two makes a new chat.
      if (room !== undefined) await this.#ports.directory.chats.erase(room.id);
      this.ctx.waitUntil(this.#erase(remover));
    }

    #erase(remover: string | null = null): Promise<void> {
      this.#erasing ??= this.#eraseNow(remover).finally(() => {
        this.#erasing = undefined;
      });
      return this.#erasing;
    }

    async #eraseNow(remover: string | null): Promise<void> {
      if (isEmpty(this.ctx.storage.sql)) return;
      const room = new Room(this.ctx.storage);
      try {
        await eraseElsewhere(room, {
          chats: this.#ports.directory.chats,
          attachments: this.#ports.directory.attachments,
          files: this.#ports.files,
          deliver: (user, delivery) => inboxStub(this.env, user).deliver(delivery),
          unaware: unawareOf(this.ctx.storage.sql, room),
          remover,
        });
        await this.ctx.storage.deleteAll();
        log("chat.erased", { chat: room.id });
      } catch (fault) {
        this.#fault("erase", fault, { chat: room.id });
        this.#armedFor = Infinity;
        this.#arm();
      }
    }

    /** A part of the log as the wire writes it. */
    readLog(actor: Actor, query: LogQuery, origin: string): Promise<Result<string>> {
      const work = async (): Promise<string> => {
        const { answer } = await this.#perform(actor, query, null);
        return this.#wire.body(answer as LogAnswer, origin);
      };
      return this.#attempt(work);
    }

    // ---- own sockets ------------------------------------------------------------------------------------------

    override fetch(request: Request): Promise<Response> {
      return this.#own.open(request);
    }

    override webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): void | Promise<void> {
      return this.#own.received(socket, frame);
    }

    override webSocketClose(socket: WebSocket, code: number, reason: string): void {
      this.#own.closed(socket, code, reason);
    }

    override webSocketError(socket: WebSocket): void {
      this.#own.closed(socket, CLOSE.internal, "");
    }

    /** What is in memory of the chat is given up, with what was on its way. */
    #forget(): void {
      this.#open?.outbox.stop();
      this.#open = undefined;
    }

    /** For the log: the runtime does not promise to know the name when an alarm wakes the object. */
    get #id(): number | undefined {
      const { name } = this.ctx.id;
      return name === undefined ? this.#open?.room.id : chatNumber(name);
    }

    #fault(where: FaultPlace, fault: unknown, fields: Parameters<typeof logFault>[2]): void {
      this.#open?.counters.add("faults", where);
      logFault(where, fault, fields);
    }

    /** A fault of ours leaves memory in doubt: the chat is read again from what was committed. */
    async #attempt<T>(work: () => Promise<T>): Promise<Result<T>> {
      const result = await attempt(work, (fault) => {
        this.#fault("chat", fault, { chat: this.#id });
        if (!(fault instanceof ParlanceError)) this.#forget();
      });
      if (!result.ok && result.failure.code !== "internal") this.#open?.counters.add("refused", result.failure.code);
      return result;
    }
  };
}
