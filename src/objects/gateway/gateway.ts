/**
 * The Gateway object: holds some hundred connections of one dialect in one place. Passes their frames to the dialect,
 * one after the other, and what the Inboxes bring to the sockets. Knows the dialect's `GatewayWire` and none of its words.
 */

import { DurableObject } from "cloudflare:workers";
import { authInvalid } from "../../core/errors.ts";
import type { AppNews, UserEvent } from "../../core/events.ts";
import type { AppId, UserId } from "../../core/ids.ts";
import { FLOOD, GATEWAY } from "../../core/limits.ts";
import type { Session } from "../../core/people.ts";
import type { GatewayWire } from "../../core/wire.ts";
import type { Env } from "../../env.ts";
import { logFault } from "../../log.ts";
import { identityOf } from "../identity.ts";
import type { GatewayCalls, Push } from "../rpc.ts";
import { chatStub, inboxStub, lobbyStub } from "../rpc.ts";
import { CLOSE, agreed, closeSocket, connectionId, upgraded } from "../sockets.ts";
import { migrate, nameOf } from "../sql.ts";
import type { Attached, Host } from "./connection.ts";
import { SocketConnection } from "./connection.ts";
import { Encodings } from "./encodings.ts";
import { Roster } from "./roster.ts";
import { GATEWAY_SCHEMA } from "./schema.ts";

/** The answer of a Gateway that has no room: the Worker tries the next. */
export const GATEWAY_FULL = 503;

