/** What a command on a chat leaves behind: its result, and what is to be told to whom. Shapes only. */

import type { CommandName, ResultOf } from "../../core/commands.ts";
import type { ChatEvent } from "../../core/events.ts";
import type { UserId } from "../../core/ids.ts";

/** What a command leaves to be told. */
export interface Telling {
  readonly event: (viewer: UserId) => ChatEvent;
  /** The same for every viewer: it can be encoded once. */
  readonly shared: boolean;
  readonly to: readonly UserId[];
  /** For these people alone: it reaches their Inboxes even where the chat is large and they are offline. */
  readonly personal?: boolean;
}

export interface Commit {
  readonly tellings: readonly Telling[];
  /** Members whose row in their list changed. */
  readonly rows: readonly UserId[];
  /** Those who are no longer in the chat. */
  readonly removed: readonly UserId[];
  /** Title or membership changed: the directory follows. */
  readonly directory: boolean;
  /** The chat crossed the bound of large chats: everyone's row must say so. */
  readonly resized: boolean;
}

/** Nothing changed: there is nothing to tell. */
export const NOTHING: Commit = { tellings: [], rows: [], removed: [], directory: false, resized: false };

export interface Done<Name extends CommandName> {
  readonly result: ResultOf<Name>;
  readonly commit: Commit;
}
