/**
 * The numbers that name things, told apart by type. Knows how a message id is made of a chat and a
 * sequence number; knows nothing of where ids come from.
 */

declare const brand: unique symbol;
type Branded<Name extends string> = number & { readonly [brand]: Name };

export type AppId = Branded<"AppId">;
export type UserId = Branded<"UserId">;
export type ChatId = Branded<"ChatId">;
/** Position of a message in its chat: 1, 2, 3 … without gaps. */
export type Seq = Branded<"Seq">;
export type MessageId = Branded<"MessageId">;

/** How many messages a chat can hold: a message id is `chat * SEQS_PER_CHAT + seq`. */
export const SEQS_PER_CHAT = 2 ** 24;
/** The largest chat id whose messages still have safe integers for ids. */
export const MAX_CHAT_ID = Math.floor(Number.MAX_SAFE_INTEGER / SEQS_PER_CHAT) - 1;

function positive(value: number, max: number, what: string): number {
  if (!Number.isSafeInteger(value) || value < 1 || value > max) throw new RangeError(`not ${what}: ${value}`);
  return value;
}

export const appId = (value: number): AppId => positive(value, Number.MAX_SAFE_INTEGER, "an app id") as AppId;
export const userId = (value: number): UserId => positive(value, Number.MAX_SAFE_INTEGER, "a user id") as UserId;
export const chatId = (value: number): ChatId => positive(value, MAX_CHAT_ID, "a chat id") as ChatId;
export const seq = (value: number): Seq => positive(value, SEQS_PER_CHAT - 1, "a sequence number") as Seq;

/** The id of the message at `at` in `chat`: unique everywhere, ascending in its chat. */
export function messageId(chat: ChatId, at: number): MessageId {
  return (chat * SEQS_PER_CHAT + at) as MessageId;
}

/** The chat and the position that a message id names, or null where it names none. */
export function splitMessageId(id: number): { chat: ChatId; seq: Seq } | null {
  if (!Number.isSafeInteger(id) || id <= SEQS_PER_CHAT) return null;
  const chat = Math.floor(id / SEQS_PER_CHAT);
  const at = id % SEQS_PER_CHAT;
  if (at === 0 || chat > MAX_CHAT_ID) return null;
  return { chat: chatId(chat), seq: seq(at) };
}
