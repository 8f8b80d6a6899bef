// Thousands of connections of every dialect open, say who they are, listen, and vanish without a word. Nothing may be left of them:
// no TCP connection, no row, nobody online. Who talks meanwhile is served.

import { WebSocket } from "ws";
import { GATEWAY } from "../../src/core/limits.ts";
import { textOf } from "./clients/raw-socket.ts";
import type { Account, Body, Chat, World } from "./clients/world.ts";
import { eventually, register, rest } from "./clients/world.ts";
import { listenersByGateway, rowsOfConnections, tcpConnections } from "./leftovers.ts";
import type { Scenario } from "./scenario.ts";
import { newWorld } from "./scenario.ts";

const USERS = 20;
const AT_ONCE = 50;
/** That stand at the same time in CI, before all of them vanish. */
const WAVE = 1_000;
/** And where more are wanted: each has a port of this machine, which is not free again at once. */
const LARGE_WAVE = 10_000;
/** Files that the server's process has open for each of them, and besides. Where it may have no more, it ends. */
const FILES = { each: 2, others: 1_000 };
/** Everyone in a room hears of everyone who comes: so many come to one chat. */
const PER_CHAT = 1_000;
const OPEN_WITHIN_MS = 120_000;
const GONE_WITHIN_MS = 180_000;

/** How a connection of each dialect comes to stand: the frames that are said, and by what it is seen that each was taken. */
interface Way {
  readonly path: (who: Account, chat: Chat) => string;
  readonly protocols?: (who: Account) => readonly string[];
  readonly talk: (who: Account, chat: Chat) => readonly { readonly say?: string; readonly until: RegExp | null }[];
}

/** How many stand at the same time: as many as the system's limit of open files, which the server inherits, has room for. */
function waveOf(connections: number): number {
  if (connections <= WAVE) return WAVE;
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft: number | string } } };
  // Where there is no limit it is a word.
  const files = Number(userLimits?.open_files?.soft) || Infinity;
  return Math.max(WAVE, Math.min(LARGE_WAVE, Math.floor((files - FILES.others) / FILES.each)));
}

const io = (path: string): string => `${path}?EIO=4&transport=websocket`;
const bearer = ({ token }: Account): readonly string[] => ["parlance.v1", `bearer.${token}`];

const WAYS: Readonly<Record<string, Way>> = {
  native: {
    path: () => "/v1/socket",
    protocols: bearer,
    talk: ({ id }) => [
      { say: JSON.stringify({ id: 1, do: "presence.watch", user_id: (id % USERS) + 1 }), until: /"ok":true/ },
    ],
  },
  "native, one chat": {
    path: (_, { id }) => `/v1/chats/${id}/socket`,
    protocols: bearer,
    talk: () => [{ say: JSON.stringify({ id: 1, do: "message.list" }), until: /"ok":true/ }],
  },
  methods: {
    path: () => "/ws/chat/",
    talk: ({ token }) => [{ say: JSON.stringify({ method: "auth", access_token: token }), until: /"authenticated"/ }],
  },
  messenger: {
    path: () => io("/ws/"),
    talk: ({ token }) => [
      { until: /^0/ },
      { say: `40/chat,${JSON.stringify({ token })}`, until: /^40\/chat/ },
      { say: `42/chat,1["wait-for-user",{"user":"user-1"}]`, until: null },
      { say: `42/chat,2["fetch-users",{}]`, until: /^43\/chat,2/ },
    ],
  },
  events: {
    path: () => io("/socket.io/"),
    talk: ({ id }) => [
      { until: /^0/ },
      { say: "40", until: /^40/ },
      { say: `421["list-chats",{"user":{"id":"${id}"}}]`, until: /^431/ },
    ],
  },
  rooms: {
    path: ({ token }) => `${io("/socket.io/")}&token=${token}`,
    talk: (_, { id }) => [
      { until: /^0/ },
      { say: "40", until: /^40/ },
      { say: `421["join","chat-${id}"]`, until: /^431/ },
    ],
  },
};

async function open(world: World, way: Way, who: Account, chat: Chat): Promise<WebSocket> {
  const socket = new WebSocket(`${world.wsUrl}${way.path(who, chat)}`, [...(way.protocols?.(who) ?? [])]);
  const frames: string[] = [];
  let ended = "";
  let isIn = false;
  socket.on("message", (frame) => {
    const text = textOf(frame);
    if (text === "2") socket.send("3");
    else if (!isIn) frames.push(text);
  });
  socket.on("error", (error) => (ended = error.message));
  socket.on("close", (code) => (ended ||= `closed with ${code}`));
  const come = async (what: string, hasCome: () => boolean): Promise<void> => {
    if (!(await eventually(() => ended !== "" || hasCome(), OPEN_WITHIN_MS)) || ended !== "")
      throw new Error(`${what} did not come: ${ended || frames.at(-1)}`);
  };
  await come("the connection", () => socket.readyState === WebSocket.OPEN);
  for (const { say, until } of way.talk(who, chat)) {
    if (say !== undefined) socket.send(say);
    if (until !== null) await come(String(until), () => frames.some((frame) => until.test(frame)));
  }
  isIn = true;
  return socket;
}

