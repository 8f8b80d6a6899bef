/**
 * Messages as `/v1` writes them, straight as JSON: a page of history is mostly this, and to build fifty objects only to
 * write them out takes twice as long. Says letter by letter what `Render.seen` says. Knows no transport.
 */

import type { Attachment, Json, Message, SeenMessage } from "../../core/message.ts";
import type { Person } from "../../core/people.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

const padded = (count: number, digits: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => String(n).padStart(digits, "0"));
const SECONDS = padded(60, 2);
const MILLISECONDS = padded(1_000, 3);

/** ISO times; what lies in the same minute, or second, as the one before has the same beginning. */
function createIso(): (ms: number) => string {
  let from = Number.NaN;
  let start = "";
  let second = Number.NaN;
  let opening = "";
  return (ms) => {
    if (!(ms >= second && ms < second + SECOND_MS)) {
      if (!(ms >= from && ms < from + MINUTE_MS)) {
        from = Math.floor(ms / MINUTE_MS) * MINUTE_MS;
        start = new Date(from).toISOString().slice(0, -"00.000Z".length);
      }
      second = ms - ((ms - from) % SECOND_MS);
      opening = `${start}${SECONDS[(second - from) / SECOND_MS]}.`;
    }
    return `${opening}${MILLISECONDS[ms - second]}Z`;
  };
}

const PLAIN = ',"attachments":[],"data":null,"reply_to":null,"client_id":';

const jsonOrNull = (value: Json): string => (value === null ? "null" : JSON.stringify(value));

/** What JSON writes otherwise than it is: quotes, backslashes, control characters, and halves of surrogate pairs. */
const ESCAPED = /["\\\p{Cc}\p{Cs}]/u;

/** The same of a text, which mostly is written as it is; to see that takes half the time. */
const textOrNull = (text: string | null): string =>
  text === null ? "null" : ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`;

export interface MessageText {
  /** A message without what each viewer sees differently, and without the brace at its end. */
  readonly open: (message: Message, origin: string) => string;
  readonly seen: (message: SeenMessage, origin: string) => string;
}

/** `attachment`: how one of them looks. */
export function createMessageText(
  person: (one: Person) => object,
  attachment: (one: Attachment, origin: string) => object,
): MessageText {
  const iso = createIso();
  const isoOrNull = (ms: number | null): string => (ms === null ? "null" : `"${iso(ms)}"`);
  let writer: Person | undefined;
  let opening = "";
  const people = new WeakMap<Person, string>();

  function personText(one: Person): string {
    const known = people.get(one);
    if (known !== undefined) return known;
    const text = JSON.stringify(person(one));
    people.set(one, text);
    return text;
  }

  const attachmentsText = (all: readonly Attachment[], origin: string): string =>
    all.length === 0 ? "[]" : JSON.stringify(all.map((one) => attachment(one, origin)));

  /** All between the counters and the text of what `user` writes. */
  function openingOf(user: Person): string {
    if (user !== writer) [writer, opening] = [user, `,"user":${personText(user)},"type":"text","text":`];
    return opening;
  }

  /** What is only text is written in few pieces. */
  const plain = (message: Message): string =>
    `{"id":${message.id},"chat_id":${message.chatId},"seq":${message.seq},"rev":${message.rev}` +
    `${openingOf(message.user)}${textOrNull(message.text)}${PLAIN}${textOrNull(message.clientId)}` +
    `,"created_at":"${iso(message.createdAt)}","edited_at":null,"deleted_at":null`;

  const isPlain = ({ kind, attachments, data, replyTo, editedAt, deletedAt }: Message): boolean =>
    kind === "text" &&
    attachments.length === 0 &&
    data === null &&
    replyTo === null &&
    editedAt === null &&
    deletedAt === null;

  const written = (message: Message, origin: string): string =>
    `{"id":${message.id},"chat_id":${message.chatId},"seq":${message.seq},"rev":${message.rev},` +
    `"user":${personText(message.user)},"type":"${message.kind}","text":${jsonOrNull(message.text)},` +
    `"attachments":${attachmentsText(message.attachments, origin)},"data":${jsonOrNull(message.data)},` +
    `"reply_to":${message.replyTo},"client_id":${jsonOrNull(message.clientId)},` +
    `"created_at":"${iso(message.createdAt)}","edited_at":${isoOrNull(message.editedAt)},` +
    `"deleted_at":${isoOrNull(message.deletedAt)}`;

  // A message that was just sent is written for its sender, and again for all who hear of it.
  let last: { readonly message: Message; readonly text: string } | undefined;
  const open = (message: Message, origin: string): string => {
    // Links of files change.
    if (message.attachments.length > 0) return written(message, origin);
    if (last?.message.id === message.id && last.message.rev === message.rev && last.message.user === message.user)
      return last.text;
    last = { message, text: isPlain(message) ? plain(message) : written(message, origin) };
    return last.text;
  };

  return { open, seen: (message, origin) => `${open(message, origin)},"read":${message.read}}` };
}
