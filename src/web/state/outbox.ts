/**
 * Knows the messages on their way: each is kept on the disk and sent again, in its order, until the server has it or refuses
 * it; across reloads, and by one tab at a time.
 * Must not know the socket's frames, nor how messages are shown.
 */

import { signal } from "@preact/signals";
import { Problem } from "../api/http.ts";
import type { Message } from "../api/shapes.ts";
import { upload } from "../api/upload.ts";
import { backOff } from "../model/back-off.ts";
import { chatCommand } from "./connection.ts";
import { all, keep, one, remove } from "./database.ts";
import { selfId, session } from "./session.ts";
import { takeOwn } from "./sync.ts";

export interface PendingFile {
  readonly key: string;
  readonly name: string;
  readonly size: number;
  readonly type: string;
  readonly blob: Blob;
  /** The server's name for it, once it is up. */
  readonly id: string | null;
}

export interface Pending {
  /** Lets the server see that it has the message already. */
  readonly clientId: string;
  readonly user: number;
  readonly chatId: number;
  /** Ascends with every message of this browser; milliseconds since 1970, roughly. */
  readonly at: number;
  readonly text: string;
  readonly replyTo: number | null;
  readonly files: readonly PendingFile[];
  /** Why the server does not take it, where it does not. */
  readonly refused: string | null;
}

/** Of all chats, in the order in which they were written. */
export const outbox = signal<readonly Pending[]>([]);
/** How much of each file is up, from 0 to 1, by its key. */
export const progress = signal<ReadonlyMap<string, number>>(new Map());

const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("parlance.outbox") : undefined;
/** The other tabs look what has become of a message. */
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is of one origin, and takes none
const tellTabs = (clientId: string): void => channel?.postMessage(clientId);
const onDisk = new Set<string>();
const uploads = new Map<string, AbortController>();
let lastAt = 0;

const byAge = (items: Iterable<Pending>): Pending[] => [...items].toSorted((a, b) => a.at - b.at);

function show(item: Pending): void {
  outbox.value = byAge([...outbox.peek().filter(({ clientId }) => clientId !== item.clientId), item]);
}

function hide(clientId: string): void {
  if (outbox.peek().some((item) => item.clientId === clientId))
    outbox.value = outbox.peek().filter((item) => item.clientId !== clientId);
}

async function store(item: Pending): Promise<void> {
  show(item);
  if (await keep("outbox", item)) onDisk.add(item.clientId);
  tellTabs(item.clientId);
}

/** No randomUUID: a page that came over plain HTTP from elsewhere has none. */
export const newKey = (): string =>
  [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join("-");

/** What this user had not got rid of before a reload. */
export async function restoreOutbox(user: number): Promise<void> {
  const stored = ((await all<Pending>("outbox")) ?? []).filter((item) => item.user === user);
  if (selfId() !== user) return;
  const known = new Set(outbox.peek().map(({ clientId }) => clientId));
  outbox.value = byAge([...outbox.peek(), ...stored.filter(({ clientId }) => !known.has(clientId))]);
  flush();
}

/** Nothing of it is shown any more; on the disk it stays for when its writer comes back. */
export function hideOutbox(): void {
  for (const controller of uploads.values()) controller.abort();
  outbox.value = [];
}

export async function emptyOutbox(): Promise<void> {
  const items = outbox.peek();
  hideOutbox();
  await Promise.all(items.map(({ clientId }) => remove("outbox", clientId)));
}

export interface Words {
  readonly text: string;
  readonly replyTo: number | null;
  readonly files: readonly { readonly key: string; readonly file: File }[];
}

export function send(chatId: number, { text, replyTo, files }: Words): void {
  lastAt = Math.max(Date.now(), lastAt + 1);
  const item: Pending = {
    clientId: newKey(),
    user: selfId(),
    chatId,
    at: lastAt,
    text,
    replyTo,
    files: files.map(({ key, file }) => ({
      key,
      name: file.name,
      size: file.size,
      type: file.type,
      blob: file,
      id: null,
    })),
    refused: null,
  };
  // The disk first, so that nothing is on the way that a reload could forget; where it refuses, memory has it.
  void store(item).then(() => pump(chatId));
}

export function retry(item: Pending): void {
  void store({ ...item, refused: null }).then(() => pump(item.chatId));
}

/** Takes a message back that the server does not have. */
export function discard(item: Pending): void {
  for (const { key } of item.files) uploads.get(key)?.abort();
  void settle(item.clientId);
}

/** Takes one file out; with the last one, where there is no text, the message. */
export function discardFile(item: Pending, key: string): void {
  const files = item.files.filter((file) => file.key !== key);
  if (files.length === 0 && item.text === "") discard(item);
  else {
    void store({ ...item, files, refused: null }).then(() => pump(item.chatId));
    uploads.get(key)?.abort();
  }
}

/** The server has it, or it is taken back. */
export async function settle(clientId: string): Promise<void> {
  hide(clientId);
  onDisk.delete(clientId);
  await remove("outbox", clientId);
  tellTabs(clientId);
}

/** The connection stands: everything that waits goes. */
export function flush(): void {
  for (const chatId of new Set(outbox.peek().map((item) => item.chatId))) void pump(chatId);
}

/** What another tab has written or got rid of is shown here too. */
export function followOutbox(): void {
  channel?.addEventListener("message", ({ data }) => void follow(String(data)));
}

async function follow(clientId: string): Promise<void> {
  const item = await one<Pending>("outbox", clientId);
  if (item === null) hide(clientId);
  else if (item?.user === selfId()) show(item);
}

const pumping = new Map<number, { again: boolean }>();
const tries = new Map<number, number>();

/** Sends what waits in one chat, one after the other. */
async function pump(chatId: number): Promise<void> {
  const running = pumping.get(chatId);
  if (running !== undefined) {
    running.again = true;
    return;
  }
  const state = { again: false };
  pumping.set(chatId, state);
  let wait: number | null = null;
  try {
    const user = selfId();
    wait = await alone(`parlance.outbox.${user}.${chatId}`, () => drain(chatId, user));
  } finally {
    pumping.delete(chatId);
  }
  if (state.again) void pump(chatId);
  else if (wait === null) tries.delete(chatId);
  else setTimeout(() => void pump(chatId), wait);
}

/** Only one tab sends what waits in a chat, or the order would be lost. */
async function alone<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  return "locks" in navigator ? await navigator.locks.request(name, work) : await work();
}

