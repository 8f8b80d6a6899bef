/** One connection on a Gateway: how it is reached, and what it bears through hibernation. Knows no other object. */

import type { AppId } from "../../core/ids.ts";
import { FLOOD } from "../../core/limits.ts";
import type { Json } from "../../core/message.ts";
import type { Session } from "../../core/people.ts";
import type { Connection } from "../../core/wire.ts";
import type { Bucket } from "../sockets.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { SubscriptionKind } from "./subscriptions.ts";

/** What is kept of a connection; of one that is a socket, in its attachment (16 KiB at most). */
export interface Attached {
  readonly id: string;
  readonly session: Session | null;
  /** The id that its user's Inbox knows it and others by; null: its own. */
  readonly share: string | null;
  readonly username: string | null;
  readonly app: AppId | null;
  readonly origin: string;
  readonly state: Json;
  /** The id of the request that opened it, for the log. */
  readonly request: string | null;
  /** Of one whose client has sent a ping that the runtime has answered. */
  readonly heartbeat?: Heartbeat;
}

/** What a connection needs of its Gateway. */
export interface Host {
  /** A bucket against floods, for the frames of so many users. */
  bucket(users: number): Bucket;
  identify(connection: HeldConnection, session: Session, username: string): Promise<boolean>;
  serve(app: AppId): Promise<void>;
  close(connection: HeldConnection, code: number, reason: string): void;
  follow(id: string, kind: "chat" | "user", target: number): boolean;
  unfollow(id: string, kind: "chat" | "user", target: number): void;
  subscribe(connection: HeldConnection, to: SubscriptionKind, target: number): Promise<boolean>;
  isSubscribed(id: string, to: SubscriptionKind, target: number): boolean;
}

/** How a connection is reached, and where its state is kept. */
export interface Line {
  send(frame: string): void;
  close(code: number, reason: string): void;
  keep(attached: Attached): void;
}

export class HeldConnection implements Connection {
  readonly line: Line;
  bucket: Bucket;
  /** The frame that is being worked on; the next one waits for it. */
  turn: Promise<void> | undefined;
  readonly #host: Host;
  #attached: Attached;

  constructor(line: Line, attached: Attached, host: Host) {
    this.line = line;
    this.bucket = host.bucket(attached.app === null ? 1 : FLOOD.usersOfApp);
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

  get app(): AppId | null {
    return this.#attached.app;
  }

  get request(): string | null {
    return this.#attached.request;
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

  get heartbeat(): Heartbeat | undefined {
    return this.#attached.heartbeat;
  }

  set heartbeat(heartbeat: Heartbeat) {
    this.#keep({ ...this.#attached, heartbeat });
  }

  send(frame: string): void {
    this.line.send(frame);
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

  async serve(app: AppId): Promise<void> {
    this.#keep({ ...this.#attached, app });
    this.bucket = this.#host.bucket(FLOOD.usersOfApp);
    await this.#host.serve(app);
  }

  follow(kind: "chat" | "user", target: number): boolean {
    return this.#host.follow(this.id, kind, target);
  }

  unfollow(kind: "chat" | "user", target: number): void {
    this.#host.unfollow(this.id, kind, target);
  }

  subscribe(to: SubscriptionKind, target: number): Promise<boolean> {
    return this.#host.subscribe(this, to, target);
  }

  isSubscribed(to: SubscriptionKind, target: number): boolean {
    return this.#host.isSubscribed(this.id, to, target);
  }

  #keep(attached: Attached): void {
    this.#attached = attached;
    this.line.keep(attached);
  }
}
