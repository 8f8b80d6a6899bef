/** How the chat has to treat a command, by what it is. */

import type { Command, CommandOf } from "../../core/commands.ts";

/** A command that is committed, with others or alone. */
export type Committed = Exclude<Command, { do: "typing" | "chat.erase" }>;

/** A command that changes nothing. */
export type Look = Extract<Command, { do: "message.list" | "message.range" | "changes" | "chat.get" }>;

export const isLook = (command: Command): command is Look =>
  command.do === "message.list" ||
  command.do === "message.range" ||
  command.do === "changes" ||
  command.do === "chat.get";

/** It names attachments, which the directory has to be asked for. */
export function isPrepared(command: Command): command is CommandOf<"message.send"> {
  return command.do === "message.send" && (command.draft.attachments?.length ?? 0) > 0;
}

/** It is no change of the chat's log, or the end of it. */
export function isSpecial(command: Command): command is CommandOf<"typing"> | CommandOf<"chat.erase"> {
  return command.do === "typing" || command.do === "chat.erase";
}
