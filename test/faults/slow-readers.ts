// A chat with a thousand sockets under full load, of which some never read. What they leave unread may not cost the object its
// memory, nor the others a message: they are closed with 1013, and find by `changes` what they missed.

import { execFileSync } from "node:child_process";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { WebSocket } from "ws";
import { inspect } from "../support/inspector.ts";
import type { Server } from "../wire/launch.ts";
import { upgrade } from "./clients/by-hand.ts";
import type { Account, Body, World } from "./clients/world.ts";
import { eventually, register, rest } from "./clients/world.ts";
import type { Scenario } from "./scenario.ts";
import { newWorld } from "./scenario.ts";

const SOCKETS = 1_000;
const STUCK = 50;
const PEOPLE = 20;
const OPENING = 32;
const IN_FLIGHT = 16;
const TEXT = "x".repeat(500);
/** What an object may come to, of the 128 MiB that the platform gives it. */
const MOST_BYTES = 100 * 2 ** 20;
const CLOSED_WITHIN_MS = 240_000;
const LOOK_MS = 1_000;
/** The load goes on after the last of them was closed. */
const AFTERWARDS_MS = 5_000;
const HEARD_WITHIN_MS = 60_000;
const EVENT = Buffer.from('"event":"message.created"');
const TOO_SLOW = 1013;

/** Asks for an upgrade by hand, and takes nothing from then on. */
function stuckSocket({ port }: Server, chat: number, { token }: Account): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(upgrade(`/v1/chats/${chat}/socket`, token));
  return new Promise((resolve, reject) => {
    socket.once("data", (chunk: Buffer) => {
      socket.pause();
      if (chunk.toString("latin1").startsWith("HTTP/1.1 101")) resolve(socket);
      else reject(new Error(chunk.toString("latin1").slice(0, 200)));
    });
  });
}

/** Reads what has waited; the code of the frame that closes it, which is the last. */
async function codeOf(socket: Socket): Promise<number | undefined> {
  let last = Buffer.alloc(0);
  let isEnded = false;
  socket.on("data", (chunk: Buffer) => (last = Buffer.concat([last, chunk]).subarray(-64)));
  socket.once("close", () => (isEnded = true));
  socket.resume();
  const reason = Buffer.from("too slow");
  await eventually(() => isEnded || last.includes(reason), HEARD_WITHIN_MS);
  const at = last.indexOf(reason);
  return at < 2 ? undefined : last.readUInt16BE(at - 2);
}

/** Bytes that the runtime's process has, once garbage is collected: V8 is in no hurry. */
async function memoryOf(server: Server, port: number): Promise<number> {
  const inspector = await inspect(port);
  await inspector.call("HeapProfiler.collectGarbage");
  inspector.close();
  const [group] = server.processes()[0]?.trim().split(/\s+/) ?? [];
  const lines = execFileSync("ps", ["-A", "-o", "pgid=,rss=,comm="], { encoding: "utf8" }).split("\n");
  const own = lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([pgid, , name]) => pgid === group && name === "workerd");
  return own.reduce((sum, [, kib]) => sum + Number(kib) * 1_024, 0);
}

/** What somebody finds who has heard nothing. */
async function changedIn(world: World, chat: number, who: Account): Promise<number[]> {
  const seqs: number[] = [];
  for (let since = 0; ;) {
    const { rev, messages }: Body = await rest(world, who, "GET", `/v1/chats/${chat}/changes?since=${since}`);
    for (const { seq } of messages) seqs.push(seq);
    if (messages.length === 0) return seqs;
    since = rev;
  }
}