export const crowd: Scenario = async (server, { connections, seed, tell }) => {
  const world = newWorld(server, seed);
  const { findings } = world;
  const people: Account[] = [];
  for (let n = 1; n <= USERS; n++) {
    people.push(await register(world, `user-${n}`));
  }
  const [first] = people;
  if (first === undefined) throw new Error("nobody");
  const members = people.slice(1).map(({ id }) => id);
  const most = waveOf(connections);
  const chats: Chat[] = [];
  while (chats.length < Math.ceil(most / PER_CHAT)) {
    const { id } = await rest(world, first, "POST", "/v1/chats", { title: "all", members });
    chats.push({ id, kind: "group", members: people, owner: first });
  }
  const [chat] = chats as [Chat];
  // Whoever says at once who they are is sent to a Gateway by their id: these all come to one, and past it where it is full.
  const together = people.filter(({ id }) => id % GATEWAY.spread === first.id % GATEWAY.spread);

  let opened = 0;
  let sent = 0;
  const kinds = Object.entries(WAYS);
  for (let wave = 0; opened < connections; wave++) {
    const standing: WebSocket[] = [];
    const due = Math.min(most, connections - opened);
    let begun = 0;
    const openers = Array.from({ length: AT_ONCE }, async () => {
      while (begun < due) {
        const at = opened + begun++;
        const [dialect, way] = kinds[at % kinds.length] ?? world.random.pick(kinds);
        const who = world.random.pick(dialect === "native" ? together : people);
        try {
          standing.push(await open(world, way, who, world.random.pick(chats)));
        } catch (error) {
          findings.add("refused", `${dialect}, connection ${at}: ${String(error)}`);
        }
      }
    });
    await Promise.all(openers);
    opened += due;
    const closed = standing.filter(({ readyState }) => readyState !== WebSocket.OPEN).length;
    if (closed > 0) findings.add("refused", `${closed} of wave ${wave} were closed while others came`);
    const gateways = listenersByGateway(server.state);
    for (const [name, count] of gateways)
      if (count > GATEWAY.connections) findings.add("crowded", `${count} on the Gateway ${name}`);
    const native = [...gateways].filter(([name]) => name.startsWith("native/"));
    if (due / kinds.length > GATEWAY.connections && native.length < 2)
      findings.add("crowded", `all of wave ${wave} on ${native.map(([name]) => name).join()}`);
    tell(`${standing.length} stand; those of native on ${native.map((one) => one.join(": ")).join(", ")}`);
    for (const socket of standing) socket.terminate();
    // Who comes while they go is served.
    const text = `after wave ${wave}`;
    const message = await rest(world, first, "POST", `/v1/chats/${chat.id}/messages`, { text });
    sent++;
    if (message.seq !== sent) findings.add("gaps", `the message after wave ${wave} has the number ${message.seq}`);
    tell(`${opened} of ${connections} connections have stood and vanished`);
  }

  const online = async (): Promise<string[]> => {
    const { items } = await rest(world, first, "GET", "/v1/users?limit=100");
    return items.flatMap((one: Body) => (one.online ? [one.username] : []));
  };
  await eventually(async () => (await online()).length === 0, GONE_WITHIN_MS);
  for (const name of await online()) findings.add("left", `${name} is online`);
  // Of this process there are the connections that `fetch` keeps.
  const own = (): number => process.getActiveResourcesInfo().filter((one) => one === "TCPSocketWrap").length;
  await eventually(() => (tcpConnections(server.port) ?? 0) <= own(), GONE_WITHIN_MS);
  const tcp = tcpConnections(server.port) ?? 0;
  if (tcp > own()) findings.add("left", `${tcp} TCP connections, of which ${own()} are known`);

  await server.stop();
  // The last of its processes may end after the launcher, and holds the files until then.
  await server.kill();
  const rows = rowsOfConnections(server.state);
  for (const [table, count] of rows) findings.add("left", `${count} rows in ${table}`);
  return { findings, text: `${opened} connections of ${kinds.length} kinds opened and vanished.` };
};
