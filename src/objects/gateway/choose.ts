/**
 * Which Gateway takes a new connection: one near its client, the same for all of a user's where it is known whose it is;
 * one that is full, or fails, is passed by. Knows names and nothing of sockets.
 */

import { GATEWAY } from "../../core/limits.ts";
import type { Identity } from "../identity.ts";
import { carriedRequest, upgradeRequest } from "../identity.ts";
import type { ObjectBindings } from "../rpc.ts";
import { logFault } from "../../log.ts";
import { gatewayStub } from "../rpc.ts";
import { BEGUN_ANEW } from "./carriage.ts";
import { GATEWAY_FULL } from "./gateway.ts";

/** How often a connection is passed on before the place counts as full. */
const TRIES = 16;
/** So many Gateways may fail before it is taken for a fault that all of them have. */
const FAULTS = 2;

/** Hands an upgrade to a Gateway of `dialect`. 503 where the place is full. */
export function connectGateway(
  env: ObjectBindings,
  dialect: string,
  request: Request,
  identity: Identity,
): Promise<Response> {
  return chooseGateway(env, dialect, request, identity, () => upgradeRequest(request, identity));
}

/**
 * Hands a request to the Gateway that `key` leads to; without a key, to one that may open a connection. Null: no
 * Gateway can have given that key.
 */
export async function carryToGateway(
  env: ObjectBindings,
  dialect: string,
  key: string | null,
  request: Request,
  identity: Identity,
): Promise<Response | null> {
  if (key === null) return chooseGateway(env, dialect, request, identity, () => carriedRequest(request, identity));
  const [, place, number] = /^([A-Z]{3}|local)-(\d{1,2})-/.exec(key) ?? [];
  if (place === undefined || Number(number) >= TRIES * GATEWAY.spread) return null;
  return gatewayStub(env, `${dialect}/${place}/${number}`).fetch(carriedRequest(request, identity));
}

async function chooseGateway(
  env: ObjectBindings,
  dialect: string,
  request: Request,
  { session }: Identity,
  make: () => Request,
): Promise<Response> {
  const colo = (request.cf as { readonly colo?: unknown } | undefined)?.colo;
  const place = typeof colo === "string" && /^[A-Z]{3}$/.test(colo) ? colo : "local";
  const first = session === null ? Math.floor(Math.random() * GATEWAY.spread) : session.userId % GATEWAY.spread;
  let faults = 0;
  for (let passed = 0; passed < TRIES; passed++) {
    const gateway = gatewayStub(env, `${dialect}/${place}/${first + passed * GATEWAY.spread}`);
    try {
      const response = await gateway.fetch(make());
      if (response.status !== GATEWAY_FULL) return response;
    } catch (fault) {
      // One that has just begun anew takes nothing in that moment; one that fails must not shut out those who fall to it.
      if (isBegunAnew(fault)) continue;
      if (++faults === FAULTS) throw fault;
      logFault("gateway", fault, { dialect, place });
    }
  }
  return new Response(null, { status: GATEWAY_FULL });
}

const isBegunAnew = (fault: unknown): boolean => fault instanceof Error && fault.message.includes(BEGUN_ANEW);
