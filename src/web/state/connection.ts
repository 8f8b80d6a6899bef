/**
 * Knows the one socket of the page, whether it stands, and in which chat it listens for those who write.
 * Must not know what its events and commands change.
 */

import { signal } from "@preact/signals";
import type { Event } from "../api/shapes.ts";
import { LiveSocket } from "../api/socket.ts";

/** The page starts hopeful: it says that there is no connection when it has found out. */
export const connected = signal(true);

let socket: LiveSocket | undefined;
let joined: number | null = null;

interface Handlers {
  readonly hear: (event: Event) => void;
  readonly opened: () => void;
  readonly lost: () => void;
}

export function connect(token: string, { hear, opened, lost }: Handlers): void {
  disconnect();
  connected.value = true;
  socket = new LiveSocket(token, {
    event: hear,
    open: () => {
      connected.value = true;
      const again = joined;
      joined = null;
      listenIn(again);
      opened();
    },
    lost: () => {
      connected.value = false;
      lost();
    },
  });
}

export function disconnect(): void {
  socket?.end();
  socket = undefined;
  joined = null;
}

/** @throws Problem where it is refused; Error where there is no connection */
export async function command<Result>(name: string, args: object): Promise<Result> {
  if (socket === undefined) throw new Error("not connected");
  return await socket.do<Result>(name, args);
}

/** A command whose failure does no harm. */
export function tell(name: string, args: object): void {
  void command(name, args).catch(() => undefined);
}

/** Only who has joined a chat hears who is writing there. */
export function listenIn(chatId: number | null): void {
  if (chatId === joined) return;
  if (joined !== null) tell("chat.leave", { chat_id: joined });
  joined = chatId;
  if (joined !== null) tell("chat.join", { chat_id: joined });
}
