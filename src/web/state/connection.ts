/**
 * Knows the sockets of the page: the one for all chats, and the open chat's own, which is the shorter way there.
 * Must not know what their events and commands change.
 */

import { computed, signal } from "@preact/signals";
import type { Event } from "../api/shapes.ts";
import type { Link } from "../api/socket.ts";
import { LiveSocket } from "../api/socket.ts";

export const link = signal<Link>({ state: "connecting" });
export const connected = computed(() => link.value.state === "open");

let all: LiveSocket | undefined;
let own: { readonly chatId: number; readonly socket: LiveSocket } | undefined;

interface Handlers {
  /** `all`: whether it came on the socket for all chats, which is the one that counts what is unread. */
  readonly hear: (event: Event, all: boolean) => void;
  readonly opened: () => void;
  readonly lost: () => void;
  /** The open chat's own socket stands. */
  readonly chatOpened: (chatId: number) => void;
}

let handlers: Handlers | undefined;

export function connect(token: string, given: Handlers): void {
  disconnect();
  handlers = given;
  all = new LiveSocket("/v1/socket", token, {
    event: (event) => given.hear(event, true),
    link: (now) => {
      link.value = now;
      if (now.state === "open") given.opened();
      if (now.state === "waiting") given.lost();
    },
  });
}

/** The open chat gets a socket of its own. */
export function connectChat(token: string, chatId: number | null): void {
  if (own?.chatId === chatId) return;
  own?.socket.end();
  own = undefined;
  if (chatId === null) return;
  const socket = new LiveSocket(`/v1/chats/${chatId}/socket`, token, {
    event: (event) => handlers?.hear(event, false),
    link: (now) => {
      if (now.state === "open") handlers?.chatOpened(chatId);
    },
  });
  own = { chatId, socket };
}

export function disconnect(): void {
  own?.socket.end();
  all?.end();
  own = undefined;
  all = undefined;
  handlers = undefined;
  link.value = { state: "connecting" };
}

export const hurry = (): void => all?.hurry();

/** A command in a chat. @throws Problem where it is refused; Error where there is no connection */
export async function chatCommand<Result>(chatId: number, name: string, args: object): Promise<Result> {
  if (own?.chatId === chatId && own.socket.isOpen) return await own.socket.do<Result>(name, args);
  return await command<Result>(name, { chat_id: chatId, ...args });
}

/** @throws Problem where it is refused; Error where there is no connection */
export async function command<Result>(name: string, args: object): Promise<Result> {
  if (all === undefined) throw new Error("not connected");
  return await all.do<Result>(name, args);
}

/** A command in a chat whose failure does no harm. */
export function tell(chatId: number, name: string, args: object): void {
  void chatCommand(chatId, name, args).catch(() => undefined);
}
