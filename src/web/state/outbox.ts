/**
 * Knows the messages on their way: each is sent again, in its order, until the server has it or refuses it.
 * Must not know the socket's frames, nor how messages are shown.
 */

import { signal } from "@preact/signals";
import { Problem } from "../api/http.ts";
import type { Message } from "../api/shapes.ts";
import { command } from "./connection.ts";
import { load, save } from "./storage.ts";
import { takeOwn } from "./sync.ts";

export interface Pending {
  /** Lets the server see that it has the message already. */
  readonly clientId: string;
  readonly chatId: number;
  readonly text: string;
  readonly files: readonly { readonly id: string; readonly name: string }[];
  /** Why the server does not take it, where it does not. */
  readonly refused: string | null;
}

interface Stored {
  readonly user: number;
  readonly items: readonly Pending[];
}

const KEY = "parlance.outbox";
const RETRY_MS = 3_000;

export const outbox = signal<readonly Pending[]>([]);
let owner = 0;

function set(items: readonly Pending[]): void {
  outbox.value = items;
  save(sessionStorage, KEY, items.length === 0 ? null : ({ user: owner, items } satisfies Stored));
}

/** What this user had not got rid of before a reload of this tab. */
export function restoreOutbox(user: number): void {
  owner = user;
  const stored = load(sessionStorage, KEY) as Stored | null;
  outbox.value = stored?.user === user ? stored.items : [];
}

export const emptyOutbox = (): void => set([]);

export function send(chatId: number, text: string, files: Pending["files"] = []): void {
  // No randomUUID: a page that came over plain HTTP from elsewhere has none.
  const clientId = [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join("-");
  set([...outbox.peek(), { clientId, chatId, text, files, refused: null }]);
  void flush();
}

function mark(clientId: string, refused: string | null): void {
  set(outbox.peek().map((one) => (one.clientId === clientId ? { ...one, refused } : one)));
}

export function retry(clientId: string): void {
  mark(clientId, null);
  void flush();
}

export function discard(clientId: string): void {
  set(outbox.peek().filter((one) => one.clientId !== clientId));
}

let flushing = false;
let timer: ReturnType<typeof setTimeout> | undefined;

export async function flush(): Promise<void> {
  if (flushing) return;
  flushing = true;
  clearTimeout(timer);
  try {
    for (;;) {
      const next = outbox.peek().find((one) => one.refused === null);
      if (next === undefined || !(await deliver(next))) return;
    }
  } finally {
    flushing = false;
  }
}

/** Whether the next one may go. */
async function deliver({ clientId, chatId, text, files }: Pending): Promise<boolean> {
  try {
    const { message } = await command<{ readonly message: Message }>("message.send", {
      chat_id: chatId,
      client_id: clientId,
      ...(text === "" ? {} : { text }),
      ...(files.length === 0 ? {} : { attachments: files.map((file) => file.id) }),
    });
    takeOwn(message);
    discard(clientId);
    return true;
  } catch (error) {
    // Without a connection: the next one begins with the outbox.
    if (!(error instanceof Problem)) return false;
    if (error.code === "rate.limited" || error.code === "internal") {
      timer = setTimeout(() => void flush(), Math.max(RETRY_MS, error.retryAfter * 1_000));
      return false;
    }
    mark(clientId, error.detail);
    return true;
  }
}
