/** Alarms of chats and Inboxes, before their time. */

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";

const HOUR_MS = 3_600_000;

/** The chat's alarm goes off, as after an hour: whoever lags is served, and what the directory missed is told it. */
export async function anHourLater(chat: number): Promise<void> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + HOUR_MS });
  try {
    await runDurableObjectAlarm(env.CHAT.getByName(`chat:${chat}`));
  } finally {
    vi.useRealTimers();
  }
}

/** How often something may go off that is tried again and again. */
const ROUNDS = 50;

/** `ms` go by: an Inbox's alarms go off, each when it is due. The clock stands where the last one did, until the test resets it. */
export async function timeGoesBy(user: number, ms: number): Promise<void> {
  const inbox = env.INBOX.getByName(`user:${user}`);
  const end = Date.now() + ms;
  for (let round = 0; round < ROUNDS; round++) {
    const due = await runInDurableObject(inbox, (_, { storage }) => storage.getAlarm());
    if (due === null || due > end) return;
    vi.useFakeTimers({ toFake: ["Date"], now: Math.max(due, Date.now()) });
    await runDurableObjectAlarm(inbox);
  }
  throw new Error("the alarms never came to their end");
}