/** Milliseconds until it is worth another try; null where nothing is left, or the next connection brings the next try. */
async function drain(chatId: number, user: number): Promise<number | null> {
  // What another tab has got rid of while this one waited for its turn; what is not yet on the disk is nobody else's.
  const ours = outbox.peek().filter((item) => item.chatId === chatId && onDisk.has(item.clientId));
  const kept = (await all<Pending>("outbox"))?.map(({ clientId }) => clientId);
  if (kept !== undefined) for (const { clientId } of ours) if (!kept.includes(clientId)) hide(clientId);
  while (selfId() === user) {
    const next = outbox.peek().find((item) => item.chatId === chatId && item.refused === null);
    if (next === undefined) return null;
    const wait = await deliver(next);
    if (wait !== 0) return wait;
  }
  return null;
}

/** 0: the next one may go. */
async function deliver(item: Pending): Promise<number | null> {
  try {
    const attachments = await uploadAll(item);
    if (attachments === null) return 0;
    const { message } = await chatCommand<{ readonly message: Message }>(item.chatId, "message.send", {
      client_id: item.clientId,
      ...(item.text === "" ? {} : { text: item.text }),
      ...(item.replyTo === null ? {} : { reply_to: item.replyTo }),
      ...(attachments.length === 0 ? {} : { attachments }),
    });
    takeOwn(message);
    await settle(item.clientId);
    tries.delete(item.chatId);
    return 0;
  } catch (error) {
    return await failed(item, error);
  }
}

async function failed(item: Pending, error: unknown): Promise<number | null> {
  const now = outbox.peek().find(({ clientId }) => clientId === item.clientId);
  // Taken back, or made shorter: its upload was broken off for that.
  if (now === undefined || now.files.length !== item.files.length) return 0;
  // Without a connection: the next one begins with the outbox. But an upload may break off by itself.
  const isPassing =
    !(error instanceof Problem) || ["rate.limited", "internal"].includes(error.code) || error.code.startsWith("auth.");
  if (isPassing) {
    const count = tries.get(item.chatId) ?? 0;
    tries.set(item.chatId, count + 1);
    const asked = error instanceof Problem ? error.retryAfter * 1_000 : 0;
    return Math.max(asked, backOff(count, Math.random()));
  }
  // A file that waited for more than a day was cleared away meanwhile: it goes up again.
  const isStale =
    now.files.some((file) => file.id !== null) &&
    Object.keys(error.fields).some((field) => field.startsWith("attachments"));
  await store(
    isStale ? { ...now, files: now.files.map((file) => ({ ...file, id: null })) } : { ...now, refused: error.detail },
  );
  return 0;
}

/** The ids of all files, once they are up; null where the message was changed meanwhile. @throws Problem; Error */
async function uploadAll(item: Pending): Promise<string[] | null> {
  let now = item;
  for (const file of item.files) {
    if (file.id !== null) continue;
    const token = session.peek()?.token;
    if (token === undefined) throw new Error("nobody is logged in");
    const controller = new AbortController();
    uploads.set(file.key, controller);
    try {
      const { id } = await upload(file.blob, {
        name: file.name,
        token,
        progress: (part) => (progress.value = new Map(progress.peek()).set(file.key, part)),
        signal: controller.signal,
      });
      const latest = outbox.peek().find(({ clientId }) => clientId === item.clientId);
      if (latest === undefined || latest.files.length !== now.files.length) return null;
      now = { ...latest, files: latest.files.map((each) => (each.key === file.key ? { ...each, id } : each)) };
      await store(now);
    } finally {
      uploads.delete(file.key);
      const rest = new Map(progress.peek());
      rest.delete(file.key);
      progress.value = rest;
    }
  }
  return now.files.flatMap(({ id }) => id ?? []);
}
