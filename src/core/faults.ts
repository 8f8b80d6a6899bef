/**
 * Where a fault of ours may have happened: what a line `fault` of the log, and the figure of faults, say as `where`. Each is
 * explained in docs/runbook.md, which a test holds against this. Knows names alone.
 */

export const FAULT_PLACES = [
  // the Worker
  "start",
  "request",
  "figures",
  // a dialect, in whatever object it speaks
  "native",
  "methods",
  "messenger",
  "events",
  "rooms",
  "mobile",
  // Socket.IO
  "authenticate",
  "recovery",
  "onConnect",
  "onEvent",
  "onAck",
  "onDisconnect",
  "socket.io message",
  // objects
  "alarm",
  "attach",
  "chat",
  "close",
  "commit",
  "delivery",
  "disconnect",
  "erase",
  "files",
  "frame",
  "gateway",
  "left",
  "list",
  "listeners",
  "news",
  "presence",
  "push",
  "retention",
  "rows",
  "settle",
  "subscribers",
  "unsubscribe",
  "verify",
] as const;

export type FaultPlace = (typeof FAULT_PLACES)[number];
