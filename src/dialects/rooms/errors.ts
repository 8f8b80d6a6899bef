/** The strings of the event `err`. Those that the clients know are here as they know them. */

import type { Failure } from "../../core/errors.ts";
import { ParlanceError } from "../../core/errors.ts";

export const ERR = {
  noRoomName: "Input room name",
  /** No such room, another app's, or one that the caller is not in: the three look alike. */
  badRoomName: "Invalid room name",
  /** Nothing to send, or nowhere to. */
  noMessage: "No message or sender",
  notJoined: "Join a room first",
  badTyping: "Invalid typing",
  badPagination: "Invalid pagination",
  unknownEvent: "Unknown event",
  flood: "Too many events",
  internal: "Something went wrong on our side.",
} as const;

/** The errors that refuse a connection. */
export const REFUSED = { noToken: "No token key found", badToken: "token key mismatch" } as const;

/** An error of this dialect, on its way to the client. */
export class RoomsError extends Error {
  constructor(readonly text: string) {
    super(text);
    this.name = "RoomsError";
  }
}

/** Whether the caller is in no such chat, whatever the reason. */
export const isShutOut = ({ code, reason, subject }: Failure): boolean =>
  (code === "access.denied" && reason === "not_member") || (code === "not_found" && subject === "chat");

/** What `thrown` reads like; `null` where it is a fault of ours. */
export function errText(thrown: unknown): string | null {
  if (thrown instanceof RoomsError) return thrown.text;
  if (!(thrown instanceof ParlanceError) || thrown.failure.code === "internal") return null;
  const { code, subject } = thrown.failure;
  const isNobody = code === "not_found" && subject === "user";
  return isNobody || isShutOut(thrown.failure) ? ERR.badRoomName : thrown.failure.detail;
}
