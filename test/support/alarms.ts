/** Alarms of chats, before their time. */

import { runDurableObjectAlarm } from "cloudflare:test";
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
