/** One connection on a Gateway: its socket, and what it bears through hibernation. Knows no other object. */

import { FLOOD } from "../../core/limits.ts";
import type { Json } from "../../core/message.ts";
import type { Session } from "../../core/people.ts";
import type { Connection } from "../../core/wire.ts";
import { Bucket, sendTo } from "../sockets.ts";

/** What a socket's attachment holds (16 KiB at most). */
export interface Attached {
  readonly id: string;
  readonly session: Session | null;
  readonly username: string | null;
  readonly origin: string;
  readonly state: Json;
}

/** What a connection needs of its Gateway. */
export interface Host {
  identify(connection: SocketConnection, session: Session, username: string): Promise<boolean>;
  close(connection: SocketConnection, code: number, reason: string): void;
  follow(id: string, kind: "chat" | "user", target: number): boolean;
  unfollow(id: string, kind: "chat" | "user", target: number): void;
}

export class SocketConnection implements Connection {
  readonly socket: WebSocket;
  readonly bucket = new Bucket(FLOOD.burst, FLOOD.perSecond, Date.now());
  /** The frame that is being worked on; the next one waits for it. */
  turn: Promise<void> | undefined;
  readonly #host: Host;
  #attached: Attached;

  constructor(socket: WebSocket, attached: Attached, host: Host) {
    this.socket = socket;
    this.#attached = attached;
    this.#host = host;
  }

  get id(): string {
    return this.#attached.id;
  }

  get session(): Session | null {
    return this.#attached.session;
  }

  get username(): string | null {
    return this.#attached.username;
  }

  get origin(): string {
    return this.#attached.origin;
  }

  get state(): Json {
    return this.#attached.state;
  }

  set state(state: Json) {
    this.#keep({ ...this.#attached, state });
  }

  send(frame: string): void {
    sendTo(this.socket, frame);
  }

  close(code: number, reason: string): void {
    this.#host.close(this, code, reason);
  }

  identify(session: Session, username: string): Promise<boolean> {
    return this.#host.identify(this, session, username);
  }

  /** The Gateway has registered this connection as `session`'s. */
  identified(session: Session, username: string): void {
    this.#keep({ ...this.#attached, session, username });
  }

  follow(kind: "chat" | "user", target: number): boolean {
    return this.#host.follow(this.id, kind, target);
  }

  unfollow(kind: "chat" | "user", target: number): void {
    this.#host.unfollow(this.id, kind, target);
  }

  #keep(attached: Attached): void {
    this.#attached = attached;
    this.socket.serializeAttachment(attached);
  }
}
