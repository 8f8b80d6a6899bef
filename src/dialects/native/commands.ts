/** The commands of the native sockets: what a frame asks for, and how its answer looks. Knows no socket. */

import type { z } from "zod";
import type { Answer, Command, LogAnswer } from "../../core/commands.ts";
import type { Failure } from "../../core/errors.ts";
import { failureOf, invalid, invalidFields } from "../../core/errors.ts";
import type { Draft, Json } from "../../core/message.ts";
import { fieldErrors, isShallow, parseInput } from "../input.ts";
import { socketError } from "./problems.ts";
import type { Render } from "./render.ts";
import { chatCommands } from "./schemas.ts";
import type { messageInput } from "./schemas.ts";

/** A frame as far as it is the same for every command. */
export interface Frame {
  /** The client's `id`, to be given back; null where there is none. */
  readonly re: Json;
  readonly do: string;
  readonly fields: { readonly [name: string]: unknown };
}

export type Decoded<T> =
  | { readonly ok: true; readonly re: Json; readonly value: T }
  | { readonly ok: false; readonly re: Json; readonly failure: Failure };

const isObject = (value: Json): value is { readonly [name: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Reads `{"id", "do", …}`. */
export function readFrame(text: string | ArrayBuffer): Decoded<Frame> {
  let re: Json = null;
  try {
    if (typeof text !== "string") throw invalid("", "a frame is text, not binary");
    const fields = parseJson(text);
    if (!isObject(fields)) throw invalid("", "a frame is one JSON object");
    const id = fields["id"] ?? null;
    // It goes back as it came: what could not be written again must not be taken.
    if (!isShallow(id)) throw invalid("id", "is nested too deep");
    re = id;
    const name = fields["do"];
    if (typeof name !== "string") throw invalid("do", "is missing");
    return { ok: true, re, value: { re, do: name, fields } };
  } catch (thrown) {
    return { ok: false, re, failure: failureOf(thrown) };
  }
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw invalid("", "the frame is not JSON");
  }
}

/** @throws input.invalid */
export function parseFields<Schema extends z.ZodType>(schema: Schema, fields: unknown): z.output<Schema> {
  const parsed = parseInput(schema, fields);
  if (!parsed.success) throw invalidFields(fieldErrors(parsed.error.issues));
  return parsed.data;
}

export function draftOf(input: z.output<typeof messageInput>): Draft {
  return {
    text: input.text,
    kind: input.type,
    attachments: input.attachments,
    data: input.data,
    replyTo: input.reply_to ?? undefined,
    clientId: input.client_id,
  };
}

/** The core's command that a frame asks for, but for the chat that it is for. @throws input.invalid */
export function chatCommand(frame: Frame): Command {
  const { fields } = frame;
  switch (frame.do) {
    case "message.send":
      return { do: frame.do, draft: draftOf(parseFields(chatCommands[frame.do], fields)) };
    case "message.edit": {
      const { message_id, text } = parseFields(chatCommands[frame.do], fields);
      return { do: frame.do, messageId: message_id, text };
    }
    case "message.delete":
      return { do: frame.do, messageId: parseFields(chatCommands[frame.do], fields).message_id };
    case "message.list":
      return { do: frame.do, ...parseFields(chatCommands[frame.do], fields) };
    case "read": {
      const { message_id, up_to } = parseFields(chatCommands[frame.do], fields);
      return { do: frame.do, messageId: message_id, upTo: up_to };
    }
    case "typing":
      return { do: frame.do, on: parseFields(chatCommands[frame.do], fields).on };
    case "changes":
      return { do: frame.do, since: parseFields(chatCommands[frame.do], fields).since };
    default:
      throw invalid("do", "is no command here");
  }
}

export const failureFrame = (re: Json, failure: Failure): string =>
  JSON.stringify({ re, ok: false, error: socketError(failure) });
export const okFrame = (re: Json, result: object): string => JSON.stringify({ re, ok: true, ...result });

/** The answer to a command. */
export function answerFrame(re: Json, answer: Answer, render: Render, origin: string): string {
  if (answer.do === "message.list") return `${okOpen(re)}${render.pageText(answer.result, origin)}}`;
  if (answer.do === "message.send") return `${okOpen(re)}"message":${render.seenText(answer.result.message, origin)}}`;
  return okFrame(re, resultOf(answer, render, origin));
}

/** A part of the log as a response bears it. */
export function bodyText(answer: LogAnswer, render: Render, origin: string): string {
  if (answer.do === "message.list") return `{${render.pageText(answer.result, origin)}}`;
  return JSON.stringify(changesBody(answer.result, render, origin));
}

const okOpen = (re: Json): string => `{"re":${JSON.stringify(re)},"ok":true,`;

/** The result of a command, as its answer bears it. */
function resultOf(answer: Answer, render: Render, origin: string): object {
  switch (answer.do) {
    case "message.send":
    case "message.edit":
      return { message: render.seen(answer.result.message, origin) };
    case "message.delete":
      return { message_id: answer.result.messageId };
    case "message.fetch":
      return { items: answer.result.items.map((message) => render.seen(message, origin)) };
    case "message.list":
      return { items: answer.result.items.map((message) => render.seen(message, origin)), next: answer.result.next };
    case "read":
      return { unread: answer.result.unread };
    case "changes":
      return changesBody(answer.result, render, origin);
    case "chat.get":
    case "member.add":
    case "member.remove":
    case "member.role":
    case "room.join":
      return { chat: render.detailed(answer.result, origin) };
    case "chat.rename":
      return { chat: render.chat(answer.result, origin) };
    case "typing":
    case "chat.erase":
    case "room.peek":
    case "message.range":
      return {};
  }
}

function changesBody(changes: Extract<Answer, { do: "changes" }>["result"], render: Render, origin: string) {
  return {
    rev: changes.rev,
    messages: changes.messages.map((message) => render.seen(message, origin)),
    members: changes.members.map(render.member),
    chat: render.chat(changes.chat, origin),
  };
}
