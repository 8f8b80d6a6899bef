/**
 * Knows how the parts of the state go together while somebody is logged in, and that nothing stays when they leave.
 * Must not know any view.
 */

import { computed, effect } from "@preact/signals";
import { chats, current, listed } from "./chats.ts";
import { forgetCompositions } from "./compose.ts";
import { connect, connectChat, connected, disconnect } from "./connection.ts";
import { drafts, followDrafts, restoreDrafts } from "./drafts.ts";
import { dropHistories } from "./history.ts";
import { followInterests } from "./interests.ts";
import { followUnread, notify } from "./notifications.ts";
import { flush, followOutbox, hideOutbox, outbox, restoreOutbox, settle } from "./outbox.ts";
import { forgetMoments } from "./moments.ts";
import { forgetPeople } from "./people.ts";
import { rosters } from "./rosters.ts";
import { followAddress, show } from "./route.ts";
import { ask, followOtherTabs, selfId, session } from "./session.ts";
import { followSeen, forgetSeen, restoreSeen } from "./snapshot.ts";
import { catchUp, hear, refresh } from "./sync.ts";
import { writers } from "./typing.ts";

const RETRY_MS = 5_000;

const token = computed(() => session.value?.token ?? null);

export function start(title: string): void {
  followAddress();
  followOtherTabs();
  followOutbox();
  followDrafts();
  followSeen();
  followUnread(title);
  followInterests();
  let user = 0;
  effect(() => {
    const now = token.value;
    forget();
    // Another tab that logs out has cleared the disk, but this one may have kept something there since.
    if (user !== 0 && now === null) void forgetSeen(user);
    user = selfId();
    if (now !== null) void begin(now, user);
  });
  effect(() => {
    const now = token.value;
    const chat = current.value?.id ?? null;
    connectChat(now ?? "", now === null ? null : chat);
  });
}

async function begin(now: string, user: number): Promise<void> {
  restoreDrafts();
  void restoreOutbox(user);
  await restoreSeen(user);
  if (token.peek() !== now) return;
  connect(now, {
    hear: (event, all) => {
      hear(event, all, user);
      if (all) notify(event, user);
      if (event.event === "message.created" && event.message.user.id === user) settleOwn(event.message.client_id);
    },
    opened: () => {
      void catchUpUntilDone(now);
      flush();
    },
    chatOpened: (chatId) => void refresh(chatId).catch(() => undefined),
    // A socket that is refused does not say why; a request does. And where sockets are not let through, one can read.
    lost: () => void (listed.peek() ? ask("GET", "/me") : catchUp()).catch(() => undefined),
  });
}

/** Another tab has sent it, or we have and the answer was lost. */
function settleOwn(clientId: string | null): void {
  if (clientId !== null && outbox.peek().some((item) => item.clientId === clientId)) void settle(clientId);
}

async function catchUpUntilDone(now: string): Promise<void> {
  try {
    await catchUp();
  } catch {
    if (token.peek() === now && connected.peek()) setTimeout(() => void catchUpUntilDone(now), RETRY_MS);
  }
}

let begun = false;
function forget(): void {
  disconnect();
  chats.value = new Map();
  dropHistories();
  rosters.value = new Map();
  writers.value = new Map();
  drafts.value = {};
  forgetPeople();
  forgetMoments();
  forgetCompositions();
  hideOutbox();
  listed.value = false;
  // The chat in the address stays over a reload, but not for the next one who logs in.
  if (begun) show(null);
  begun = true;
}
