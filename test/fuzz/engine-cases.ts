/** Engine.IO and Socket.IO spoken wrongly by hand: polls and sockets of both versions, sessions that are none, packets in pieces. */

import type { EngineCase, Step } from "./cases.ts";
import type { Hostile } from "./hostile.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

const SEPARATOR = "\u001e";

const PACKETS = [
  "2", "3", "2probe", "3probe", "5", "6", "1", "0", "0{}", "4", "40", "40{}", "40/chat,", "40/chat,{\"token\":\"x\"}", "40/nowhere,", "41", "41/chat,",
  "42[]", "42", "42[1]", "42[\"x\"]", "42[null]", "420[\"list-chats\"]", "42{}", "42[\"connect\"]", "42[\"disconnect\"]", "4299999999999999999999[\"x\"]",
  "43[]", "430[]", "43", "43{}", "44", "44{}", "45", "451-[\"x\",{\"_placeholder\":true,\"num\":0}]", "451-[\"x\",{\"_placeholder\":true,\"num\":99}]",
  "451-[\"x\",{\"_placeholder\":true,\"num\":-1}]", "451-[\"x\",{\"_placeholder\":true,\"num\":\"__proto__\"}]", "4510-[\"x\"]", "4599999-[\"x\"]", "45-[\"x\"]",
  "452-[\"x\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":0}]", "461-0[{\"_placeholder\":true,\"num\":0}]", "46", "47", "4/", "4/,", "42/,[\"x\"]",
  "bAAAA", "b", "b4AAAA", "b====", "7", "9", "-", "", " ", "\u0000", "4\u0000", "\ud83d", "42[\"x\",\"\\ud800\"]", "4".repeat(5_000), "40" + "/n".repeat(500) + ",",
  "42[\"__proto__\",{\"__proto__\":{}}]", "42[\"constructor\"]", "42[\"create-user\",{\"user\":{\"external_id\":\"e\",\"name\":\"n\",\"photo\":\"p\"}}]",
]; // oxfmt-ignore

export function engineCase(world: World, random: Random, hostile: Hostile): EngineCase {
  const version = random.weighted([
    [6, "4"],
    [4, "3"],
    [1, random.of(["", "5", "2", "x", "4&EIO=3"])],
  ]);
  const messenger = random.is(0.3);
  const path = messenger ? random.of(["/ws", "/ws/"]) : random.of(["/socket.io/", "/socket.io"]);
  const { attackersApp, victimsApp } = world;
  const whose = messenger
    ? ""
    : random.of([
        `&app=${attackersApp.uuid}`,
        `&key=${attackersApp.key}`,
        `&app=${victimsApp.uuid}`,
        `&app=${attackersApp.uuid}&token=${attackersApp.users[0]?.token}`,
        `&app=${victimsApp.uuid}&token=${attackersApp.users[0]?.token}`,
        "&token=",
        "&key=x",
        "",
      ]);
  const base = `EIO=${version}${random.is(0.1) ? "&b64=1" : ""}${random.is(0.02) ? "&j=0" : ""}${whose}`;
  const sid = (): string =>
    random.weighted([
      [85, "SID"],
      [
        15,
        random.of([
          "",
          "x",
          "local-0-x",
          "LHR-99-abc",
          "local-0-",
          "__proto__",
          "%00",
          "SID&sid=SID",
          encodeURIComponent(hostile.text().slice(0, 200).toWellFormed()),
        ]),
      ],
    ]);
  const packet = (): string => {
    if (random.is(0.1)) return hostile.text().slice(0, 3_000);
    const joining = `40/chat,${JSON.stringify({ token: random.of(world.attackers).token })}`;
    const chosen = messenger && random.is(0.1) ? joining : random.of(PACKETS);
    return random.is(0.1) ? hostile.bytes(chosen).toString("latin1") : chosen;
  };
  const payload = (): Buffer => {
    const packets = random.several(0, 5, packet);
    if (random.is(0.02)) return Buffer.alloc(random.of([1_000_001, 2_100_000]), "4");
    if (version !== "3") return Buffer.from(packets.join(SEPARATOR));
    const framed = packets.map((one) => `${random.is(0.9) ? one.length : random.of([0, -1, 99_999, "x", ""])}:${one}`);
    const binary = Buffer.from([random.below(3), random.below(12), random.below(12), 255, ...Buffer.from(packet())]);
    return random.is(0.15) ? binary : Buffer.from(framed.join(""));
  };
  const socket = (query: string, isProbe: boolean): Step => {
    const frames = random.several(0, 6, () => (random.is(0.15) ? hostile.bytes(packet()) : packet()));
    const begin = isProbe && random.is(0.7) ? ["2probe", ...(random.is(0.6) ? ["5"] : []), "40"] : [];
    if (random.is(0.01)) frames.push(Buffer.alloc(1_200_000, 52));
    return { do: "socket", query, frames: [...begin, ...frames] };
  };
  const step = (): Step => {
    const query = `${base}&transport=${random.weighted([
      [9, "polling"],
      [1, random.of(["", "x", "websocket", "webtransport"])],
    ])}&sid=${sid()}`;
    return random.weighted<() => Step>([
      [25, () => ({ do: "poll", query })],
      [8, () => ({ do: "leave", query })],
      [
        40,
        () => ({
          do: "request",
          method: "POST",
          query,
          body: payload(),
          type: random.of([
            "text/plain;charset=UTF-8",
            "text/plain",
            "application/octet-stream",
            "application/json",
            "",
          ]),
        }),
      ],
      [
        4,
        () => ({
          do: "request",
          method: random.of(["PUT", "DELETE", "OPTIONS", "PATCH"]),
          query,
          body: payload(),
          type: "",
        }),
      ],
      [15, () => socket(`${base}&transport=websocket&sid=${sid()}`, true)],
      [8, () => socket(`${base}&transport=websocket`, false)],
    ])();
  };
  const open = `${base}&transport=${random.is(0.95) ? "polling" : random.of(["websocket", "", "x"])}`;
  return {
    kind: "engine",
    group: messenger ? "engine messenger" : "engine default",
    path,
    open,
    steps: random.several(1, 7, step),
  };
}
