/** The core's messages as the document of `messenger` has its chats. Knows no event. */

import type { UserId } from "../../core/ids.ts";
import type { Json, Message } from "../../core/message.ts";
import type { Person } from "../../core/people.ts";

/** Where the link of an attachment leads: an absolute address that opens without a token for a while. */
type LinkTo = (origin: string, attachment: string) => string;

/** The two people of a direct chat, as one of them sees it; in a chat with oneself both are the same. */
export interface Pair {
  readonly self: { readonly id: UserId; readonly username: string };
  readonly peer: Pick<Person, "id" | "username">;
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** What has no field in the document is there only where there is something to say. */
function more({ kind, data }: Message): { type?: string; data?: Json } {
  return data === null ? {} : { type: kind, data };
}

export function createRender(linkTo: LinkTo) {
  return {
    /** `Chat` of the document, with the second set of names. `read`: as the core says it to the viewer. */
    chat(message: Message, read: boolean, { self, peer }: Pair, origin: string) {
      const sender = message.user.username;
      const recipient = message.user.id === self.id ? peer.username : self.username;
      // A link is made anew each time, so that it opens for as long as somebody asks for the chat.
      const media = message.attachments.map((attachment) => linkTo(origin, attachment.id));
      return {
        id: message.id,
        sender,
        recipient,
        message: message.text ?? "",
        // What one writes to oneself, its recipient knows.
        has_read: read || peer.id === self.id,
        media,
        senderUsername: sender,
        recipientUsername: recipient,
        mediaIds: media,
        created_at: iso(message.createdAt),
        updated_at: iso(message.editedAt ?? message.createdAt),
        ...more(message),
      };
    },
    /** The address of an upload. */
    link: linkTo,
  };
}

export type Render = ReturnType<typeof createRender>;