export function createGatewayObject(wiresOf: (env: Env) => readonly GatewayWire[]) {
  return class Gateway extends DurableObject<Env> implements GatewayCalls, Host {
    readonly #wire: GatewayWire;
    readonly #name: string;
    readonly #roster: Roster;
    readonly #encodings: Encodings;
    readonly #connections = new Map<string, SocketConnection>();
    readonly #bySocket = new Map<WebSocket, SocketConnection>();
    #armed = false;

    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env);
      migrate(ctx.storage, GATEWAY_SCHEMA);
      this.#name = nameOf(ctx);
      const wire = wiresOf(env).find((one) => this.#name.startsWith(`${one.name}/`));
      if (wire === undefined) throw new Error("a Gateway of no dialect");
      this.#wire = wire;
      this.#encodings = new Encodings(wire.encode);
      this.#roster = new Roster(ctx.storage.sql);
      for (const socket of ctx.getWebSockets()) this.#add(socket, socket.deserializeAttachment() as Attached);
      if (wire.ping !== null) ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(...wire.ping));
    }

    #add(socket: WebSocket, attached: Attached): SocketConnection {
      const connection = new SocketConnection(socket, attached, this);
      this.#connections.set(connection.id, connection);
      this.#bySocket.set(socket, connection);
      return connection;
    }

    // ---- connections ------------------------------------------------------------------------------------------

    override async fetch(request: Request): Promise<Response> {
      if (this.#connections.size >= GATEWAY.connections) return new Response(null, { status: GATEWAY_FULL });
      const { session, username, origin } = identityOf(request);
      const id = connectionId(this.#name);
      const pair = new WebSocketPair();
      this.#arm();
      if (session !== null && !(await this.#register(id, session, username ?? ""))) {
        return Response.json(authInvalid().failure, { status: 400 });
      }
      const attached: Attached = { id, session, username, origin, state: null };
      this.ctx.acceptWebSocket(pair[1]);
      pair[1].serializeAttachment(attached);
      const connection = this.#add(pair[1], attached);
      await this.#wire.opened(connection);
      return upgraded(pair[0], agreed(request, this.#wire.subprotocol));
    }

    async #register(id: string, session: Session, username: string): Promise<boolean> {
      const { tokenId, expiresAt } = session;
      const stands = await inboxStub(this.env, session.userId).addConnection(session, username, {
        id,
        tokenId,
        expiresAt,
        graceMs: this.#wire.graceMs,
      });
      if (!stands) return false;
      this.#roster.add(id, session);
      if (this.#wire.news && this.#roster.addApp(session.appId)) {
        await lobbyStub(this.env, session.appId).listen(this.#name, true);
      }
      return true;
    }

    async identify(connection: SocketConnection, session: Session, username: string): Promise<boolean> {
      if (!(await this.#register(connection.id, session, username))) {
        this.close(connection, CLOSE.policy, "the token was ended");
        return false;
      }
      connection.identified(session, username);
      // The socket may have closed while the Inbox was asked.
      if (!this.#connections.has(connection.id)) this.#left(connection.id, session.userId);
      return true;
    }

    close(connection: SocketConnection, code: number, reason: string): void {
      this.#forget(connection);
      closeSocket(connection.socket, code, reason);
    }

    follow(id: string, kind: "chat" | "user", target: number): boolean {
      return this.#roster.follow(id, kind, target);
    }

    unfollow(id: string, kind: "chat" | "user", target: number): void {
      this.#roster.unfollow(id, kind, target);
    }

    #forget(connection: SocketConnection): void {
      if (!this.#connections.delete(connection.id)) return;
      this.#bySocket.delete(connection.socket);
      if (connection.session !== null) this.#left(connection.id, connection.session.userId);
    }

    /** Whoever counted on this connection is told that it is gone. */
    #left(id: string, user: UserId): void {
      const follows = this.#roster.follows(id);
      this.#roster.remove(id);
      const actor = { appId: 0 as AppId, userId: user };
      const calls: Promise<unknown>[] = [inboxStub(this.env, user).removeConnections([id])];
      for (const { kind, target } of follows) {
        if (kind === "chat")
          calls.push(chatStub(this.env, target as Parameters<typeof chatStub>[1]).hear(actor, id, false));
        else calls.push(inboxStub(this.env, target as UserId).unwatch(id));
      }
      for (const call of calls) {
        this.ctx.waitUntil(call.catch((fault: unknown) => logFault("left", fault, { user, gateway: this.#name })));
      }
    }

    // ---- frames -----------------------------------------------------------------------------------------------

    override async webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): Promise<void> {
      const connection = this.#bySocket.get(socket);
      if (connection === undefined) return;
      const turn = (connection.turn ?? Promise.resolve())
        .then(() => this.#frame(connection, frame))
        .catch((fault: unknown) => logFault("frame", fault, { gateway: this.#name }));
      connection.turn = turn;
      await turn;
    }

    async #frame(connection: SocketConnection, frame: string | ArrayBuffer): Promise<void> {
      if (!this.#connections.has(connection.id)) return;
      const now = Date.now();
      if (connection.session !== null && connection.session.expiresAt <= now) {
        this.close(connection, CLOSE.policy, "the token has expired");
        return;
      }
      const length = typeof frame === "string" ? frame.length : frame.byteLength;
      if (length > this.#wire.maxFrame) {
        this.close(connection, CLOSE.tooBig, "the frame is too long");
        return;
      }
      if (connection.bucket.take(now)) {
        await this.#wire.received(connection, frame);
        return;
      }
      this.#wire.flooded(connection, frame);
      if (connection.bucket.refused > FLOOD.patience) this.close(connection, CLOSE.policy, "too many frames");
    }

    override async webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
      closeSocket(socket, code, reason);
      const connection = this.#bySocket.get(socket);
      if (connection !== undefined) this.#forget(connection);
    }

    override async webSocketError(socket: WebSocket): Promise<void> {
      await this.webSocketClose(socket, CLOSE.internal, "");
    }

    // ---- calls ------------------------------------------------------------------------------------------------

    async deliver(pushes: readonly Push[]): Promise<string[]> {
      const gone: string[] = [];
      for (const { connections, events } of pushes) {
        for (const id of connections) {
          const connection = this.#connections.get(id);
          if (connection === undefined) gone.push(id);
          else this.#tell(connection, events);
        }
      }
      return gone;
    }

    #tell(connection: SocketConnection, events: readonly UserEvent[]): void {
      const viewer = connection.session?.userId;
      for (const { event, unread, read, origin } of events) {
        if (origin === connection.id) continue;
        for (const frame of this.#encodings.of(event, connection.origin).for({ viewer, unread, read }))
          connection.send(frame);
      }
    }

    async news(app: AppId, news: AppNews): Promise<void> {
      let listeners = 0;
      for (const connection of this.#connections.values()) {
        if (connection.session?.appId !== app) continue;
        listeners++;
        this.#tell(connection, [{ event: news }]);
      }
      if (listeners > 0) return;
      this.#roster.removeApp(app);
      await lobbyStub(this.env, app).listen(this.#name, false);
    }

    async closeConnections(connections: readonly string[], code: number, reason: string): Promise<void> {
      for (const id of connections) {
        const connection = this.#connections.get(id);
        if (connection !== undefined) this.close(connection, code, reason);
      }
    }

    async alive(connections: readonly string[]): Promise<string[]> {
      return connections.filter((id) => this.#connections.has(id));
    }

    // ---- alarm ------------------------------------------------------------------------------------------------

    /** While it has connections, a Gateway looks now and then whether they still stand; after a crash the alarm finds who was lost. */
    override async alarm(): Promise<void> {
      this.#armed = false;
      const now = Date.now();
      for (const { id, userId } of this.#roster.all()) {
        const connection = this.#connections.get(id);
        if (connection === undefined) this.#left(id, userId);
        else if (connection.session !== null && connection.session.expiresAt <= now) {
          this.close(connection, CLOSE.policy, "the token has expired");
        }
      }
      if (this.#connections.size > 0) this.#arm();
    }

    #arm(): void {
      if (this.#armed) return;
      this.#armed = true;
      this.ctx.waitUntil(this.ctx.storage.setAlarm(Date.now() + GATEWAY.sweepMs));
    }
  };
}
