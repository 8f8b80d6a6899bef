/**
 * The chat's own sockets: how one is opened, what comes on it and becomes a command, and how it ends. Knows seats, frames and
 * their limits; knows nothing of what a command does.
 */

import type { Answer, Command } from "../../core/commands.ts";
import type { Result } from "../../core/errors.ts";
import { authInvalid, failureOf, rateLimited } from "../../core/errors.ts";
import type { FaultPlace } from "../../core/faults.ts";
import type { AppId } from "../../core/ids.ts";
import { FLOOD } from "../../core/limits.ts";
import type { Attachment, Json } from "../../core/message.ts";
import type { Actor, Session } from "../../core/people.ts";
import type { ChatWire } from "../../core/wire.ts";
import type { Env } from "../../env.ts";
import type { logFault } from "../../log.ts";
import { log, within } from "../../log.ts";
import type { Counters } from "../figures.ts";
import { identityOf } from "../identity.ts";
import { chatName, chatNumber, inboxStub, placeOf } from "../rpc.ts";
import { Bucket, CLOSE, agreed, closeSocket, connectionId, upgraded } from "../sockets.ts";
import type { Work } from "./batch.ts";
import type { Committed } from "./command-kinds.ts";
import { isLook, isPrepared, isSpecial } from "./command-kinds.ts";
import type { Room } from "./room.ts";
import type { OpenSocket, Seat } from "./sockets.ts";
import { ChatSockets } from "./sockets.ts";
import { Standings, standingOf } from "./standings.ts";

/** What of the chat is used here. */
export interface OwnSocketsPorts {
  /** The chat, loaded. @throws not_found */
  readonly room: () => Promise<Room>;
  /** Of its app; undefined while the chat is not loaded. */
  readonly counters: () => Counters | undefined;
  /** Sockets of this app have come or gone. */
  readonly changed: (app: AppId) => void;
  /** Has it committed, and answered. */
  readonly add: (work: Work, isChange: boolean) => void;
  /** The answer to what is no change of the log; undefined: it is one. @throws ParlanceError */
  readonly special: (actor: Actor, command: Command) => Promise<Answer | undefined>;
  /** What a command needs from elsewhere before it can be committed. @throws ParlanceError */
  readonly prepared: (actor: Actor, command: Command) => Promise<readonly Attachment[]>;
  readonly attempt: <T>(work: () => Promise<T>) => Promise<Result<T>>;
  /** A row was written. */
  readonly written: () => void;
  readonly fault: (where: FaultPlace, fault: unknown, fields: Parameters<typeof logFault>[2]) => void;
}

/** For the log. */
const chatOf = ({ id }: Seat): number => chatNumber(placeOf(id));

export class OwnSockets {
  readonly sockets: ChatSockets;
  readonly #env: Env;
  readonly #wire: ChatWire;
  readonly #chat: OwnSocketsPorts;
  readonly #standings: Standings;

