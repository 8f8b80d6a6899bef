/**
 * Knows how the parts of the state go together while somebody is logged in, and that nothing stays when they leave.
 * Must not know any view.
 */

import { effect } from "@preact/signals";
import { chats, listed, unreadTotal } from "./chats.ts";
import { connect, connected, disconnect, listenIn } from "./connection.ts";
import { histories } from "./history.ts";
import { flush, outbox, restoreOutbox } from "./outbox.ts";
import { followAddress, selected, show } from "./route.ts";
import { ask, followOtherTabs, session } from "./session.ts";
import { catchUp, hear } from "./sync.ts";
import { writers } from "./typing.ts";

const RETRY_MS = 5_000;

export function start(title: string): void {
  followAddress();
  followOtherTabs();
  effect(() => {
    const now = session.value;
    forget();
    if (now === null) return;
    restoreOutbox(now.user.id);
    connect(now.token, {
      hear: (event) => hear(event, now.user.id),
      opened: () => {
        void catchUpUntilDone(now.token);
        void flush();
      },
      // A socket that is refused does not say why; a request does. And where sockets are not let through, one can read.
      lost: () => void (listed.peek() ? ask("GET", "/me") : catchUp()).catch(() => undefined),
    });
  });
  effect(() => listenIn(selected.value));
  effect(() => {
    document.title = unreadTotal.value === 0 ? title : `(${unreadTotal.value}) ${title}`;
  });
}

async function catchUpUntilDone(token: string): Promise<void> {
  try {
    await catchUp();
  } catch {
    if (session.peek()?.token === token && connected.peek()) setTimeout(() => void catchUpUntilDone(token), RETRY_MS);
  }
}

let begun = false;
function forget(): void {
  disconnect();
  chats.value = new Map();
  histories.value = new Map();
  writers.value = new Map();
  outbox.value = [];
  listed.value = false;
  // The chat in the address stays over a reload, but not for the next one who logs in.
  if (begun) show(null);
  begun = true;
}
