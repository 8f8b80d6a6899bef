/** An object whose calls can be made on behalf of a request, whose id every line of the log then bears. Knows no call of its own. */

import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";
import { within } from "../log.ts";

export abstract class CalledObject extends DurableObject<Env> {
  /** Does `method` for the request of this id; it is what a stub calls while one is under way. @throws what the method throws */
  onBehalf(request: string, method: string, args: readonly unknown[]): unknown {
    const calls = this as unknown as Record<string, (...args: readonly unknown[]) => unknown>;
    if (calls[method] === undefined) throw new Error(`no call of this object: ${method}`);
    return within(request, () => calls[method]?.(...args));
  }
}
