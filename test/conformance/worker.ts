/**
 * A Worker that serves the echo applications: `/engine.io/` and `/socket.io/` as the protocol's test suites want them,
 * `/engine.calm/` and `/calm/` with the usual intervals, so that slow tests are not cut off; `/recover/` where lost connections are taken up again. Knows paths, no packets.
 */

import type { CarriedWire } from "../../src/core/wire.ts";
import { answerSocketIo, socketIoWires } from "../../src/dialects/socket-io.ts";
import type { Env } from "../../src/env.ts";
import { carryToGateway } from "../../src/objects/gateway/choose.ts";
import { createGatewayObject } from "../../src/objects/gateway/gateway.ts";
import { echo } from "./echo.ts";
import { engineEcho } from "./engine-echo.ts";

/** Intervals so short that pings would disturb one another's tests if they came early. */
const HASTY = { pingInterval: 300, pingTimeout: 200, pingSlack: 20, maxPayload: 1_000_000 };

const wires: readonly CarriedWire[] = [
  ...engineEcho("engine.io", HASTY),
  ...engineEcho("engine.lively", { ...HASTY, pingTimeout: 2_700 }),
  ...engineEcho("engine.patient", { ...HASTY, pingTimeout: 20_000 }),
  ...engineEcho("engine.calm", { maxPayload: HASTY.maxPayload }),
  ...socketIoWires(echo("socket.io", HASTY)),
  ...socketIoWires(echo("calm", { connectTimeout: 3_000, binaryTimeout: 3_000 })),
  ...socketIoWires(echo("rounds", { pingInterval: 2_000, pingTimeout: 1_900, pingSlack: 1_900 })),
  ...socketIoWires(echo("recover", { recoverWithin: 120_000 })),
];

export const Gateway = createGatewayObject(() => wires);

export default {
  async fetch(request, env) {
    const { pathname, origin } = new URL(request.url);
    if (pathname === "/health") return Response.json({ status: "ok" });
    const name = /^\/([a-z.]+)\/$/.exec(pathname)?.[1] ?? "";
    if (!wires.some((wire) => wire.name === name)) return new Response(null, { status: 404 });
    const identity = { session: null, username: null, origin };
    return answerSocketIo(name, request, (gateways, key) => carryToGateway(env, gateways, key, request, identity));
  },
} satisfies ExportedHandler<Env>;
