/**
 * How a Gateway's connections are known to others: by which id the user's Inbox has them, and what they listen to; what is
 * stored of both for the time after a crash. Knows Inboxes and Chats; knows no socket and no frame.
 */

import type { AppId, ChatId, UserId } from "../../core/ids.ts";
import { GATEWAY } from "../../core/limits.ts";
import type { Session } from "../../core/people.ts";
import { logFault } from "../../log.ts";
import { Gathered } from "../gathered.ts";
import type { ObjectBindings } from "../rpc.ts";
import { chatStub, inboxStub } from "../rpc.ts";
import type { Attached, HeldConnection } from "./connection.ts";
import type { Roster } from "./roster.ts";
import type { Share } from "./shares.ts";
import { Shares } from "./shares.ts";

/** What of the Gateway is used here. */
export interface Surroundings {
  readonly name: string;
  readonly graceMs: number;
  /** The connection, if it stands. */
  standing(id: string): HeldConnection | undefined;
  /** A user of this app has come. */
  entered(app: AppId): Promise<void>;
  /** The token has ended: whoever this id stands for is closed. */
  close(id: string): Promise<void>;
  later(work: Promise<unknown>): void;
}

/** A connection that may stand. */
export interface Admitted {
  readonly username: string;
  /** The id that the Inbox knows it and others by; null: its own. */
  readonly share: string | null;
}

export class Entries {
  readonly #env: ObjectBindings;
  readonly #roster: Roster;
  readonly #gateway: Surroundings;
  readonly #shares: Shares;
  /** What is being entered: it can be closed, and counts as open, before there is a socket. */
  readonly #opening = new Set<string>();
  /** How many connections are being opened that share what others are known by. */
  #joining = 0;
  readonly #noted: Gathered<{ readonly id: string; readonly session: Session }>;

  constructor(env: ObjectBindings, roster: Roster, gateway: Surroundings) {
    this.#env = env;
    this.#roster = roster;
    this.#gateway = gateway;
    this.#shares = new Shares(gateway.name);
    this.#noted = new Gathered(
      (all) => {
        for (const { id, session } of all) roster.add(id, session);
      },
      () => this.#opening.size,
    );
  }

  /** How many connections are being opened. */
  get opening(): number {
    return this.#opening.size + this.#joining;
  }

  /** One that there was before the object was evicted. @param isOpen it has not been closed since */
  restore({ id, session, share }: Attached, isOpen: boolean): void {
    if (session !== null) this.#shares.restore(id, session, share, isOpen);
  }

  /** A connection is being opened; null: its token has ended, before or while this was asked. */
  async open(id: string, session: Session): Promise<Admitted | null> {
    const share = this.#shares.join(id, session);
    const username = await (share === null ? this.#admit(id, session) : this.#join(id, share));
    return username === null ? null : { username, share: share?.id ?? null };
  }

  /** The user's name, if what has this id may stand. */
  async #admit(id: string, session: Session): Promise<string | null> {
    this.#opening.add(id);
    let username: string | null = null;
    try {
      username = await this.register(id, session, null);
    } finally {
      if (!this.#opening.delete(id)) username = null;
      if (username === null) this.left(id, session.userId);
    }
    return username;
  }

  /** The same for one that shares what others of its token are known by: what the Inbox has said of them lets it in for a while. */
  async #join(id: string, share: Share): Promise<string | null> {
    let username: string | null = null;
    this.#joining++;
    try {
      const now = Date.now();
      // Where the clock has gone back, what was asked "later" is old.
      if (share.asked === undefined || Math.abs(now - share.asked.at) > GATEWAY.trustMs)
        share.asked = { at: now, answer: this.#ask(share) };
      username = await share.asked.answer;
      if (this.#shares.get(share.id) !== share) username = null;
    } finally {
      this.#joining--;
      if (username === null) this.left(id, share.session.userId);
    }
    return username;
  }

  /** Whether what is shared stands, as far as the Inbox knows, which knows of it from now on. Where its token has ended, all are closed. */
  async #ask(share: Share): Promise<string | null> {
    const { id, session, isEntered } = share;
    let username: string | null | undefined;
    try {
      username = isEntered ? await this.#enter(id, session, null) : await this.#admit(id, session);
    } finally {
      // It could not be asked: whoever stands goes on doing so, and the next one asks again.
      if (username === undefined) share.asked = undefined;
      if (!isEntered && !username) this.#shares.end(id);
    }
    if (username !== null) share.isEntered = true;
    else if (isEntered) await this.#gateway.close(id);
    return username;
  }

  /** The name of the user whose connection it is from now on; null: the token has ended. */
  async register(id: string, session: Session, username: string | null): Promise<string | null> {
    const holder = await this.#enter(id, session, username);
    if (holder === null) return null;
    await this.#noted.add({ id, session });
    await this.#gateway.entered(session.appId);
    return holder;
  }

  /** The same, as far as the user's Inbox is concerned. */
  #enter(id: string, session: Session, username: string | null): Promise<string | null> {
    const { tokenId, expiresAt } = session;
    const connection = { id, tokenId, expiresAt, graceMs: this.#gateway.graceMs };
    return inboxStub(this.#env, session.userId).addConnection(session, username, connection);
  }

  /** Whom an id stands for: a connection, or all that share it; nobody yet, where it is being opened. Undefined: they are gone. */
  known(id: string): readonly HeldConnection[] | undefined {
    const connection = this.#gateway.standing(id);
    if (connection !== undefined) return [connection];
    const members = this.#shares.get(id)?.members ?? [];
    const those = [...members].flatMap((member) => this.#gateway.standing(member) ?? []);
    return those.length > 0 || this.#opening.has(id) ? those : undefined;
  }

  /** `close` is called for each connection that this id stands for; what is being opened with it will not stand. */
  end(id: string, close: (connection: HeldConnection) => void): void {
    this.#opening.delete(id);
    const those = this.known(id) ?? [];
    const share = this.#shares.end(id);
    for (const connection of those) close(connection);
    if (share !== undefined) this.left(id, share.session.userId);
  }

  /** Whoever counted on this connection is told that it is gone. */
  left(id: string, user: UserId): void {
    this.#letGo(id);
    const known = this.#shares.leave(id);
    if (known === null) return;
    this.#roster.remove(known);
    this.#tell(inboxStub(this.#env, user).removeConnections([known]), user);
  }

  /** The same, of whom it listened to. */
  #letGo(id: string): void {
    // Who lets go is not asked who they are.
    const nobody = { appId: 0 as AppId, userId: 0 as UserId };
    for (const { kind, target } of this.#roster.letGo(id)) {
      if (kind === "chat") this.#tell(chatStub(this.#env, target as ChatId).hear(nobody, id, false));
      else this.#tell(inboxStub(this.#env, target as UserId).unwatch(id));
    }
  }

  #tell(call: Promise<unknown>, user?: UserId): void {
    const gateway = this.#gateway.name;
    this.#gateway.later(call.catch((fault: unknown) => logFault("left", fault, { user, gateway })));
  }

  /** Lets go whom a crash has left behind. */
  sweep(): void {
    for (const { id, userId } of this.#roster.all()) {
      if (this.known(id) !== undefined) continue;
      this.#shares.end(id);
      this.left(id, userId);
    }
    for (const id of this.#roster.followers()) if (this.known(id) === undefined) this.#letGo(id);
  }
}
