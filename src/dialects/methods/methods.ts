/**
 * The seven methods: what each asks of the service, and the event that answers it. Knows no socket; what others hear
 * comes to them as events of their own.
 */

import type { z } from "zod";
import { duplicateChat } from "../../core/errors.ts";
import type { ChatId } from "../../core/ids.ts";
import type { Json } from "../../core/message.ts";
import { checkText } from "../../core/message.ts";
import type { Session } from "../../core/people.ts";
import type { Service } from "../../service/service.ts";
import { parseInput } from "../input.ts";
import { badField } from "./errors.ts";
import { messageFrame, readUpdates } from "./events.ts";
import { decodeFile } from "./files.ts";
import type { Render } from "./render.ts";
import type { MethodName } from "./schemas.ts";
import { METHODS } from "./schemas.ts";

/** Who calls, by which connection, and how links begin there. */
export interface Call {
  readonly session: Session;
  readonly connection: string;
  readonly origin: string;
  /** `event_response_key`: given back as it came. */
  readonly key: Json;
}

type Arguments<Name extends MethodName> = z.output<(typeof METHODS)[Name]>;

/** The arguments of a method. @throws field_error that names the first wrong one */
function parseArguments<Name extends MethodName>(name: Name, args: unknown): Arguments<Name> {
  const parsed = parseInput(METHODS[name], args);
  if (parsed.success) return parsed.data as Arguments<Name>;
  const [issue] = parsed.error.issues;
  throw badField(`${issue?.path.join(".") || "args"}: ${issue?.message ?? "is wrong"}`);
}

export function createMethods(service: Service, render: Render) {
  const { chats, attachments } = service;

  async function createChat(
    { session, connection, key }: Call,
    { users, title }: Arguments<"create_chat">,
  ): Promise<object[]> {
    const [other, ...more] = [...new Set(users)].filter((user) => user !== session.userId);
    const created = (chat: Parameters<Render["chat"]>[0]): object[] => [
      { type: "chat_created", data: { chat: render.chat(chat), event_response_key: key } },
    ];
    if (other !== undefined && more.length === 0 && (title ?? null) === null) {
      const { chat, created: isNew } = await chats.direct(session, other, connection);
      if (!isNew) throw duplicateChat(chat.id);
      return created(chat);
    }
    return created(await chats.create(session, { kind: "group", title: title ?? null, members: users }, connection));
  }

  async function sendMessage(call: Call, { chat, text, files }: Arguments<"send_message">): Promise<object[]> {
    const { session, connection, origin, key } = call;
    const given = files ?? [];
    const words = checkText(text ?? "");
    if (words === "" && given.length === 0) throw badField("text: a message needs a text or files");
    // Who is not in the chat has nothing stored for them.
    if (given.length > 0) await chats.get(session, chat);
    const decoded = given.map(decodeFile);
    const ids: string[] = [];
    for (const file of decoded) ids.push((await attachments.uploadBytes(session, file)).id);
    const { message } = await chats.command<"message.send">(
      session,
      chat,
      { do: "message.send", inOrder: true, draft: { text: words, attachments: ids } },
      connection,
    );
    return [
      {
        type: "message_created",
        data: { message: messageFrame(message, message.read, render, origin), event_response_key: key },
      },
    ];
  }

  async function readMessages({ session, connection, key }: Call, chat: ChatId): Promise<object[]> {
    const { changed } = await chats.command<"read">(session, chat, { do: "read", inOrder: true }, connection);
    const read = { type: "messages_read", data: { chat, event_response_key: key } };
    return changed.length === 0 ? [read] : [read, readUpdates(changed)];
  }

  /** Does what `method` says; the frames for the connection that asked. @throws MethodError, ParlanceError */
  async function perform(method: MethodName, args: unknown, call: Call): Promise<object[]> {
    const { session, connection, key } = call;
    switch (method) {
      case "auth":
        return [{ type: "authenticated", data: { event_response_key: key } }];
      case "create_chat":
        return createChat(call, parseArguments(method, args));
      case "update_chat": {
        const { chat, title } = parseArguments(method, args);
        await chats.command<"chat.rename">(session, chat, { do: "chat.rename", inOrder: true, title }, connection);
        const now = await chats.get(session, chat);
        return [{ type: "chat_updated", data: { chat: render.chat(now), event_response_key: key } }];
      }
      case "send_message":
        return sendMessage(call, parseArguments(method, args));
      case "read_messages":
        return readMessages(call, parseArguments(method, args).chat);
      case "remove_from_chat": {
        const { chat, users } = parseArguments(method, args);
        const now = await chats.command<"member.remove">(
          session,
          chat,
          { do: "member.remove", inOrder: true, users },
          connection,
        );
        const done = {
          type: "user_removed_successful",
          data: { event_response_key: key, user_ids: users, chat: render.chat(now) },
        };
        // Who leaves is the initiator and the removed one.
        return users.includes(session.userId)
          ? [done, { type: "chat_removed", data: { chat: render.chat(now) } }]
          : [done];
      }
      case "add_to_chat": {
        const { chat, users } = parseArguments(method, args);
        const now = await chats.addMembers(session, chat, users, "member", connection);
        return [
          { type: "user_added_successful", data: { event_response_key: key, user_ids: users, chat: render.chat(now) } },
        ];
      }
    }
  }

  return perform;
}
