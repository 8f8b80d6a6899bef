/**
 * The Gateway object: holds some hundred connections of one dialect in one place. Passes their frames to the dialect,
 * one after the other, and what the Inboxes bring to the sockets. Knows the dialect's `GatewayWire` and none of its words.
 */

import { authInvalid } from "../../core/errors.ts";
import type { AppNews, UserEvent } from "../../core/events.ts";
import type { CounterName } from "../../core/figures.ts";
import type { AppId } from "../../core/ids.ts";
import { FLOOD, GATEWAY } from "../../core/limits.ts";
import type { Json } from "../../core/message.ts";
import type { Session } from "../../core/people.ts";
import type { CarriedWire, GatewayWire } from "../../core/wire.ts";
import type { Env } from "../../env.ts";
import { log, logFault, within } from "../../log.ts";
import { CalledObject } from "../called-object.ts";
import { ObjectFigures, viaOf } from "../figures.ts";
import { identityOf } from "../identity.ts";
import { Readers } from "../readers.ts";
import type { GatewayCalls, Push } from "../rpc.ts";
import { lobbyStub } from "../rpc.ts";
import { Bucket, CLOSE, agreed, closeSocket, connectionId, upgraded } from "../sockets.ts";
import { Meta, migrate, nameOf, stored } from "../sql.ts";
import { Carriage } from "./carriage.ts";
import type { Attached, Host } from "./connection.ts";
import { HeldConnection } from "./connection.ts";
import { Encodings } from "./encodings.ts";
import { Entries } from "./entries.ts";
import { isGone, lookedAt } from "./heartbeat.ts";
import { Listening } from "./listening.ts";
import { Roster } from "./roster.ts";
import { GATEWAY_SCHEMA } from "./schema.ts";
import type { SubscriptionKind } from "./subscriptions.ts";

/** Events on their way to a connection. */
type Heard = readonly [HeldConnection, readonly UserEvent[]];

/** Who hears each event, in an order that is everyone's. */
function byEvent(heard: readonly Heard[]): Map<UserEvent["event"], [HeldConnection, UserEvent][]> {
  const known = new Map<UserEvent["event"], [HeldConnection, UserEvent][]>();
  for (const [connection, events] of heard) {
    for (const told of events) {
      const hearers = known.get(told.event);
      if (hearers === undefined) known.set(told.event, [[connection, told]]);
      else hearers.push([connection, told]);
    }
  }
  const clockOf = (hearers: readonly [HeldConnection, UserEvent][]): number => hearers[0]?.[1].clock ?? 0;
  return new Map([...known].toSorted(([, a], [, b]) => clockOf(a) - clockOf(b)));
}

/** A named value: JSON array, the open connections of each app as its Lobby was told last. */
const TOLD_OPEN = "told_open";

/** The answer of a Gateway that has no room: the Worker tries the next. */
export const GATEWAY_FULL = 503;

