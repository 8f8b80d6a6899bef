/**
 * Knows how what was seen last is kept on the disk, so that the page begins with it, also without a connection.
 * Must not know how it is brought up to date.
 */

import { effect } from "@preact/signals";
import type { Chat, Member, Message } from "../api/shapes.ts";
import { chatList, chats } from "./chats.ts";
import { keep, one, remove } from "./database.ts";
import { historyOf, openHistory, opened } from "./history.ts";
import { putRoster, rosters } from "./rosters.ts";
import { selfId } from "./session.ts";

interface Seen {
  readonly user: number;
  readonly chats: readonly Chat[];
  readonly opened: readonly {
    readonly id: number;
    readonly rev: number;
    readonly messages: readonly Message[];
    readonly members: readonly Member[];
  }[];
}

const CHATS = 200;
const OPENED = 20;
/** The newest messages of an opened chat, and its members, that are kept. */
const MESSAGES = 60;
const MEMBERS = 200;
const PAUSE_MS = 400;

/** Shows what was seen last; whatever has come from the server meanwhile stays. */
export async function restoreSeen(user: number): Promise<void> {
  const seen = await one<Seen>("seen", user);
  if (!seen || selfId() !== user || chats.peek().size > 0) return;
  chats.value = new Map(seen.chats.map((chat) => [chat.id, chat]));
  for (const { id, rev, messages, members } of seen.opened) {
    const last = chats.peek().get(id)?.last_message ?? null;
    openHistory(id, rev).put(last === null ? messages : [...messages, last]);
    if (members.length > 0) putRoster(id, members);
  }
}

function take(): Seen {
  const ids = [...opened()].filter((id) => chats.peek().has(id)).slice(-OPENED);
  return {
    user: selfId(),
    chats: chatList.peek().slice(0, CHATS),
    opened: ids.flatMap((id) => {
      const history = historyOf(id);
      if (history === undefined) return [];
      const last = chats.peek().get(id)?.last_seq ?? 0;
      const messages = [...history.messages.values()].filter((message) => message.seq > last - MESSAGES);
      const members = [...(rosters.peek().get(id)?.values() ?? [])];
      return [{ id, rev: history.rev, messages, members: members.length > MEMBERS ? [] : members }];
    }),
  };
}

export async function forgetSeen(user: number): Promise<void> {
  clearTimeout(timer);
  timer = undefined;
  await remove("seen", user);
}

let timer: ReturnType<typeof setTimeout> | undefined;
let keptAt = 0;

function save(): void {
  clearTimeout(timer);
  timer = undefined;
  if (selfId() === 0 || chats.peek().size === 0) return;
  keptAt = Date.now();
  void keep("seen", take());
}

export function followSeen(): void {
  effect(() => {
    if (chats.value.size > 0 && rosters.value.size >= 0)
      timer ??= setTimeout(save, Math.max(PAUSE_MS - (Date.now() - keptAt), 50));
  });
  addEventListener("pagehide", () => timer !== undefined && save());
}
