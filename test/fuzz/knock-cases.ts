/**
 * Clients that WebSocket libraries would not let one write: handshakes of strangers, frames before any login, frames that
 * are none, requests that stop in the middle. Knows the addresses of sockets; plays nothing.
 */

import type { Dialect, KnockCase } from "./cases.ts";
import type { FramesCases } from "./frames.ts";
import type { Hostile } from "./hostile.ts";
import { knownIn } from "./known.ts";
import type { Random } from "./random.ts";
import { Values } from "./schema.ts";
import { tornFrame, wholeFrame } from "./websocket.ts";
import type { World } from "./world.ts";
import { actedFor } from "./world.ts";

const DIALECTS: readonly Dialect[] = ["native", "chat", "methods", "messenger", "events", "events2", "rooms"];
const PATHS = [
  "/v1/me",
  "/v1/chats",
  "/v1/auth/login",
  "/app",
  "/room",
  "/chats",
  "/users",
  "/socket.io/",
  "/ws/",
  "/health",
];

export class KnockCases {
  readonly #world: World;
  readonly #frames: FramesCases;

  constructor(world: World, frames: FramesCases) {
    this.#world = world;
    this.#frames = frames;
  }

  make(random: Random, hostile: Hostile): KnockCase {
    return random.is(0.2) ? this.#torn(random, hostile) : this.#knock(random, hostile);
  }

  /** A request that ends, or is left, before it is one. */
  #torn(random: Random, hostile: Hostile): KnockCase {
    const path = random.of(PATHS);
    const token = random.of(this.#world.attackers).token;
    const lines = [
      `${random.of(["GET", "POST", "PUT", "post", "\u0000", "X".repeat(2_000)])} ${path} HTTP/1.${random.of([1, 1, 1, 0, 9])}`,
      ...(random.is(0.9) ? ["host: 127.0.0.1"] : []),
      `authorization: Bearer ${token}`,
      ...random.several(0, 3, () =>
        random.of([
          "content-length: 100000",
          "content-length: -1",
          "content-length: 5\r\ncontent-length: 6",
          "transfer-encoding: chunked",
          "transfer-encoding: chunked\r\ncontent-length: 3",
          "content-type: application/json",
          "expect: 100-continue",
          "upgrade: websocket",
          ": x",
          "x".repeat(random.of([10, 100_000])),
          `x-a: ${hostile.text().slice(0, 300)}`,
        ]),
      ),
    ];
    const head = lines.join("\r\n") + random.of(["\r\n\r\n", "\r\n\r\n", "\r\n", "", "\n\n"]);
    const body = random.of([
      "",
      '{"username":',
      '5\r\n{"a"\r\n',
      "zz\r\n",
      "-1\r\n",
      "0\r\n\r\n",
      "ffffffffffffffff\r\nx",
      hostile.text(),
    ]);
    const whole = Buffer.from(head + body);
    return {
      kind: "knock",
      group: "torn request",
      head: random.is(0.5) ? whole : whole.subarray(0, random.below(whole.length)),
      isTorn: true,
      frames: [],
      isPolite: random.is(0.5),
    };
  }

  #knock(random: Random, hostile: Hostile): KnockCase {
    const dialect = random.of(DIALECTS);
    const own = actedFor(this.#world, dialect, random.below(2));
    const { path, protocols } = this.#address(dialect, own?.key ?? "", random, hostile);
    const version = random.is(0.95) ? "13" : random.of(["8", "0", "x", ""]);
    const key = random.is(0.95) ? "dGhlIHNhbXBsZSBub25jZQ==" : random.of(["", "x", "a".repeat(500)]);
    const headers = [
      `GET ${path} HTTP/1.1`,
      "host: 127.0.0.1",
      "connection: Upgrade",
      `upgrade: ${random.is(0.97) ? "websocket" : random.of(["WebSocket", "h2c", "websocket, x"])}`,
      `sec-websocket-version: ${version}`,
      `sec-websocket-key: ${key}`,
      ...(protocols === undefined ? [] : [`sec-websocket-protocol: ${protocols}`]),
      ...(random.is(0.1) ? ["sec-websocket-extensions: permessage-deflate; server_max_window_bits=8"] : []),
      ...(random.is(0.1) ? [`origin: ${random.of(["null", "https://evil.example", ""])}`] : []),
    ];
    const values = new Values(random, hostile, knownIn(this.#world, random, own));
    const frame = (): Buffer => {
      const made = random.is(0.2) ? hostile.text() : this.#frames.frame(dialect, random, hostile, values, 0.3);
      return random.is(0.25) ? tornFrame(made, random) : wholeFrame(made, random);
    };
    const login = (): Buffer[] => {
      const { token } = random.of(this.#world.attackers);
      if (dialect === "methods") return [wholeFrame(JSON.stringify({ method: "auth", access_token: token }), random)];
      if (dialect === "messenger") return [wholeFrame(`40/chat,${JSON.stringify({ token })}`, random)];
      return dialect === "events" || dialect === "rooms" ? [wholeFrame("40", random)] : [];
    };
    return {
      kind: "knock",
      group: `knock ${dialect}`,
      head: Buffer.from(`${headers.join("\r\n")}\r\n\r\n`, "latin1"),
      isTorn: false,
      frames: [...(random.is(0.5) ? login() : []), ...random.several(0, 5, frame)],
      isPolite: random.is(0.5),
    };
  }

  /** Of one's own, of others, and of what is not there. */
  #address(dialect: Dialect, ownKey: string, random: Random, hostile: Hostile): { path: string; protocols?: string } {
    const { attackers, attackersApp, victimsApp, sharedChat, victimChat, victimGroup } = this.#world;
    const { token: own } = random.of(attackers);
    const tenant = random.of(attackersApp.users).token;
    const junk = (): string => encodeURIComponent(hostile.text().slice(0, 300).toWellFormed());
    const tokenFor = (mine: string): string =>
      random.weighted<() => string>([
        [6, () => mine],
        [2, () => random.of([own, tenant, attackersApp.key])],
        [1, () => mine.slice(0, -2)],
        [2, junk],
        [1, () => ""],
      ])();
    const protocols = random.weighted<() => string>([
      [8, () => `parlance.v1, bearer.${tokenFor(own)}`],
      [1, () => "parlance.v1"],
      [1, () => `bearer.${own}`],
      [1, () => `parlance.v1, ${junk()}`],
    ])();
    const eio = (version: string): string =>
      `EIO=${random.is(0.95) ? version : random.of(["", "2", "x"])}&transport=websocket`;
    switch (dialect) {
      case "native":
        return { path: "/v1/socket", protocols };
      case "chat": {
        const chat = random.of([sharedChat, victimChat, victimGroup, victimsApp.roomId, 999_999, junk()]);
        return { path: `/v1/chats/${chat}/socket`, protocols };
      }
      case "methods":
        return { path: `/ws/chat/${random.is(0.2) ? `?token=${tokenFor(own)}` : ""}` };
      case "messenger":
        return { path: `/ws/?${eio("4")}` };
      case "events":
        return { path: `/socket.io/?${eio("4")}&key=${tokenFor(ownKey)}` };
      case "events2":
        return { path: `/socket.io/?${eio("3")}&key=${tokenFor(ownKey)}` };
      case "rooms": {
        const app = random.of([attackersApp.uuid, attackersApp.uuid, victimsApp.uuid, junk()]);
        return { path: `/socket.io/?${eio("4")}&token=${tokenFor(tenant)}&app=${app}` };
      }
    }
  }
}
