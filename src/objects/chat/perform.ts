/** From a command to its commit: which function does it, and what is stored in the same transaction. Knows no socket. */

import type { Answer } from "../../core/commands.ts";
import type { Attachment } from "../../core/message.ts";
import type { Actor } from "../../core/people.ts";
import type { Committed, Look } from "./command-kinds.ts";
import { isLook } from "./command-kinds.ts";
import type { Commit, Done } from "./commit.ts";
import { NOTHING } from "./commit.ts";
import type { Outbox } from "./delivery.ts";
import type { ChatFiles } from "./files.ts";
import * as membership from "./membership.ts";
import * as messaging from "./messaging.ts";
import * as reading from "./reading.ts";
import type { Room } from "./room.ts";

interface Parts {
  readonly room: Room;
  readonly outbox: Outbox;
  readonly files: ChatFiles;
}

interface Performed {
  readonly answer: Answer;
  readonly commit: Commit;
}

/** Commits a command, in one transaction with what goes with it. @throws ParlanceError */
export function perform(
  storage: DurableObjectStorage,
  parts: Parts,
  actor: Actor,
  command: Committed,
  attachments: readonly Attachment[],
): Performed {
  if (isLook(command)) return { answer: look(parts.room, actor, command), commit: NOTHING };
  return change(storage, parts, actor, command, attachments);
}

function look(room: Room, actor: Actor, command: Look): Answer {
  switch (command.do) {
    case "message.list":
      return { do: command.do, result: messaging.list(room, actor, command) };
    case "message.range":
      return { do: command.do, result: messaging.range(room, actor, command) };
    case "changes":
      return { do: command.do, result: messaging.since(room, actor, command) };
    case "chat.get":
      room.role(actor);
      return { do: command.do, result: room.detailed(actor.userId) };
  }
}

function change(
  storage: DurableObjectStorage,
  { room, outbox, files }: Parts,
  actor: Actor,
  command: Exclude<Committed, Look>,
  attachments: readonly Attachment[],
): Performed {
  const now = Date.now();
  const delivered = outbox.delivered();
  switch (command.do) {
    case "message.send": {
      const send = (): Done<"message.send"> => {
        const done = messaging.send(room, actor, command, attachments, (id) => files.taken(id), delivered, now);
        if (done.result.created) files.take(attachments.map((attachment) => attachment.id));
        return done;
      };
      const { result, commit } = attachments.length === 0 ? send() : storage.transactionSync(send);
      return { answer: { do: command.do, result }, commit };
    }
    case "message.edit": {
      const { result, commit } = messaging.edit(room, actor, command, delivered, now);
      return { answer: { do: command.do, result }, commit };
    }
    case "message.delete": {
      const { result, commit } = storage.transactionSync(() => {
        const dropped = messaging.attachmentsOf(room, command.messageId);
        const done = messaging.deleteMessage(room, actor, command, delivered, now);
        files.drop(dropped);
        return done;
      });
      return { answer: { do: command.do, result }, commit };
    }
    case "message.fetch": {
      const { result, commit } = storage.transactionSync(() => {
        const done = messaging.fetch(room, actor, command, delivered, now);
        files.drop(done.dropped);
        return done;
      });
      return { answer: { do: command.do, result }, commit };
    }
    case "room.peek":
      return { answer: { do: command.do, result: membership.peek(room, actor) }, commit: NOTHING };
    case "room.join": {
      const { result, commit } = membership.join(room, actor, command, delivered, now);
      return { answer: { do: command.do, result }, commit };
    }
    case "read": {
      const { result, commit } = reading.read(room, actor, command);
      return { answer: { do: command.do, result }, commit };
    }
    case "chat.rename": {
      const { result, commit } = membership.rename(room, actor, command, delivered, now);
      return { answer: { do: command.do, result }, commit };
    }
    case "member.add": {
      const { result, commit } = membership.add(room, actor, command, delivered, now);
      return { answer: { do: command.do, result }, commit };
    }
    case "member.role": {
      const { result, commit } = membership.setRole(room, actor, command, delivered, now);
      return { answer: { do: command.do, result }, commit };
    }
    case "member.remove": {
      const { result, commit } = membership.remove(room, actor, command, delivered, now);
      return { answer: { do: command.do, result }, commit };
    }
  }
}
