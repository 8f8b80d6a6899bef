/** What the story asks of a person, whatever dialect they speak: one driver for each dialect implements it over that dialect's own wire. */

import { PATIENCE_MS } from "../patience.ts";
import type { Person } from "../people.ts";

/** A chat as a speaker addresses it: some dialects write to a person, others to a chat. */
export interface Place {
  readonly id: number;
  /** In a direct chat: the two people. */
  readonly pair?: readonly [number, number];
  /** The same, where they have to be known by name. */
  readonly people?: readonly [Person, Person];
  /** Of a room of the app. */
  readonly name?: string;
}

/** A message as this dialect shows it. */
export interface Line {
  readonly from: number;
  readonly text: string;
  readonly files: number;
}

export interface Speaker {
  readonly dialect: string;
  readonly person: Person;
  /** The dialect has a way to say these; the story leaves out what it has not. */
  readonly can: {
    readonly file: boolean;
    readonly receipt: boolean;
    readonly erase: boolean;
    readonly groups: boolean;
    readonly groupHistory: boolean;
    readonly live: boolean;
  };
  connect(): Promise<void>;
  /** In dialects that hear of one room at a time: of this one from now on. */
  enter?(place: Place): Promise<void>;
  /** Opens the direct chat with `other` by the dialect's own means and says `text` there. */
  begin(other: Person, text: string): Promise<Place>;
  say(place: Place, text: string): Promise<void>;
  sayFile(place: Place, name: string, bytes: Uint8Array): Promise<void>;
  readAll(place: Place): Promise<void>;
  /** Everything that was said since this speaker connected, in the order in which it was shown. */
  lines(place: Place): Promise<Line[]>;
  unread(place: Place): Promise<number>;
  /** How many of one's own messages are shown as read by somebody else. */
  receipts(place: Place): Promise<number>;
  /** Whether the chat is there for this speaker. */
  has(place: Place): Promise<boolean>;
  erase(place: Place): Promise<void>;
}

export function otherOf(place: Place, self: number): number {
  if (place.pair === undefined) throw new Error("not a direct chat");
  return place.pair[0] === self ? place.pair[1] : place.pair[0];
}

/** Asks until the answer is `wanted`, or gives the last one back for the assertion to show. */
export async function eventually<T>(ask: () => Promise<T>, wanted: T): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (JSON.stringify(answer) === JSON.stringify(wanted) || Date.now() > deadline) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
