/**
 * Knows how new messages are told while nobody looks: in the title, on the app's icon, and on the desktop where that was
 * wanted. Permission is asked for when somebody turns it on, and not before.
 * Must not know how messages come.
 */

import { effect, signal } from "@preact/signals";
import type { Event } from "../api/shapes.ts";
import { plain } from "../model/rich-text.ts";
import { TEXT } from "../text.ts";
import { chats, unreadTotal } from "./chats.ts";
import { chatName, summary } from "./names.ts";
import { addressOf, show } from "./route.ts";
import { load, save } from "./storage.ts";

const KEY = "parlance.notify";

export const canNotify = "Notification" in globalThis;
export const isBlocked = (): boolean => canNotify && Notification.permission === "denied";

export const notifying = signal(canNotify && Notification.permission === "granted" && load(localStorage, KEY) !== null);

export async function turnNotifications(on: boolean): Promise<void> {
  const granted = on && canNotify && (await Notification.requestPermission()) === "granted";
  notifying.value = granted;
  save(localStorage, KEY, granted ? {} : null);
}

export function notify(event: Event, self: number): void {
  if (!notifying.peek() || event.event !== "message.created" || event.message.user.id === self) return;
  if (!document.hidden && document.hasFocus()) return;
  const chat = chats.peek().get(event.chat_id);
  if (chat === undefined) return;
  const { message } = event;
  const text = plain(summary(message)).slice(0, 200);
  const title = plain(chat.kind === "direct" ? message.user.name : TEXT.nameIn(message.user.name, chatName(chat)));
  // The same message in two tabs is one notification.
  const options = { body: text, tag: `message-${message.id}`, icon: "/icon-192.png" };
  try {
    const notification = new Notification(title, options);
    notification.addEventListener("click", () => {
      window.focus();
      show(chat.id);
      notification.close();
    });
  } catch {
    // Phones want the service worker to say it.
    void navigator.serviceWorker?.ready
      .then((worker) => worker.showNotification(title, { ...options, data: addressOf(chat.id) }))
      .catch(() => undefined);
  }
}

export function followUnread(title: string): void {
  effect(() => {
    const count = unreadTotal.value;
    document.title = count === 0 ? title : `(${count}) ${title}`;
    if (!("setAppBadge" in navigator)) return;
    void (count === 0 ? navigator.clearAppBadge() : navigator.setAppBadge(count)).catch(() => undefined);
  });
}
