/** How calls between objects fail, and calls that do so. Knows no object's insides. */

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
