/** How calls between objects and writes to their disks fail, and objects whose calls and disks do so. Knows no object's insides. */

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { onTestFinished } from "vitest";
import type { Kind } from "./meter.ts";
import { patch } from "./meter.ts";

/** What a call does that fails; `throws` and `fails` as in "the chat throws". */
export const FAILURES: readonly (readonly [string, () => unknown])[] = [
  [
    "throws",
    () => {
      throw new Error("out of reach");
    },
  ],
  ["fails", () => ({ ok: false, failure: { code: "internal", detail: "Something went wrong." } })],
];

/**
 * `method` of the one object of this name does `instead`, which is given the call itself and its arguments, until the returned
 * function is called.
 */
export function replace(
  kind: Kind,
  name: string,
  method: string,
  instead: (call: () => unknown, args: readonly unknown[]) => unknown,
): Promise<() => void> {
  return patch(kind, name, [method], (old) => {
    return function (this: { readonly ctx: DurableObjectState }, ...args: unknown[]) {
      const call = (): unknown => old.apply(this, args);
      return this.ctx.id.name === name ? instead(call, args) : call();
    };
  });
}

/**
 * Statements of one object that match fail as on a full disk, until the returned function is called, which tells how many did,
 * or the test ends.
 */
export async function fullDisk(kind: Kind, name: string, statement: RegExp): Promise<() => number> {
  const heal = await runInDurableObject(env[kind].getByName(name), (_, { storage: { sql } }) => {
    const exec = sql.exec.bind(sql);
    let failed = 0;
    Object.assign(sql, {
      exec: (query: string, ...bindings: unknown[]) => {
        if (!statement.test(query)) return exec(query, ...bindings);
        failed++;
        throw new Error("database or disk is full: SQLITE_FULL");
      },
    });
    return () => {
      Object.assign(sql, { exec });
      return failed;
    };
  });
  onTestFinished(() => void heal());
  return heal;
}
