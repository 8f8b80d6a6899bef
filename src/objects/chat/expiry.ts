/**
 * Deletes messages that their app does not want to keep any longer: the oldest first, each as any deletion, some at a time.
 * A chat without anything old is asked at no cost. Knows no clock but the times of the messages.
 */

import { RETENTION } from "../../core/limits.ts";
import type { Commit } from "./commit.ts";
import type { Outbox } from "./delivery.ts";
import type { ChatFiles } from "./files.ts";
import * as messaging from "./messaging.ts";
import type { Room } from "./room.ts";

interface Parts {
  readonly room: Room;
  readonly outbox: Outbox;
  readonly files: ChatFiles;
}

/** Deletes some of what was sent before `before`, in one transaction; `tell` gets the commit with the clock before it. Whether there is more. */
export async function expire(
  storage: DurableObjectStorage,
  { room, outbox, files }: Parts,
  { before, now }: { readonly before: number; readonly now: number },
  tell: (commit: Commit, clock: number) => void,
): Promise<boolean> {
  const { messages } = room;
  const last = messages.firstAt(before, room.lastSeq) - 1;
  const to = Math.min(last, messages.expired + RETENTION.messages);
  if (to <= messages.expired) return false;
  const old = messages.after(messages.expired, to - messages.expired).filter((message) => message.deletedAt === null);
  const clock = room.clock;
  const commit = storage.transactionSync(() => {
    files.drop(messaging.idsOf(old));
    messages.noteExpired(to);
    return messaging.expire(room, old, outbox.delivered(), now);
  });
  tell(commit, clock);
  if (to === last) return false;
  // What is told of this arrives before more is deleted, so that nothing piles up for those who are slow.
  await Promise.all(room.members.ids().map((user) => outbox.told(user, room.clock)));
  return true;
}
