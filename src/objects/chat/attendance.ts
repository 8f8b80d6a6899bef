/**
 * Who is in the room: tells those who are there who came, who left and who is there now. One telling after the other, so
 * that nobody is left with an older list; what happens meanwhile goes with the next. Knows no socket and no dialect.
 */

import type { ChatEvent, Typing, UserEvent } from "../../core/events.ts";
import type { UserId } from "../../core/ids.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Listener, Listeners } from "./listeners.ts";
import { isPresent } from "./listeners.ts";
import type { Room } from "./room.ts";

export class Attendance {
  readonly #room: Room;
  readonly #listeners: Listeners;
  readonly #waitUntil: (work: Promise<void>) => void;
  #news: UserEvent[] = [];
  /** Something has happened since what was told last. */
  #isStale = false;
  #isTelling = false;

  constructor(room: Room, listeners: Listeners, waitUntil: (work: Promise<void>) => void) {
    this.#room = room;
    this.#listeners = listeners;
    this.#waitUntil = waitUntil;
  }

  /** A connection comes in: the others hear of it, and all hear who is there. */
  enter(connection: string, userId: UserId, shownAs: string): void {
    if (this.#listeners.enter(connection, userId, shownAs))
      this.#announce({ type: "room.entered", chatId: this.#room.id, userId }, connection);
    this.#start();
  }

  /** These listen no more; those of them that were in the room have left it. */
  left(removed: readonly Listener[]): void {
    const present = removed.filter(isPresent);
    for (const { userId } of present) this.#announce({ type: "room.left", chatId: this.#room.id, userId }, null);
    if (present.length > 0) this.#start();
  }

  /** Everyone who listens hears it but the one who types; in the room that one too. */
  typing(event: Typing): void {
    const { userId } = event;
    this.#tellNow(event, (listener) => isPresent(listener) || listener.userId !== userId);
  }

  /** Somebody has looked at a room in which they had nothing unread. */
  seenBy(userId: UserId): void {
    const user = this.#room.members.person(userId);
    const event: ChatEvent = { type: "read", chatId: this.#room.id, userId, user, changed: [] };
    this.#tellNow(event, isPresent);
  }

  #tellNow(event: ChatEvent, isFor: (listener: Listener) => boolean): void {
    this.#waitUntil(this.#listeners.tell([{ event }], isFor).then((gone) => this.left(gone)));
  }

  #announce(event: ChatEvent, origin: string | null): void {
    this.#news.push({ event, origin });
  }

  #start(): void {
    this.#isStale = true;
    if (this.#isTelling) return;
    this.#isTelling = true;
    const done = this.#run().finally(() => {
      this.#isTelling = false;
    });
    this.#waitUntil(done);
  }

  async #run(): Promise<void> {
    while (this.#isStale) {
      this.#isStale = false;
      this.left(await this.#listeners.tell([...this.#news.splice(0), { event: this.#present() }], isPresent));
    }
  }

  #present(): ChatEvent {
    const { id, appId } = this.#room;
    const present = this.#listeners.present().slice(0, LIMITS.membersTold);
    return { type: "room.present", chatId: id, appId, present };
  }
}
