// What all clients of one run share: where the server is, who and what there is, and what has been said.

import type { Findings } from "../findings.ts";
import type { Ledger } from "../ledger.ts";
import type { Random } from "../random.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- what a server under attack answers is looked at, not assumed
export type Body = any;

export interface Account {
  readonly id: number;
  readonly name: string;
  readonly token: string;
}

export interface Chat {
  readonly id: number;
  readonly kind: "direct" | "group";
  readonly members: readonly Account[];
  /** Who made it. */
  readonly owner: Account;
}

export interface World {
  readonly url: string;
  readonly wsUrl: string;
  readonly random: Random;
  readonly ledger: Ledger;
  readonly findings: Findings;
  /** Nothing new is begun while it is true; what has begun comes to its end. */
  isPaused: boolean;
  /** In these nobody talks for now: what a crash has left undone there nothing but the server makes good. */
  readonly resting: Set<Chat>;
}

/** The connection ended before the answer came: nobody knows whether it was done. */
export class Lost extends Error {}

/** The server has said no, to what it should take. */
export class Refused extends Error {}

/** The native REST of one user, for what a dialect has no word for. @throws Lost, Refused */
export async function rest(
  world: Pick<World, "url">,
  account: Pick<Account, "token"> | undefined,
  method: string,
  path: string,
  body?: BodyInit | object,
): Promise<Body> {
  const isRaw = body === undefined || body instanceof Uint8Array || body instanceof FormData;
  const request = {
    method,
    headers: {
      ...(account === undefined ? {} : { authorization: `Bearer ${account.token}` }),
      ...(isRaw ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: isRaw ? (body as BodyInit) : JSON.stringify(body) }),
  };
  const { status, text } = await exchange(`${world.url}${path}`, request);
  if (status >= 400) throw new Refused(`${method} ${path}: ${status} ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}

/** Makes somebody with an account of their own. @throws Lost, Refused */
export async function register(world: Pick<World, "url">, name: string): Promise<Account> {
  const draft = { username: name, password: "a password" };
  const { token, user } = await rest(world, undefined, "POST", "/v1/auth/register", draft);
  return { id: user.id, name, token };
}

/** One request and its whole answer. @throws Lost */
export async function exchange(url: string, request: RequestInit): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    return { status: response.status, text: await response.text() };
  } catch (error) {
    if (error instanceof DOMException && error.name === "TimeoutError") throw new Refused(`${url} does not answer`);
    throw new Lost(String(error));
  }
}

/** Longer than any answer takes, on a machine that others use too. */
export const ANSWER_WITHIN_MS = 120_000;

/** Asks until it is true, or in vain. */
export async function eventually(
  isTrue: () => boolean | Promise<boolean>,
  within = ANSWER_WITHIN_MS,
): Promise<boolean> {
  const deadline = Date.now() + within;
  while (!(await isTrue())) {
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return true;
}
