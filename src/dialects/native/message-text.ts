/**
 * Messages as `/v1` writes them, straight as JSON: a page of history is mostly this, and to build fifty objects only to
 * write them out takes twice as long. Says letter by letter what `Render.seen` says. Knows no transport.
 */

import type { Attachment, SeenMessage } from "../../core/message.ts";
import type { Person } from "../../core/people.ts";

const MINUTE_MS = 60_000;

const padded = (count: number, digits: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => String(n).padStart(digits, "0"));
const SECONDS = padded(60, 2);
const MILLISECONDS = padded(1_000, 3);

/** ISO times; what lies in the same minute as the one before has the same beginning. */
function createIso(): (ms: number) => string {
  let from = Number.NaN;
  let start = "";
  return (ms) => {
    if (!(ms >= from && ms < from + MINUTE_MS)) {
      from = Math.floor(ms / MINUTE_MS) * MINUTE_MS;
      start = new Date(from).toISOString().slice(0, -"00.000Z".length);
    }
    const rest = ms - from;
    return `${start}${SECONDS[Math.floor(rest / 1_000)]}.${MILLISECONDS[rest % 1_000]}Z`;
  };
}

/** `attachment`: how one of them looks. */
export function createMessageText(
  person: (one: Person) => object,
  attachment: (one: Attachment, origin: string) => object,
): (message: SeenMessage, origin: string) => string {
  const iso = createIso();
  const isoOrNull = (ms: number | null): string => (ms === null ? "null" : `"${iso(ms)}"`);
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

  return (message, origin) =>
    `{"id":${message.id},"chat_id":${message.chatId},"seq":${message.seq},"rev":${message.rev},` +
    `"user":${personText(message.user)},"type":"${message.kind}","text":${JSON.stringify(message.text)},` +
    `"attachments":${attachmentsText(message.attachments, origin)},"data":${JSON.stringify(message.data)},` +
    `"reply_to":${message.replyTo},"client_id":${JSON.stringify(message.clientId)},` +
    `"created_at":"${iso(message.createdAt)}","edited_at":${isoOrNull(message.editedAt)},` +
    `"deleted_at":${isoOrNull(message.deletedAt)},"read":${message.read}}`;
}
