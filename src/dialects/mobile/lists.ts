/** Whole lists of chats: `mobile` knows no pages of them. Knows the service's pages. */

import type { ChatKind, ListedChat } from "../../core/chat.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Actor } from "../../core/people.ts";
import type { Service } from "../../service/service.ts";
import { byLastMessage } from "./render.ts";

/** All chats of these kinds, by their last message. */
export async function allChats(
  service: Service,
  actor: Actor,
  kinds: readonly ChatKind[],
  unreadOnly: boolean,
): Promise<ListedChat[]> {
  const found: ListedChat[] = [];
  let cursor: string | undefined;
  do {
    const page = await service.chats.list(actor, { kinds, unreadOnly, limit: LIMITS.page, cursor });
    found.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return byLastMessage(found);
}
