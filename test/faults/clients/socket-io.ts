// The stock Socket.IO clients, versions 4 and 2, as far as both are the same. They come back by themselves. Knows no dialect.

import { io } from "socket.io-client";
import io2 from "socket.io-client-v2";
import type { Body } from "./world.ts";

/** What the clients use of either version. */
export interface StockClient {
  readonly connected: boolean;
  emit(event: string, ...args: unknown[]): void;
  on(event: string, listener: (...args: Body[]) => void): void;
  close(): void;
}

type Connect = (url: string, options: object) => StockClient;
const VERSIONS = { "4": io as unknown as Connect, "2": io2 as Connect };
export type Version = keyof typeof VERSIONS;

/** Their own defaults wait for up to 5 s. */
const RECONNECTING = { reconnectionDelay: 50, reconnectionDelayMax: 400, forceNew: true };

export function stockClient(version: Version, url: string, options: object = {}): StockClient {
  return VERSIONS[version](url, { ...RECONNECTING, autoConnect: true, ...options });
}
