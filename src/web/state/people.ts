/**
 * Knows the people that were met: their names, whether they are connected, and since when they are not.
 * Must not know chats.
 */

import { signal } from "@preact/signals";
import type { Person } from "../api/shapes.ts";
import { noteTold, wasToldSince } from "./moments.ts";

export interface Presence {
  readonly online: boolean;
  /** When their last connection closed; null where there was none, undefined as long as nobody has asked. */
  readonly lastSeen?: string | null;
}

const people = new Map<number, Person>();
export const personOf = (id: number): Person | undefined => people.get(id);
export const meet = (person: Person): void => void people.set(person.id, person);

export const presences = signal<ReadonlyMap<number, Presence>>(new Map());

const presenceOf = (id: number): string => `presence/${id}`;
const put = (id: number, presence: Presence): void => {
  presences.value = new Map(presences.peek()).set(id, presence);
};

/** Somebody has come or gone. */
export function notePresence(id: number, online: boolean): void {
  noteTold(presenceOf(id));
  put(id, { online });
}

/** Whether somebody is there, as the answer to a question of the moment `asked` says. */
export function noteFound(id: number, online: boolean, asked: number): void {
  if (!wasToldSince(presenceOf(id), asked) && presences.peek().get(id)?.online !== online) put(id, { online });
}

/** Since when somebody is away, as far as it is known; of who has come back meanwhile it says nothing. */
export function noteLastSeen(id: number, lastSeen: string | null): void {
  if (presences.peek().get(id)?.online === false) put(id, { online: false, lastSeen });
}

export const isOnline = (id: number | undefined): boolean =>
  id !== undefined && presences.value.get(id)?.online === true;

/** Whether somebody has been connected since `iso`: what was sent then has got to them. */
export function wasThereSince(id: number, iso: string): boolean {
  const presence = presences.value.get(id);
  return presence !== undefined && (presence.online || (presence.lastSeen ?? "") >= iso);
}

export function forgetPeople(): void {
  people.clear();
  presences.value = new Map();
}
