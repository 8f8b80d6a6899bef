// Clients that begin to say something and stop, by raw TCP. They may wait; nobody else does, nothing of theirs is taken for whole,
// and when they go nothing is left of them.

import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { upgrade } from "./clients/by-hand.ts";
import { eventually, register, rest } from "./clients/world.ts";
import { rowsOfConnections, tcpConnections } from "./leftovers.ts";
import type { Scenario } from "./scenario.ts";
import { newWorld } from "./scenario.ts";

/** Of each kind. */
const TIMES = 25;
const GONE_WITHIN_MS = 180_000;

const post = (path: string, token: string, headers: readonly string[], body: string): string =>
  [`POST ${path} HTTP/1.1`, "host: parlance.test", `authorization: Bearer ${token}`, ...headers, "", body].join("\r\n");

/** A masked WebSocket frame with the whole of `text` announced, of which `share` is there. */
function frame(text: string, share: number, isFinal = true): Buffer {
  const body = Buffer.from(text);
  const head = Buffer.from([(isFinal ? 0x80 : 0) | 1, 0x80 | 126, body.length >> 8, body.length & 255, 0, 0, 0, 0]);
  return Buffer.concat([head, body.subarray(0, Math.floor(share * body.length))]);
}

interface Half {
  readonly name: string;
  /** What is said first and, once the server has agreed to an upgrade, what follows. */
  readonly says: (token: string, chat: number) => readonly [string, Buffer?];
}

const said = JSON.stringify({ id: 1, do: "message.send", text: "half a message ".repeat(20) });
const HALVES: readonly Half[] = [
  { name: "nothing", says: () => [""] },
  { name: "half a request line", says: () => ["GET /v1/ch"] },
  {
    name: "half the headers",
    says: (token) => [`GET /v1/chats HTTP/1.1\r\nhost: parlance.test\r\nauthorization: Bearer ${token}\r\nx-`],
  },
  {
    name: "half a JSON body",
    says: (token, chat) => [
      post(
        `/v1/chats/${chat}/messages`,
        token,
        ["content-type: application/json", "content-length: 500"],
        '{"text":"half',
      ),
    ],
  },
  {
    name: "half a chunk",
    says: (token, chat) => [
      post(
        `/v1/chats/${chat}/messages`,
        token,
        ["content-type: application/json", "transfer-encoding: chunked"],
        '100\r\n{"text":"half',
      ),
    ],
  },
  {
    name: "half an upload",
    says: (token) => [
      post(
        "/v1/attachments?name=half.bin",
        token,
        ["content-type: application/octet-stream", "content-length: 5000000"],
        "x".repeat(10_000),
      ),
    ],
  },
  { name: "half a frame", says: (token, chat) => [upgrade(`/v1/chats/${chat}/socket`, token), frame(said, 0.5)] },
  { name: "half the head of a frame", says: (token) => [upgrade("/v1/socket", token), frame(said, 0).subarray(0, 3)] },
  {
    name: "a first fragment",
    says: (token, chat) => [upgrade(`/v1/chats/${chat}/socket`, token), frame(said, 1, false)],
  },
  { name: "half a frame of methods", says: (token) => [upgrade("/ws/chat/", token), frame(said, 0.9)] },
  {
    name: "half a frame of Socket.IO",
    says: (token) => [
      upgrade("/ws/?EIO=4&transport=websocket", token),
      frame(`40/chat,${JSON.stringify({ token })}`, 0.5),
    ],
  },
  {
    name: "half a Socket.IO packet by polling",
    says: (token) => [post("/socket.io/?EIO=4&transport=polling", token, ["content-length: 100"], "40")],
  },
];

async function begin({ port }: { readonly port: number }, half: Half, token: string, chat: number): Promise<Socket> {
  const [first, second] = half.says(token, chat);
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.write(first);
  if (second === undefined) return socket;
  let answer = "";
  socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
  if (!(await eventually(() => answer.includes("\r\n\r\n"))) || !answer.startsWith("HTTP/1.1 101"))
    throw new Error(`not upgraded: ${answer.slice(0, 100)}`);
  socket.write(second);
  return socket;
}

export const halfFrames: Scenario = async (server, { seed, tell }) => {
  const world = newWorld(server, seed);
  const { findings } = world;
  const [ann, bob] = [await register(world, "ann"), await register(world, "bob")];
  const { id: chat } = await rest(world, ann, "POST", "/v1/chats", { members: [bob.id] });
  const say = async (text: string): Promise<void> => {
    await rest(world, bob, "POST", `/v1/chats/${chat}/messages`, { text });
  };

  const waiting: Socket[] = [];
  const whole: string[] = [];
  for (const half of HALVES) {
    for (let time = 0; time < TIMES; time++) {
      try {
        waiting.push(await begin(server, half, ann.token, chat));
      } catch (error) {
        findings.add("refused", `${half.name}: ${String(error)}`);
      }
    }
    await say(half.name);
    whole.push(half.name);
    tell(`${TIMES} clients said ${half.name} and stopped`);
  }
  for (const socket of waiting) socket.destroy();

  const online = async (): Promise<boolean> => (await rest(world, bob, "GET", `/v1/users/${ann.id}`)).online;
  if (!(await eventually(async () => !(await online()), GONE_WITHIN_MS))) findings.add("left", "ann is online");
  const own = (): number => process.getActiveResourcesInfo().filter((one) => one === "TCPSocketWrap").length;
  if (!(await eventually(() => (tcpConnections(server.port) ?? 0) <= own(), GONE_WITHIN_MS)))
    findings.add("left", `${tcpConnections(server.port)} TCP connections, of which ${own()} are known`);
  await say("after all of them");
  whole.push("after all of them");
  const { items } = await rest(world, bob, "GET", `/v1/chats/${chat}/messages?after=0&limit=100`);
  const texts = items.map(({ text }: { text: string }) => text);
  if (texts.join("|") !== whole.join("|")) findings.add("altered", `the chat has ${texts.join("|")}`);

  await server.stop();
  // The last of its processes may end after the launcher, and holds the files until then.
  await server.kill();
  for (const [table, count] of rowsOfConnections(server.state)) findings.add("left", `${count} rows in ${table}`);
  return { findings, text: `${waiting.length} clients said half of something, in ${HALVES.length} ways.` };
};
