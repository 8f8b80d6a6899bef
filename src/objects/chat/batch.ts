/**
 * Several commands that are committed as one: each is done as if it were alone, and what is to be answered and told is
 * noted as the chat is right after it. Nothing leaves before all of them are done.
 */

import type { Answer } from "../../core/commands.ts";
import { ParlanceError, failureOf, notFound } from "../../core/errors.ts";
import type { ChatEvent } from "../../core/events.ts";
import type { UserId } from "../../core/ids.ts";
import type { Attachment, Json } from "../../core/message.ts";
import type { Actor } from "../../core/people.ts";
import type { ChatWire } from "../../core/wire.ts";
import type { Counters } from "../figures.ts";
import { viaOf } from "../figures.ts";
import { Broadcast } from "./broadcast.ts";
import type { Committed } from "./command-kinds.ts";
import type { Commit } from "./commit.ts";
import type { Outbox } from "./delivery.ts";
import { DIRECTORY, SUBSCRIBERS } from "./delivery.ts";
import type { ChatFiles } from "./files.ts";
import { perform } from "./perform.ts";
import type { Room } from "./room.ts";
import type { ChatSockets, OpenSocket } from "./sockets.ts";

/** A command on its way, and where its answer goes: to one of the chat's own sockets, or to a caller. */
export interface Work {
  readonly actor: Actor;
  readonly command: Committed;
  /** Those that the draft names, found. */
  readonly attachments: readonly Attachment[];
  /** The connection that has the answer, and does not hear the event. */
  readonly origin: string | null;
  /** The id of the request that it comes of, for the log. */
  readonly request: string | null;
  readonly reply:
    | { readonly to: OpenSocket; readonly re: Json }
    | {
        /** `before`: the clock that the chat had before it. */
        readonly done: (answer: Answer, before: number) => void;
        readonly failed: (thrown: unknown) => void;
      };
}

interface Parts {
  readonly room: Room;
  readonly outbox: Outbox;
  readonly files: ChatFiles;
  readonly counters: Counters;
}

const NOBODY: ReadonlySet<UserId> = new Set();

/** All of both. `more` is given away. Most batches are one command, which has nothing to be put together. */
function together(some: ReadonlySet<UserId>, more: Set<UserId>): ReadonlySet<UserId> {
  if (some.size === 0) return more;
  for (const one of some) more.add(one);
  return more;
}

export class Batch {
  removed = NOBODY;
  /** The connection that removed them. */
  remover: string | null = null;
  lanes = NOBODY;
  /** Those who have read where nothing was unread, of whom the room is to hear. */
  readonly seen: UserId[] = [];
  changed = false;
  /** Commands that were done. */
  size = 0;
  readonly #parts: Parts;
  readonly #sockets: ChatSockets;
  readonly #wire: ChatWire;
  readonly #broadcast: Broadcast;
  readonly #replies: (() => void)[] = [];
  /** What is to be counted once it is committed: the connections that sent messages, the codes of what was refused, resumes. */
  readonly #sent: (string | null)[] = [];
  readonly #refused: string[] = [];
  #resumed = 0;

  constructor(parts: Parts, sockets: ChatSockets, wire: ChatWire) {
    this.#parts = parts;
    this.#sockets = sockets;
    this.#wire = wire;
    this.#broadcast = new Broadcast(wire);
  }

  /** Does one command. False: the next one has to wait for another batch. @throws any fault of ours: then none of them counts */
  perform(storage: DurableObjectStorage, { actor, command, attachments, origin, reply }: Work): boolean {
    const { room } = this.#parts;
    const before = room.clock;
    this.size++;
    try {
      if (command.kinds?.includes(room.kind) === false) throw notFound("chat");
      const { answer, commit } = perform(storage, this.#parts, actor, command, attachments);
      if (answer.do === "message.send" && answer.result.created) this.#sent.push(origin);
      else if (answer.do === "changes") this.#resumed++;
      if ("to" in reply) this.#broadcast.answer(reply.to, this.#wire.answer(reply.re, answer, reply.to.seat.origin));
      else this.#replies.push(() => reply.done(answer, before));
      this.note(commit, origin, before);
      if (command.do === "read" && command.inRoom === true && commit.tellings.length === 0)
        this.seen.push(actor.userId);
      return commit.removed.length === 0;
    } catch (thrown) {
      if (!(thrown instanceof ParlanceError)) throw thrown;
      if ("to" in reply) {
        this.#refused.push(thrown.failure.code);
        this.#broadcast.answer(reply.to, this.#wire.failure(reply.re, failureOf(thrown)));
      } else this.#replies.push(() => reply.failed(thrown));
      return true;
    }
  }

  /** Notes what a commit has to tell. `before`: the clock that the chat had before it. */
  note(commit: Commit, origin: string | null, before: number): void {
    const { room, outbox } = this.#parts;
    if (room.clock === before) return;
    this.changed = true;
    for (const { event, shared, to } of commit.tellings) {
      if (shared && to.length >= room.members.size) this.#tellAll(event(room.createdBy), origin);
      else this.#tell(event, to, origin);
    }
    if (commit.removed.length > 0) {
      this.removed = together(this.removed, new Set(commit.removed));
      this.remover = origin;
    }
    this.lanes = together(this.lanes, outbox.gather(commit, origin, before));
  }

  #tellAll(event: ChatEvent, origin: string | null): void {
    const { room } = this.#parts;
    if (event.type !== "message.updated") this.#broadcast.all(event, origin);
    else this.#broadcast.all(event, origin, (viewer) => room.isReadFor(event.message, viewer));
  }

  #tell(event: (viewer: UserId) => ChatEvent, to: readonly UserId[], origin: string | null): void {
    const here = this.#sockets.users();
    this.#broadcast.some(new Map(to.flatMap((user) => (here.has(user) ? [[user, event(user)]] : []))), origin);
  }

  /** The batch is committed: everyone gets their answers, and hears what happened. */
  answer(): void {
    this.#broadcast.send(this.#sockets);
    for (const reply of this.#replies) reply();
  }

  /** Counts what it was; nobody's answer has to wait for that. */
  count(): void {
    const { counters } = this.#parts;
    for (const code of this.#refused) counters.add("refused", code);
    if (this.#resumed > 0) counters.add("resumed", "changes", this.#resumed);
    if (this.changed) {
      const others = Number(this.lanes.has(DIRECTORY)) + Number(this.lanes.has(SUBSCRIBERS));
      counters.observe("fanOut", this.lanes.size - others);
    }
    if (this.#sent.length === 0) return;
    counters.observe("perCommit", this.#sent.length);
    for (const origin of this.#sent) counters.add("sent", viaOf(origin));
  }
}
