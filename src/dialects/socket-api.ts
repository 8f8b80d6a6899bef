/** How a dialect describes its sockets, for the AsyncAPI document. Shapes only. */

import type { z } from "zod";

/** A frame: its name, what it is for, and its schema. */
export interface FrameApi {
  readonly name: string;
  readonly summary: string;
  readonly payload: z.ZodType;
  /** Payloads as they may go over the wire. */
  readonly examples?: readonly unknown[];
}

/** One address to which a socket may be opened. */
export interface ChannelApi {
  readonly id: string;
  readonly address: string;
  readonly description: string;
  /** Parameters of the address, e.g. `{id}`. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Frames that clients send. */
  readonly commands: readonly FrameApi[];
  /** Frames that the server sends. */
  readonly events: readonly FrameApi[];
}

export interface SocketApi {
  readonly dialect: string;
  readonly channels: readonly ChannelApi[];
}
