/**
 * Knows the people that were met: their names, whether they are connected, and since when they are not.
 * Must not know chats.
 */

import { signal } from "@preact/signals";
import type { Person, Presence } from "../api/shapes.ts";

const people = new Map<number, Person>();
export const personOf = (id: number): Person | undefined => people.get(id);
export const meet = (person: Person): void => void people.set(person.id, person);

export const presences = signal<ReadonlyMap<number, Presence>>(new Map());

export function notePresence(id: number, { online, last_seen }: Presence): void {
  presences.value = new Map(presences.peek()).set(id, { online, last_seen });
}

export const isOnline = (id: number | undefined): boolean =>
  id !== undefined && presences.value.get(id)?.online === true;

/** Whether somebody has been connected since `iso`: what was sent then has got to them. */
export function wasThereSince(id: number, iso: string): boolean {
  const presence = presences.value.get(id);
  return presence !== undefined && (presence.online || (presence.last_seen ?? "") >= iso);
}

export function forgetPeople(): void {
  people.clear();
  presences.value = new Map();
}
