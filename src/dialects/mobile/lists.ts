/** Whole lists of chats: `mobile` knows no pages of them. Knows the service's pages. */

import type { ChatKind, ListedChat } from "../../core/chat.ts";
import type { ChatId } from "../../core/ids.ts";
import type { Actor } from "../../core/people.ts";
import type { Service } from "../../service/service.ts";
import { byLastMessage } from "./render.ts";

/** Chats of one call: of nearly everyone all there are, so that a list is of one moment. */
const AT_ONCE = 500;

/** All chats of these kinds, by their last message. */
export async function allChats(
  service: Service,
  actor: Actor,
  kinds: readonly ChatKind[],
  unreadOnly: boolean,
): Promise<ListedChat[]> {
  const found = new Map<ChatId, ListedChat>();
  let cursor: string | undefined;
  do {
    const page = await service.chats.list(actor, { kinds, unreadOnly, limit: AT_ONCE, cursor });
    for (const chat of page.items) found.set(chat.id, chat);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return byLastMessage([...found.values()]);
}