export function createGatewayObject(wiresOf: (env: Env) => readonly (GatewayWire | CarriedWire)[]) {
  return class Gateway extends CalledObject implements GatewayCalls, Host {
    readonly #wire: GatewayWire | CarriedWire;
    /** One of the two: a dialect of sockets, or what a dialect that carries its connections itself was given. */
    readonly #words: GatewayWire | null;
    readonly #carriage: Carriage | null;
    readonly #name: string;
    readonly #roster: Roster;
    readonly #listening: Listening;
    readonly #encodings: Encodings;
    readonly #connections = new Map<string, HeldConnection>();
    readonly #bySocket = new Map<WebSocket, HeldConnection>();
    /** Those that were closed before this object was evicted, and whose end is yet to come. */
    readonly #closing = new Map<WebSocket, Attached>();
    /** Those that were let go of since this object is in memory. */
    readonly #over = new WeakSet<WebSocket>();
    readonly #entries: Entries;
    readonly #figures: ObjectFigures;
    readonly #readers = new Readers((socket) => this.#closedSlow(socket));
    #armedFor = Infinity;

    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env);
      migrate(ctx.storage, GATEWAY_SCHEMA);
      this.#name = nameOf(ctx);
      const wire = wiresOf(env).find((one) => this.#name.startsWith(`${one.name}/`));
      if (wire === undefined) throw new Error("a Gateway of no dialect");
      this.#wire = wire;
      this.#figures = new ObjectFigures({
        hand: (app, handed) => lobbyStub(env, app).count(this.#name, handed),
        waitUntil: (work) => this.#later(work),
        open: () => this.#openByApp(),
        // The next look may be a minute away, and then all is forgotten.
        isAwaited: () => false,
        told: {
          read: () => new Map(stored<[AppId, number][]>(new Meta(ctx.storage.sql).get(TOLD_OPEN) ?? "[]")),
          write: (told) => new Meta(ctx.storage.sql).set(TOLD_OPEN, JSON.stringify([...told])),
        },
      });
      this.#encodings = new Encodings(wire.encode);
      this.#roster = new Roster(ctx.storage.sql);
      this.#entries = new Entries(env, this.#roster, {
        name: this.#name,
        graceMs: wire.graceMs,
        standing: (id) => this.#connections.get(id),
        entered: async (app) => {
          if (wire.news) await this.serve(app);
        },
        close: (id) => this.closeConnections([id], CLOSE.policy, "the token was ended"),
        later: (work) => this.#later(work),
      });
      this.#listening = new Listening(ctx.storage.sql, env, {
        name: this.#name,
        standing: (id) => this.#connections.get(id),
        tell: (connection, events) => this.#tell(connection, events),
      });
      if ("carry" in wire) {
        const keeper = {
          host: this,
          connections: this.#connections,
          readers: this.#readers,
          forget: this.#forget.bind(this),
          count: this.#count.bind(this),
          slow: this.#slow.bind(this),
        };
        this.#words = null;
        this.#carriage = new Carriage(ctx, env, wire, this.#name, keeper);
      } else {
        this.#words = wire;
        this.#carriage = null;
        for (const socket of ctx.getWebSockets()) this.#restore(socket);
      }
      const { ping } = wire;
      if (ping !== null) ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(ping[0], ping[1]));
    }

    /** One that was closed may be long in going; until then it neither says nor hears anything. */
    #restore(socket: WebSocket): void {
      const attached = socket.deserializeAttachment() as Attached;
      const isOpen = socket.readyState === WebSocket.OPEN;
      if (isOpen) this.#add(socket, attached);
      else this.#closing.set(socket, attached);
      this.#entries.restore(attached, isOpen);
    }

    #add(socket: WebSocket, attached: Attached): HeldConnection {
      const line = {
        send: (frame: string): void => this.#readers.send(socket, frame),
        close: (code: number, reason: string): void => {
          this.#bySocket.delete(socket);
          this.#over.add(socket);
          this.#readers.forget(socket);
          closeSocket(socket, code, reason);
        },
        keep: (changed: Attached): void => socket.serializeAttachment(changed),
      };
      const connection = new HeldConnection(line, attached, this);
      this.#connections.set(connection.id, connection);
      this.#bySocket.set(socket, connection);
      return connection;
    }

    // ---- connections ------------------------------------------------------------------------------------------

    override async fetch(request: Request): Promise<Response> {
      const isFull = this.#connections.size + this.#entries.opening >= GATEWAY.connections;
      if (this.#carriage !== null) return this.#carriage.fetch(request, isFull);
      if (isFull || this.#words === null) return new Response(null, { status: GATEWAY_FULL });
      const words = this.#words;
      return within(identityOf(request).request, () => this.#open(request, words));
    }

    async #open(request: Request, wire: GatewayWire): Promise<Response> {
      const { session, origin, request: requestId } = identityOf(request);
      const id = connectionId(this.#name);
      const pair = new WebSocketPair();
      this.ctx.waitUntil(this.#arm());
      const admitted = session === null ? null : await this.#entries.open(id, session);
      if (session !== null && admitted === null) return Response.json(authInvalid().failure, { status: 400 });
      const attached: Attached = {
        id,
        session,
        share: admitted?.share ?? null,
        username: admitted?.username ?? null,
        app: null,
        origin,
        state: null,
        request: requestId,
      };
      this.ctx.acceptWebSocket(pair[1]);
      pair[1].serializeAttachment(attached);
      const connection = this.#add(pair[1], attached);
      await wire.opened(connection);
      return upgraded(this.env, pair[0], agreed(request, wire.subprotocol), requestId);
    }

    /** What the app's Lobby has to say reaches this Gateway from now on. */
    async serve(app: AppId): Promise<void> {
      if (this.#roster.hasApp(app)) return;
      // Noted once the Lobby knows: whoever comes meanwhile waits for it too.
      await lobbyStub(this.env, app).listen(this.#name, true);
      this.#roster.addApp(app);
    }

    async identify(connection: HeldConnection, session: Session, username: string): Promise<boolean> {
      if ((await this.#entries.register(connection.id, session, username)) === null) {
        this.close(connection, CLOSE.policy, "the token was ended");
        return false;
      }
      connection.identified(session, username);
      // The socket may have closed while the Inbox was asked.
      if (!this.#connections.has(connection.id)) this.#entries.left(connection.id, session.userId);
      return true;
    }

    bucket(users: number): Bucket {
      return Bucket.of(this.env, users);
    }

    close(connection: HeldConnection, code: number, reason: string): void {
      this.#forget(connection);
      connection.line.close(code, reason);
    }

    /** False, and nothing is noted, where it follows too many of this kind, or has closed meanwhile. */
    follow(id: string, kind: "chat" | "user", target: number): boolean {
      return this.#connections.has(id) && this.#roster.follow(id, kind, target);
    }

    unfollow(id: string, kind: "chat" | "user", target: number): void {
      this.#roster.unfollow(id, kind, target);
    }

    subscribe(connection: HeldConnection, to: SubscriptionKind, target: number): Promise<boolean> {
      return this.#listening.subscribe(connection, to, target);
    }

    isSubscribed(id: string, to: SubscriptionKind, target: number): boolean {
      return this.#listening.has(id, to, target);
    }

    #forget(connection: HeldConnection): void {
      if (this.#connections.delete(connection.id)) this.#letGo(connection);
    }

    #letGo({ id, session, app }: Pick<Attached, "id" | "session" | "app">): void {
      if (session !== null) this.#entries.left(id, session.userId);
      this.#later(this.#listening.end(id, app));
      // No alarm looks after a Gateway that is empty.
      if (this.#connections.size === 0) this.#figures.soon();
    }

    #later(work: Promise<unknown>): void {
      // While the carriage is being made, and lets go whom a crash has left behind, there is none yet.
      if (this.#carriage) this.#carriage.later(work);
      else this.ctx.waitUntil(work);
    }

    // ---- frames -----------------------------------------------------------------------------------------------

    override async webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): Promise<void> {
      if (this.#carriage !== null) {
        await this.#carriage.received(socket, frame);
        return;
      }
      const connection = this.#bySocket.get(socket);
      const words = this.#words;
      if (connection === undefined || words === null) return;
      const turn = (connection.turn ?? Promise.resolve())
        .then(() => within(connection.request, () => this.#frame(words, connection, frame)))
        .catch((fault: unknown) => {
          this.#count(connection, "faults", "frame");
          logFault("frame", fault, { gateway: this.#name, request: connection.request });
        });
      connection.turn = turn;
      await turn;
    }

    async #frame(words: GatewayWire, connection: HeldConnection, frame: string | ArrayBuffer): Promise<void> {
      if (!this.#connections.has(connection.id)) return;
      const { heartbeat } = connection;
      if (heartbeat !== undefined && heartbeat.missed > 0) connection.heartbeat = { ...heartbeat, missed: 0 };
      const now = Date.now();
      if (connection.session !== null && connection.session.expiresAt <= now) {
        this.close(connection, CLOSE.policy, "the token has expired");
        return;
      }
      const length = typeof frame === "string" ? frame.length : frame.byteLength;
      if (length > words.maxFrame) {
        this.close(connection, CLOSE.tooBig, "the frame is too long");
        return;
      }
      if (connection.bucket.take(now)) {
        await words.received(connection, frame);
        return;
      }
      this.#count(connection, "refused", "rate.limited");
      words.flooded(connection, frame);
      if (connection.bucket.refused > FLOOD.patience) this.close(connection, CLOSE.policy, "too many frames");
    }

    override async webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
      await this.#ended(socket, code, reason);
    }

    /** Its client has ended it: the close is answered, and nothing of it counts any more. */
    async #ended(socket: WebSocket, code: number, reason: string): Promise<void> {
      closeSocket(socket, code, reason);
      this.#readers.ended(socket);
      await this.#gone(socket);
    }

    /** The socket of somebody who did not keep up was closed; its own end may be long in coming. */
    #closedSlow(socket: WebSocket): void {
      this.#slow(this.#bySocket.get(socket) ?? this.#carriage?.connectionOf(socket));
      this.#later(this.#gone(socket));
    }

    #slow(connection: HeldConnection | undefined): void {
      this.#count(connection, "closedSlow", viaOf(this.#name));
      log("closed.slow", { gateway: this.#name, user: connection?.session?.userId, request: connection?.request });
    }

    async #gone(socket: WebSocket): Promise<void> {
      await this.#carriage?.closed(socket);
      const connection = this.#bySocket.get(socket);
      this.#bySocket.delete(socket);
      if (connection !== undefined) this.#forget(connection);
      const closing = this.#closing.get(socket);
      this.#closing.delete(socket);
      if (closing?.session) this.#entries.left(closing.id, closing.session.userId);
      const isKnown = connection !== undefined || closing !== undefined || this.#over.has(socket);
      this.#over.add(socket);
      if (!isKnown && this.#words !== null) this.#endedWhileEvicted(socket.deserializeAttachment() as Attached);
    }

    /** The end of this socket is what has woken the object: it was not among those that are open. */
    #endedWhileEvicted(attached: Attached): void {
      this.#entries.restore(attached, false);
      this.#letGo(attached);
    }

    override async webSocketError(socket: WebSocket): Promise<void> {
      await this.#ended(socket, CLOSE.internal, "");
    }

    // ---- calls ------------------------------------------------------------------------------------------------

    async deliver(pushes: readonly Push[]): Promise<string[]> {
      const gone: string[] = [];
      const heard: Heard[] = [];
      for (const { connections, events } of pushes) {
        for (const id of connections) {
          const those = this.#entries.known(id);
          if (those === undefined) gone.push(id);
          for (const connection of those ?? []) {
            if (connection.app !== null) this.#listening.tell(connection, events);
            else heard.push([connection, events]);
          }
        }
      }
      if (this.#carriage === null) for (const [connection, events] of heard) this.#tell(connection, events);
      else this.#tellCarried(this.#carriage, heard);
      return gone;
    }

    #tell(connection: HeldConnection, events: readonly UserEvent[]): void {
      const frames = events.flatMap((event) => this.#frames(connection, event));
      const join = this.#words?.join ?? null;
      if (join !== null && frames.length > 1) connection.send(join(frames));
      else for (const frame of frames) connection.send(frame);
    }

    #frames(connection: HeldConnection, { event, unread, read, peer, origin }: UserEvent): readonly string[] {
      if (origin === connection.id) return [];
      if ("carry" in this.#wire) this.#wire.hears?.(connection, event);
      const view = { viewer: connection.session?.userId, unread, read, peer, state: connection.state };
      return this.#encodings.of(event, connection.origin).for(view);
    }

    /** One event after the other, each frame at once to all who get the same. */
    #tellCarried(carriage: Carriage, heard: readonly Heard[]): void {
      for (const hearers of byEvent(heard).values()) {
        const byFrame = new Map<string, HeldConnection[]>();
        for (const [connection, told] of hearers) {
          for (const frame of this.#frames(connection, told)) {
            const same = byFrame.get(frame);
            if (same === undefined) byFrame.set(frame, [connection]);
            else same.push(connection);
          }
        }
        for (const [frame, connections] of byFrame) carriage.deliver(connections, frame);
      }
    }

    async news(app: AppId, news: AppNews): Promise<void> {
      let listeners = 0;
      for (const connection of this.#connections.values()) {
        if ((connection.app ?? connection.session?.appId) !== app) continue;
        listeners++;
        this.#tell(connection, [{ event: news }]);
      }
      if (listeners > 0) return;
      this.#roster.removeApp(app);
      await lobbyStub(this.env, app).listen(this.#name, false);
    }

    async closeApp(app: AppId, code: number, reason: string): Promise<void> {
      for (const connection of this.#connections.values()) {
        if (connection.app === app) this.close(connection, code, reason);
      }
    }

    async closeConnections(connections: readonly string[], code: number, reason: string): Promise<void> {
      for (const id of connections) {
        this.#entries.end(id, (connection) => this.close(connection, code, reason));
      }
    }

    async alive(connections: readonly string[]): Promise<string[]> {
      return connections.filter((id) => this.#entries.known(id) !== undefined);
    }

    // ---- what is counted --------------------------------------------------------------------------------------

    /** Of a connection that has not said whose it is nothing is counted. */
    #count(connection: HeldConnection | undefined, figure: CounterName, label: string): void {
      const app = connection?.app ?? connection?.session?.appId;
      if (app !== undefined) this.#figures.of(app).add(figure, label);
    }

    #openByApp(): Map<AppId, number> {
      const open = new Map<AppId, number>();
      for (const { app, session } of this.#connections.values()) {
        const of = app ?? session?.appId;
        if (of !== undefined) open.set(of, (open.get(of) ?? 0) + 1);
      }
      return open;
    }

    async ask(question: Json): Promise<Json> {
      return this.#carriage?.carrier.asked(question) ?? null;
    }

    // ---- alarm ------------------------------------------------------------------------------------------------

    /** While it has connections, a Gateway looks now and then whether they still stand; after a crash the alarm finds who was lost. */
    override async alarm(): Promise<void> {
      try {
        await this.#alarm();
      } catch (fault) {
        // The runtime tries it again.
        logFault("alarm", fault, { gateway: this.#name });
        throw fault;
      }
    }

    async #alarm(): Promise<void> {
      this.#armedFor = Infinity;
      await this.#carriage?.alarm();
      const now = Date.now();
      this.#figures.alarm(now, this.#connections.size > 0);
      // One whose end we were not told of.
      for (const socket of this.#bySocket.keys())
        if (socket.readyState !== WebSocket.OPEN) await this.#ended(socket, CLOSE.normal, "");
      this.#entries.sweep();
      for (const connection of this.#connections.values()) {
        if (connection.session !== null && connection.session.expiresAt <= now)
          this.close(connection, CLOSE.policy, "the token has expired");
      }
      this.#closeSilent(now);
      if (this.#words !== null && this.#connections.size + this.#entries.opening > 0) await this.#arm();
    }

    /** A client that was pinging and does no more has been lost without an end; one that is there after all comes back. */
    #closeSilent(now: number): void {
      for (const [socket, connection] of this.#bySocket) {
        const before = connection.heartbeat;
        const pinged = this.ctx.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? null;
        const heartbeat = lookedAt(before, pinged, now);
        if (heartbeat === undefined) continue;
        if (heartbeat !== before) connection.heartbeat = heartbeat;
        if (isGone(heartbeat)) this.close(connection, CLOSE.tryLater, "no ping has come for a while");
      }
    }

    /** Again while it stands only by a clock that went back. One from before an eviction stands. */
    async #arm(): Promise<void> {
      const at = Date.now() + GATEWAY.sweepMs;
      if (this.#armedFor > at) this.#armedFor = (await this.ctx.storage.getAlarm()) ?? Infinity;
      if (this.#armedFor <= at) return;
      this.#armedFor = at;
      await this.ctx.storage.setAlarm(at);
    }
  };
}
