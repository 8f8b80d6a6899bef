/**
 * Knows the people that were met: their names, whether they are connected, and since when they are not.
 * Must not know chats.
 */

import { signal } from "@preact/signals";
import type { Person } from "../api/shapes.ts";

export interface Presence {
  readonly online: boolean;
  /** When their last connection closed; null where there was none, undefined as long as nobody has asked. */
  readonly lastSeen?: string | null;
}

const people = new Map<number, Person>();
export const personOf = (id: number): Person | undefined => people.get(id);
export const meet = (person: Person): void => void people.set(person.id, person);

export const presences = signal<ReadonlyMap<number, Presence>>(new Map());

export function notePresence(id: number, presence: Presence): void {
  presences.value = new Map(presences.peek()).set(id, presence);
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
