/**
 * Who is on a chat by its own sockets, as far as their Inboxes, and the time after a crash, have to know. A user who is here
 * by one token is one standing, however many sockets they have open. Knows no socket and no frame.
 */

import type { UserId } from "../../core/ids.ts";
import type { Session } from "../../core/people.ts";
import { Gathered } from "../gathered.ts";
import type { InboxCalls } from "../rpc.ts";
import { placeOf } from "../rpc.ts";
import { isEmpty } from "../sql.ts";

/** What a user's Inbox knows of as a connection of theirs, and ends with its token. */
export interface Standing {
  readonly id: string;
  readonly userId: UserId;
}

/** `id`: of one of the connections. */
export const standingOf = ({
  id,
  userId,
  tokenId,
}: Pick<Session, "userId" | "tokenId"> & { id: string }): Standing => ({
  id: `${placeOf(id)}#${userId}/${tokenId}`,
  userId,
});

/** What of the chat is used here. */
export interface Surroundings {
  readonly graceMs: number;
  readonly inbox: (user: UserId) => Pick<InboxCalls, "addConnection" | "removeConnections">;
  /** How many sockets are being opened. */
  readonly opening: () => number;
  /** A row was written. */
  readonly written: () => void;
  readonly later: (work: Promise<void>) => void;
  readonly report: (fault: unknown, user: UserId) => void;
}

export class Standings {
  readonly #sql: SqlStorage;
  readonly #chat: Surroundings;
  readonly #entered: Gathered<Standing>;
  /** By standing: the call that tells the Inbox that it is over. */
  readonly #goings = new Map<string, Promise<void>>();

  constructor(sql: SqlStorage, chat: Surroundings) {
    this.#sql = sql;
    this.#chat = chat;
    this.#entered = new Gathered((all) => this.#note(all), chat.opening);
  }

  /** The user's Inbox knows of it from now on. False: their token has ended. */
  async enter(standing: Standing, session: Session): Promise<boolean> {
    const { tokenId, expiresAt } = session;
    // Calls to one object may overtake each other.
    await this.#goings.get(standing.id);
    const connection = { id: standing.id, tokenId, expiresAt, graceMs: this.#chat.graceMs };
    return (await this.#chat.inbox(session.userId).addConnection(session, null, connection)) !== null;
  }

  /** Notes who is here, for the time after a crash. */
  note(standing: Standing): Promise<void> {
    return this.#entered.add(standing);
  }

  #note(all: readonly Standing[]): void {
    // The chat may have been erased meanwhile.
    if (isEmpty(this.#sql)) return;
    for (const { id, userId } of all)
      this.#sql.exec("INSERT OR REPLACE INTO sockets (connection, user_id) VALUES (?, ?)", id, userId);
    this.#chat.written();
  }

  /** The last socket is gone. */
  leave({ id, userId }: Standing): void {
    if (!isEmpty(this.#sql)) {
      this.#sql.exec("DELETE FROM sockets WHERE connection = ?", id);
      this.#chat.written();
    }
    const told = this.#chat
      .inbox(userId)
      .removeConnections([id])
      .catch((fault: unknown) => this.#chat.report(fault, userId))
      .finally(() => {
        if (this.#goings.get(id) === told) this.#goings.delete(id);
      });
    this.#goings.set(id, told);
    this.#chat.later(told);
  }

  /** Those that were noted and are not among `present`: a crash has left them behind. */
  missing(present: ReadonlySet<string>): Standing[] {
    return this.#sql
      .exec<{ connection: string; user_id: number }>("SELECT connection, user_id FROM sockets")
      .toArray()
      .filter((row) => !present.has(row.connection))
      .map((row) => ({ id: row.connection, userId: row.user_id as UserId }));
  }
}
