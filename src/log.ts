/**
 * Log lines: one JSON object each, with its time, a level (`error`: a fault of ours), an event name and ids. Never a message's text, a token or a password:
 * callers hand over ids only, and of a fault only its class and its place in our code. Lines that belong to a request, or to
 * a connection that a request opened, bear its id as `request`.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import type { FaultPlace } from "./core/faults.ts";

type Field = string | number | boolean | null | undefined;

const requests = new AsyncLocalStorage<string | null>();

/** Does `work` on behalf of the request of this id; null: of none. */
export const within = <T>(request: string | null, work: () => T): T =>
  requestOf() === request ? work() : requests.run(request, work);

/** The id of the request that this is done for; null where there is none. */
export const requestOf = (): string | null => requests.getStore() ?? null;

const head = (level: "info" | "error"): object => ({ time: new Date().toISOString(), level });

export function log(event: string, fields: { readonly [name: string]: Field } = {}): void {
  console.log(JSON.stringify({ ...head("info"), event, request: requestOf() ?? undefined, ...fields }));
}

/** Logs what was thrown and is no failure of the catalogue. Its message may quote input, so the stack's frames alone are kept. */
export function logFault(where: FaultPlace, fault: unknown, fields: { readonly [name: string]: Field } = {}): void {
  const error = fault instanceof Error ? fault : undefined;
  const frames =
    error?.stack
      ?.split("\n")
      .filter((line) => line.trimStart().startsWith("at "))
      .slice(0, 6) ?? [];
  console.log(
    JSON.stringify({
      ...head("error"),
      event: "fault",
      where,
      request: requestOf() ?? undefined,
      kind: error?.name ?? typeof fault,
      at: frames.map((line) => line.trim()),
      ...fields,
    }),
  );
}
