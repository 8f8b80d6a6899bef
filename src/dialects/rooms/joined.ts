/** What is kept about a connection of `rooms`: the room that it has joined. */

import type { AppId, ChatId } from "../../core/ids.ts";
import type { Json } from "../../core/message.ts";

export interface Joined {
  readonly id: ChatId;
  readonly app: AppId;
  readonly name: string;
}

/** The room that a connection has joined, by its state. */
export const joinedIn = (state: Json | undefined): Joined | null => (state ?? null) as unknown as Joined | null;

export const stateOf = (joined: Joined | null): Json => joined && { ...joined };
