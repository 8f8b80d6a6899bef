/**
 * Deletes messages that their app does not want to keep any longer: the oldest first, each as any deletion. Where it has
 * got to is kept, so that a chat without anything old is asked at no cost. Knows no clock but the times of the messages.
 */

import { messageId } from "../../core/ids.ts";
import { RETENTION } from "../../core/limits.ts";
import { Meta } from "../sql.ts";
import type { Commit } from "./commit.ts";
import type { Outbox } from "./delivery.ts";
import type { ChatFiles } from "./files.ts";
import * as messaging from "./messaging.ts";
import type { Room } from "./room.ts";

/** Everything up to this `seq` was looked at. */
const KEY = "expired";

interface Parts {
  readonly room: Room;
  readonly outbox: Outbox;
  readonly files: ChatFiles;
}

/** Deletes a piece of what was sent before `before`; `tell` is called for each commit with the clock before it. Whether there is more. */
export function expire(
  storage: DurableObjectStorage,
  { room, outbox, files }: Parts,
  { before, now }: { readonly before: number; readonly now: number },
  tell: (commit: Commit, clock: number) => void,
): boolean {
  const meta = new Meta(storage.sql);
  const from = Number(meta.get(KEY) ?? 0);
  const old = room.messages.after(from, RETENTION.messages).filter((message) => message.createdAt < before);
  const last = old.at(-1);
  if (last === undefined) return false;
  for (const message of old) {
    if (message.deletedAt !== null) continue;
    const clock = room.clock;
    const commit = storage.transactionSync(() => {
      const dropped = messaging.attachmentsOf(room, messageId(room.id, message.seq));
      const done = messaging.expireMessage(room, message.seq, outbox.delivered(), now);
      files.drop(dropped);
      meta.set(KEY, String(message.seq));
      return done;
    });
    tell(commit, clock);
  }
  meta.set(KEY, String(last.seq));
  return old.length === RETENTION.messages;
}
