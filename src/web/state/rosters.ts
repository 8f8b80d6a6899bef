/**
 * Knows who is in the chats that were opened, as what, and how far each has read.
 * Must not know messages.
 */

import { signal } from "@preact/signals";
import type { Member } from "../api/shapes.ts";
import { meet } from "./people.ts";

export interface Place extends Member {
  /** Single messages read past `read_seq`. */
  readonly alone: ReadonlySet<number>;
}

export type Roster = ReadonlyMap<number, Place>;

export const rosters = signal<ReadonlyMap<number, Roster>>(new Map());

const NONE: ReadonlySet<number> = new Set();

function set(chatId: number, roster: Roster | null): void {
  const next = new Map(rosters.peek());
  if (roster === null) next.delete(chatId);
  else next.set(chatId, roster);
  rosters.value = next;
}

/** All members of a chat, in the order in which they came. */
export function putRoster(chatId: number, members: readonly Member[]): void {
  const known = rosters.peek().get(chatId);
  const places = members.map((member): [number, Place] => {
    meet(member.user);
    const old = known?.get(member.user.id);
    return [
      member.user.id,
      { ...member, read_seq: Math.max(member.read_seq, old?.read_seq ?? 0), alone: old?.alone ?? NONE },
    ];
  });
  set(chatId, new Map(places));
}

/** Somebody came, or has another role. */
export function putMember(chatId: number, member: Member): void {
  meet(member.user);
  const known = rosters.peek().get(chatId);
  if (known === undefined) return;
  const old = known.get(member.user.id);
  set(
    chatId,
    new Map(known).set(member.user.id, {
      ...member,
      read_seq: Math.max(member.read_seq, old?.read_seq ?? 0),
      alone: old?.alone ?? NONE,
    }),
  );
}

export function dropMember(chatId: number, userId: number): void {
  const known = rosters.peek().get(chatId);
  if (known === undefined) return;
  const next = new Map(known);
  next.delete(userId);
  set(chatId, next);
}

export function noteRead(chatId: number, userId: number, upTo: number, alone: readonly number[]): void {
  const known = rosters.peek().get(chatId);
  const place = known?.get(userId);
  if (known === undefined || place === undefined) return;
  set(
    chatId,
    new Map(known).set(userId, {
      ...place,
      read_seq: Math.max(place.read_seq, upTo),
      alone: alone.length === 0 ? place.alone : new Set([...place.alone, ...alone]),
    }),
  );
}

export const dropRoster = (chatId: number): void => set(chatId, null);

/** Who but its author has read a message. */
export function readersOf(roster: Roster | undefined, seq: number, author: number): Place[] {
  return [...(roster?.values() ?? [])].filter(
    ({ user, read_seq, alone }) => user.id !== author && (read_seq >= seq || alone.has(seq)),
  );
}