export const slowReaders: Scenario = async (server, { seed, inspector, tell }) => {
  const world = newWorld(server, seed);
  const { findings } = world;
  const people: Account[] = [];
  for (let n = 1; n <= PEOPLE; n++) {
    people.push(await register(world, `user-${n}`));
  }
  const [sender] = people as [Account];
  const members = people.slice(1).map(({ id }) => id);
  const { id: chat }: Body = await rest(world, sender, "POST", "/v1/chats", { title: "all", members });

  const stuck: Socket[] = [];
  for (let n = 0; n < STUCK; n++) stuck.push(await stuckSocket(server, chat, world.random.pick(people)));
  const heard: number[] = [];
  let closed = 0;
  const open = (at: number, who: Account): Promise<WebSocket> => {
    const headers = { authorization: `Bearer ${who.token}` };
    const socket = new WebSocket(`${world.wsUrl}/v1/chats/${chat}/socket`, ["parlance.v1"], { headers });
    heard[at] = 0;
    socket.on("message", (frame: Buffer) => {
      let count = 0;
      for (let from = frame.indexOf(EVENT); from >= 0; from = frame.indexOf(EVENT, from + EVENT.length)) count++;
      heard[at] = (heard[at] ?? 0) + count;
    });
    socket.on("close", () => closed++);
    return new Promise((resolve, reject) => socket.once("open", () => resolve(socket)).once("error", reject));
  };
  const reading: WebSocket[] = [];
  const some = async (): Promise<void> => {
    while (heard.length < SOCKETS - STUCK) reading.push(await open(heard.length, world.random.pick(people)));
  };
  await Promise.all(Array.from({ length: OPENING }, some));
  const idle = await memoryOf(server, inspector);
  tell(`${SOCKETS} sockets stand, of which ${STUCK} do not read`);

  const talking = await open(heard.length, sender);
  let [asked, acknowledged, isOver] = [0, 0, false];
  const say = (): void => {
    if (!isOver) talking.send(JSON.stringify({ id: ++asked, do: "message.send", text: TEXT }));
  };
  talking.on("message", (frame: Buffer) => {
    const said: Body = JSON.parse(frame.toString());
    for (const one of Array.isArray(said) ? said : [said]) {
      if (one.re === undefined) continue;
      if (one.ok !== true) findings.add("refused", JSON.stringify(one).slice(0, 200));
      else if (one.message.seq !== ++acknowledged) findings.add("gaps", `${one.message.seq} after ${acknowledged - 1}`);
      say();
    }
  });
  for (let n = 0; n < IN_FLIGHT; n++) say();

  let most = idle;
  const tooSlow = (): number => server.output().split('"event":"closed.slow"').length - 1;
  const watch = async (until: () => boolean, within: number): Promise<boolean> => {
    const deadline = Date.now() + within;
    while (!until() && Date.now() < deadline) {
      most = Math.max(most, await memoryOf(server, inspector));
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return until();
  };
  if (!(await watch(() => tooSlow() >= STUCK, CLOSED_WITHIN_MS)))
    findings.add("slow", `${tooSlow()} of ${STUCK} that never read were closed`);
  await watch(() => false, AFTERWARDS_MS);
  isOver = true;
  if (!(await eventually(() => acknowledged === asked, HEARD_WITHIN_MS)))
    findings.add("refused", `${asked - acknowledged} were not answered`);
  // The sender has its answers instead.
  const counts = (): number[] => heard.slice(0, reading.length);
  await eventually(() => counts().every((count) => count >= acknowledged), HEARD_WITHIN_MS);
  for (const count of new Set(counts()))
    if (count !== acknowledged) findings.add("unheard", `${count} of ${acknowledged} by one who reads`);
  if (closed > 0 || tooSlow() > STUCK)
    findings.add("slow", `${Math.max(closed, tooSlow() - STUCK)} who read were closed`);
  if (most - idle > MOST_BYTES) findings.add("slow", `the object came to ${inMiB(most - idle)} MiB`);

  for (const code of await Promise.all(stuck.map(codeOf)))
    if (code !== TOO_SLOW) findings.add("slow", `closed with ${code}`);
  tell(
    `${reading.length} have heard ${acknowledged} messages each; those who did not read were closed with ${TOO_SLOW}`,
  );
  const seqs = await changedIn(world, chat, world.random.pick(people));
  if (seqs.length !== acknowledged || seqs.some((seq, at) => seq !== at + 1))
    findings.add("lost", `\`changes\` has ${seqs.length} of ${acknowledged} messages`);
  for (const socket of [...reading, talking]) socket.terminate();
  for (const socket of stuck) socket.destroy();
  const text = [
    `${SOCKETS} sockets of one chat, ${STUCK} of which never read; ${acknowledged} messages of ${TEXT.length} characters.`,
    `The process grew by ${inMiB(most - idle)} MiB at most.`,
  ];
  return { findings, text: text.join("\n") };
};

const inMiB = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
