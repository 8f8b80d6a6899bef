/**
 * What can be asked of a chat: one tagged type, so that every way in (a request, a Gateway, the chat's
 * own socket) speaks to it alike. Knows nothing of how a command arrived.
 */

import type { Changes, Chat, ChatKind, DetailedChat, ListedChat } from "./chat.ts";
import type { MessageId, UserId } from "./ids.ts";
import type { Draft, Json, Message, SeenMessage } from "./message.ts";
import type { Person, Role } from "./people.ts";

interface Table {
  /** The same `clientId` of the same sender again: the stored message, `created` false. */
  "message.send": { args: { draft: Draft }; result: { message: SeenMessage; created: boolean } };
  "message.edit": { args: { messageId: number; text: string }; result: { message: SeenMessage } };
  "message.delete": { args: { messageId: number }; result: { messageId: MessageId } };
  /** Newest first; oldest first with `after`. `next` is the cursor that goes on from here. */
  "message.list": { args: Page; result: { items: readonly SeenMessage[]; next: MessageId | null } };
  /** What an app as a whole may see of its chat: what was sent between two times, both included, and not deleted; newest first. */
  "message.range": {
    args: { from: number | null; to: number | null; before: MessageId | null; limit: number };
    result: { items: readonly Message[]; next: MessageId | null };
  };
  /** One message alone, all up to one, or all. `received`: the one message must not be one that the reader wrote to somebody else. */
  read: {
    args: {
      messageId?: number | undefined;
      upTo?: number | undefined;
      received?: boolean | undefined;
      /** Those who are in the room hear of it even if nothing was unread. */
      inRoom?: boolean | undefined;
    };
    /** `changed`: exactly the messages that were unread before. */
    result: { unread: number; changed: readonly MessageId[] };
  };
  /** The oldest unread messages of others, read by being fetched; those that were sent to be consumed are deleted then. */
  "message.fetch": { args: { limit: number }; result: { items: readonly SeenMessage[]; left: number } };
  /** What anyone in the app may see of a room. */
  "room.peek": { args: Record<never, never>; result: Chat };
  /** Whoever is in the app joins a room; a member already: nothing happens. */
  "room.join": { args: { person: Person }; result: DetailedChat };
  typing: { args: { on: boolean; said?: Json | undefined }; result: Record<never, never> };
  changes: { args: { since: number }; result: Changes };
  "chat.get": { args: Record<never, never>; result: DetailedChat };
  "chat.rename": { args: { title: string | null }; result: ListedChat };
  "chat.erase": { args: Record<never, never>; result: Record<never, never> };
  "member.add": { args: { users: readonly Person[]; role: Role }; result: DetailedChat };
  "member.remove": { args: { users: readonly UserId[] }; result: DetailedChat };
  "member.role": { args: { user: UserId; role: Role }; result: DetailedChat };
}

export interface Page {
  readonly before?: number | undefined;
  readonly after?: number | undefined;
  readonly limit?: number | undefined;
  /** How many of the newest are left out. */
  readonly skip?: number | undefined;
  /** Without the places of deleted messages; newest first whatever the bounds are, which may both be given. */
  readonly present?: boolean | undefined;
}

export type CommandName = keyof Table;
/**
 * A command, e.g. `{ do: "read", upTo: 17 }`. `kinds`: for whoever asks there are only such chats; any other is not found.
 * `inOrder`: the answer goes out once all that came before it has been told to whoever asks; for dialects whose frames bear
 * nothing to sort by.
 */
export type CommandOf<Name extends CommandName> = {
  readonly do: Name;
  readonly kinds?: readonly ChatKind[] | undefined;
  readonly inOrder?: boolean | undefined;
} & Readonly<Table[Name]["args"]>;
export type Command = { [Name in CommandName]: CommandOf<Name> }[CommandName];
export type ResultOf<Name extends CommandName> = Table[Name]["result"];
/** A result that says which command it answers. */
export type Answer = { [Name in CommandName]: { readonly do: Name; readonly result: ResultOf<Name> } }[CommandName];

/** A part of a chat's log. Such answers are long: the chat writes them out itself for requests too. */
export type LogQuery = CommandOf<"message.list"> | CommandOf<"changes">;
export type LogAnswer = Extract<Answer, { do: LogQuery["do"] }>;
