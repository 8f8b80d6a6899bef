/** The two native sockets: all chats of one user on a Gateway, and one chat on its own object. */

import type { Answer, Command } from "../../core/commands.ts";
import type { Result } from "../../core/errors.ts";
import { ParlanceError, failureOf, invalid, isFailure, notFound, rateLimited } from "../../core/errors.ts";
import type { ChatId } from "../../core/ids.ts";
import { splitMessageId } from "../../core/ids.ts";
import { LIMITS, PRESENCE } from "../../core/limits.ts";
import type { ChatWire, Connection, GatewayWire } from "../../core/wire.ts";
import type { Service } from "../../service/service.ts";
import type { Json } from "../../core/message.ts";
import type { Session } from "../../core/people.ts";
import type { Frame } from "./commands.ts";
import { answerFrame, bodyText, chatCommand, failureFrame, okFrame, parseFields, readFrame } from "./commands.ts";
import { createEncode } from "./events.ts";
import type { Traffic } from "./pipeline.ts";
import { Pipeline } from "./pipeline.ts";
import type { Render } from "./render.ts";
import { chatAddress, chatCommands, userAddress } from "./schemas.ts";

const SUBPROTOCOL = "parlance.v1";
const PING = ["ping", "pong"] as const;

/** Events that happened together are one frame: a JSON array, where there is more than one. */
const join = (frames: readonly string[]): string => (frames.length === 1 ? (frames[0] ?? "") : `[${frames.join(",")}]`);

/** The words of `/v1/chats/{id}/socket`. */
export function createChatSocket(render: Render): ChatWire {
  return {
    subprotocol: SUBPROTOCOL,
    ping: PING,
    maxFrame: LIMITS.nativeFrame,
    graceMs: PRESENCE.graceMs,
    decode(text) {
      const frame = readFrame(text);
      if (!frame.ok) return frame;
      try {
        return { ok: true, re: frame.re, command: chatCommand(frame.value) };
      } catch (thrown) {
        return { ok: false, re: frame.re, failure: failureOf(thrown) };
      }
    },
    answer: (re, answer, origin) => answerFrame(re, answer, render, origin),
    failure: failureFrame,
    body: (answer, origin) => bodyText(answer, render, origin),
    encode: createEncode(render),
    join,
  };
}

/** A command that is asked of a chat, and what its answer refers to. */
interface Asked {
  readonly re: Json;
  readonly command: Command;
}

const isChatCommand = (frame: Frame): boolean => Object.hasOwn(chatCommands, frame.do);

function sessionOf({ session }: Connection): Session {
  if (session === null) throw new Error("a native connection without a session");
  return session;
}

/** The chat that a command is for: the one that the frame names, or the one of the message that it edits or deletes. */
function chatOf(command: Command, { fields }: Frame): ChatId {
  if (fields["chat_id"] === undefined && (command.do === "message.edit" || command.do === "message.delete")) {
    const place = splitMessageId(command.messageId);
    if (place === null) throw notFound("message");
    return place.chat;
  }
  return parseFields(chatAddress, fields).chat_id;
}

/** The words of `/v1/socket`. */
export function createUserSocket(service: Service, render: Render, report: (fault: unknown) => void): GatewayWire {
  const traffic: Traffic = { calls: 0 };
  const pipelines = new WeakMap<Connection, Pipeline<Asked>>();

  function pipelineOf(connection: Connection): Pipeline<Asked> {
    const known = pipelines.get(connection);
    if (known !== undefined) return known;
    const pipeline = new Pipeline<Asked>(traffic, async (chat, asked) => {
      const results = await askAll(connection, chat, asked);
      for (const [at, { re, command }] of asked.entries()) {
        const result = results[at];
        if (result?.ok === true) {
          const answer = { do: command.do, result: result.value } as Answer;
          connection.send(answerFrame(re, answer, render, connection.origin));
        } else connection.send(failureFrame(re, result?.failure ?? failureOf(undefined)));
      }
    });
    pipelines.set(connection, pipeline);
    return pipeline;
  }

  async function askAll(
    connection: Connection,
    chat: ChatId,
    asked: readonly Asked[],
  ): Promise<readonly Result<unknown>[]> {
    try {
      const commands = asked.map(({ command }) => command);
      return await service.chats.commands(sessionOf(connection), chat, commands, connection.id);
    } catch (thrown) {
      const failure = failureOf(thrown);
      if (failure.code === "internal") report(thrown);
      return asked.map(() => ({ ok: false, failure }));
    }
  }

  async function perform(connection: Connection, frame: Frame): Promise<object> {
    const session = sessionOf(connection);
    switch (frame.do) {
      case "chat.join": {
        const { chat_id } = parseFields(chatAddress, frame.fields);
        await service.chats.hear(session, chat_id, connection.id, true);
        if (connection.follow("chat", chat_id)) return {};
        await service.chats.hear(session, chat_id, connection.id, false);
        throw invalid("chat_id", `a connection joins at most ${LIMITS.joinedChats} chats`);
      }
      case "chat.leave": {
        const { chat_id } = parseFields(chatAddress, frame.fields);
        connection.unfollow("chat", chat_id);
        try {
          await service.chats.hear(session, chat_id, connection.id, false);
        } catch (thrown) {
          // Nobody learns from leaving whether there is such a chat.
          if (!isFailure(thrown, "not_found")) throw thrown;
        }
        return {};
      }
      case "presence.watch": {
        const { user_id } = parseFields(userAddress, frame.fields);
        const online = await service.users.watch(session, user_id, connection.id);
        if (connection.follow("user", user_id)) return { online };
        await service.users.unwatch(user_id, connection.id);
        throw invalid("user_id", `a connection watches at most ${LIMITS.watchedUsers} people`);
      }
      case "presence.unwatch": {
        const { user_id } = parseFields(userAddress, frame.fields);
        connection.unfollow("user", user_id);
        await service.users.unwatch(user_id, connection.id);
        return {};
      }
      default:
        throw invalid("do", "is no command here");
    }
  }

  return {
    name: "native",
    subprotocol: SUBPROTOCOL,
    ping: PING,
    maxFrame: LIMITS.nativeFrame,
    graceMs: PRESENCE.graceMs,
    news: false,
    opened: () => Promise.resolve(),
    async received(connection, text) {
      const frame = readFrame(text);
      try {
        if (!frame.ok) throw new ParlanceError(frame.failure);
        if (isChatCommand(frame.value)) {
          const command = chatCommand(frame.value);
          // It is answered when its turn comes; the next frame need not wait for that.
          pipelineOf(connection).add(chatOf(command, frame.value), { re: frame.re, command });
          return;
        }
        await pipelines.get(connection)?.done();
        connection.send(okFrame(frame.re, await perform(connection, frame.value)));
      } catch (thrown) {
        const failure = failureOf(thrown);
        if (failure.code === "internal") report(thrown);
        await pipelines.get(connection)?.done();
        connection.send(failureFrame(frame.re, failure));
      }
    },
    flooded(connection, text) {
      connection.send(failureFrame(readFrame(text).re, rateLimited(1).failure));
    },
    encode: createEncode(render),
    join,
  };
}