  constructor(ctx: DurableObjectState, env: Env, wire: ChatWire, chat: OwnSocketsPorts) {
    this.#env = env;
    this.#wire = wire;
    this.#chat = chat;
    this.sockets = new ChatSockets(
      ctx,
      () => Bucket.of(env),
      (seat) => this.#slow(seat),
    );
    this.#standings = new Standings(ctx.storage.sql, {
      graceMs: wire.graceMs,
      inbox: (user) => inboxStub(env, user),
      opening: () => this.sockets.opening,
      written: () => chat.written(),
      later: (work) => ctx.waitUntil(work),
      report: (fault, user) => chat.fault("disconnect", fault, { user }),
    });
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(...wire.ping));
  }

  /** Sockets that were open when the process ended are gone without a word: their users' Inboxes are told. */
  endLost(): void {
    for (const standing of this.#standings.missing(this.sockets.standings())) this.#standings.leave(standing);
  }

  /** Closes those that are `wanted`, and gives up their seats. */
  close(wanted: (seat: Seat) => boolean, code: number, reason: string): void {
    this.#departed(this.sockets.close(wanted, code, reason));
  }

  /** Answers an upgrade: 101 with a socket, or 400 with the failure. */
  async open(request: Request): Promise<Response> {
    const { session, origin, request: requestId } = identityOf(request);
    const join = async (): Promise<WebSocket> => {
      if (session === null) throw authInvalid();
      const room = await this.#chat.room();
      room.role(session);
      const id = connectionId(chatName(room.id));
      const { tokenId, expiresAt } = session;
      const seat: Seat = {
        id,
        appId: session.appId,
        userId: session.userId,
        tokenId,
        expiresAt,
        origin,
        request: requestId,
      };
      const isKnown = this.sockets.isStanding(standingOf(seat));
      this.sockets.reserve(seat);
      if (!isKnown) await this.#enter(seat, session);
      if (!this.sockets.claim(seat)) {
        // While the Inbox was asked the member was removed, the chat was erased, or the token ended.
        this.#departed([seat]);
        (await this.#chat.room()).role(session);
        throw authInvalid();
      }
      const pair = new WebSocketPair();
      this.sockets.accept(pair[1], seat);
      this.#chat.changed(seat.appId);
      return pair[0];
    };
    const joined = await within(requestId, () => this.#chat.attempt(join));
    if (!joined.ok) return Response.json(joined.failure, { status: 400 });
    return upgraded(this.#env, joined.value, agreed(request, this.#wire.subprotocol), requestId);
  }

  /** The user's Inbox knows of the seat before it is taken. One that may not be taken is given up. */
  async #enter(seat: Seat, session: Session): Promise<void> {
    const standing = standingOf(seat);
    let stands = false;
    try {
      stands = await this.#standings.enter(standing, session);
    } finally {
      if (!stands) this.close((one) => one === seat, CLOSE.policy, "");
    }
    await this.#standings.note(standing);
  }

  /** Commands take effect in the order in which they were sent: the next one waits while one is being prepared. */
  received(socket: WebSocket, frame: string | ArrayBuffer): void | Promise<void> {
    const open = this.sockets.get(socket);
    if (open === undefined) return;
    const begun = open.turn === undefined ? this.#frame(open, frame) : open.turn.then(() => this.#frame(open, frame));
    if (begun === undefined) return;
    const turn = begun
      .catch((fault: unknown) =>
        this.#chat.fault("frame", fault, { chat: chatOf(open.seat), request: open.seat.request }),
      )
      .finally(() => {
        if (open.turn === turn) open.turn = undefined;
      });
    open.turn = turn;
    return turn;
  }

  /** A promise where the command has to be prepared before it can be committed. */
  #frame(open: OpenSocket, frame: string | ArrayBuffer): void | Promise<void> {
    const { seat, bucket } = open;
    const now = Date.now();
    if (seat.expiresAt <= now) return this.#end(seat, CLOSE.policy, "the token has expired");
    if (typeof frame === "string" && frame.length > this.#wire.maxFrame) {
      return this.#end(seat, CLOSE.tooBig, "the frame is too long");
    }
    const decoded = this.#wire.decode(typeof frame === "string" ? frame : "");
    if (!bucket.take(now)) {
      this.#chat.counters()?.add("refused", "rate.limited");
      this.sockets.send(open, this.#wire.failure(decoded.re, failureOf(rateLimited(1))));
      return bucket.refused > FLOOD.patience ? this.#end(seat, CLOSE.policy, "too many frames") : undefined;
    }
    if (!decoded.ok) {
      this.#chat.counters()?.add("refused", decoded.failure.code);
      return this.sockets.send(open, this.#wire.failure(decoded.re, decoded.failure));
    }
    const { re, command } = decoded;
    const actor = { appId: seat.appId, userId: seat.userId };
    const reply = { to: open, re };
    if (!isPrepared(command) && !isSpecial(command)) {
      const work = { actor, command, attachments: [], origin: seat.id, request: seat.request, reply };
      return this.#chat.add(work, !isLook(command));
    }
    return within(seat.request, () => this.#prepare(reply, actor, command, seat));
  }

  async #prepare(reply: { to: OpenSocket; re: Json }, actor: Actor, command: Command, seat: Seat): Promise<void> {
    const prepared = await this.#chat.attempt(async () => {
      const answer = await this.#chat.special(actor, command);
      return { answer, attachments: answer === undefined ? await this.#chat.prepared(actor, command) : [] };
    });
    if (!prepared.ok) return this.sockets.send(reply.to, this.#wire.failure(reply.re, prepared.failure));
    const { answer, attachments } = prepared.value;
    if (answer !== undefined) return this.sockets.send(reply.to, this.#wire.answer(reply.re, answer, seat.origin));
    const committed = command as Committed;
    this.#chat.add({ actor, command: committed, attachments, origin: seat.id, request: seat.request, reply }, true);
  }

  #slow(seat: Seat): void {
    this.#chat.counters()?.add("closedSlow", "chat");
    log("closed.slow", { chat: chatOf(seat), user: seat.userId, request: seat.request });
    this.#departed([seat]);
  }

  #end(seat: Seat, code: number, reason: string): void {
    this.close((one) => one === seat, code, reason);
  }

  /** The client closed, or its connection broke off. */
  closed(socket: WebSocket, code: number, reason: string): void {
    closeSocket(socket, code, reason);
    const seat = this.sockets.ended(socket);
    if (seat !== undefined) this.#departed([seat]);
  }

  #departed(seats: readonly Seat[]): void {
    const [seat] = seats;
    if (seat === undefined) return;
    this.#chat.changed(seat.appId);
    const standing = this.sockets.standings();
    const gone = new Map(seats.map(standingOf).map((one) => [one.id, one]));
    for (const one of gone.values()) if (!standing.has(one.id)) this.#standings.leave(one);
  }
}
