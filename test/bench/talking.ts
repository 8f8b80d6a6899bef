/** The rows about messages that are sent and heard. */

import type { Voice } from "./load.ts";
import { close, open } from "./load.ts";
import type { Bound, Row, Sides, Stage } from "./row.ts";
import { talk } from "./row.ts";
import { baselineLine, baselineSend, chatLine, chatSend, roomsLine, roomsSend, userLine, userSend } from "./speech.ts";

const DIRECT_CHATS = { full: 200, small: 20 } as const;

interface Group {
  readonly key: string;
  readonly sockets: number;
  /** Sockets in the small size. */
  readonly small?: number;
  readonly senders?: number;
  readonly bound: Bound;
}

/** A group on the chat's own sockets, 16 messages of each sender in flight. */
function ownSockets({ key, sockets, small = sockets, senders = 1, bound }: Group): Row {
  const who = senders === 1 ? "" : `, ${senders} senders`;
  return {
    key,
    title: `chat's own socket, N = ${sockets.toLocaleString("en")}${who}`,
    unit: "deliveries/s",
    bound,
    async prepare(stage) {
      const count = stage.size.of(sockets, small);
      const { theirs, ours } = await groupOf(stage, key, count);
      const load = { inFlight: 16, seconds: stage.size.seconds, hearers: count - 1 };
      const asks =
        <Ask>(ask: Ask) =>
        (at: number) =>
          at < senders ? ask : null;
      return {
        first: () =>
          talk(stage.baseline, theirs, { ...load, asks: asks(baselineSend) }, (o) => o.perSecond * (count - 1)),
        second: () => talk(stage.parlance, ours, { ...load, asks: asks(chatSend) }, (o) => o.perSecond * (count - 1)),
        end: () => close([...theirs, ...ours]),
      };
    },
  };
}

/** A room of the baseline and a group of ours, with a socket for each of `count` people. */
async function groupOf(stage: Stage, room: string, count: number): Promise<{ theirs: Voice[]; ours: Voice[] }> {
  const { baseline, parlance } = stage;
  const people = await parlance.people(count);
  const chat = await parlance.group(people);
  const theirs = await open(people.map(({ id }) => baselineLine(baseline.url, room, id)));
  const ours = await open(people.map((one) => chatLine(parlance.url, chat, one)));
  return { theirs, ours };
}

const latency: Row = {
  key: "latency",
  title: "one message in flight, p50 of the acknowledgement",
  unit: "ms",
  bound: { atMost: 1.15 },
  async prepare(stage) {
    const { theirs, ours } = await groupOf(stage, "latency", 2);
    const load = { inFlight: 1, seconds: stage.size.seconds, hearers: 1 };
    return {
      first: () =>
        talk(stage.baseline, theirs, { ...load, asks: (at) => (at === 0 ? baselineSend : null) }, (o) => o.p50),
      second: () => talk(stage.parlance, ours, { ...load, asks: (at) => (at === 0 ? chatSend : null) }, (o) => o.p50),
      end: () => close([...theirs, ...ours]),
    };
  },
};

const direct: Row = {
  key: "direct",
  title: `${DIRECT_CHATS.full} direct chats over /v1/socket, 4 in flight each`,
  unit: "acknowledged/s",
  bound: { atLeast: 0.6 },
  async prepare({ baseline, parlance, size }): Promise<Sides> {
    const count = size.of(DIRECT_CHATS.full, DIRECT_CHATS.small);
    const people = await parlance.people(2 * count);
    const chats: number[] = [];
    for (const [at, one] of people.entries()) {
      const other = people[at + 1];
      if (at % 2 === 0 && other !== undefined) chats.push(await parlance.direct(one, other));
    }
    const theirs = await open(people.map(({ id }, at) => baselineLine(baseline.url, `pair-${at >> 1}`, id)));
    const ours = await open(people.map((one) => userLine(parlance.url, one)));
    const load = { inFlight: 4, seconds: size.seconds, hearers: 1 };
    const sends = chats.map(userSend);
    return {
      first: () =>
        talk(baseline, theirs, { ...load, asks: (at) => (at % 2 === 0 ? baselineSend : null) }, (o) => o.perSecond),
      second: () =>
        talk(
          parlance,
          ours,
          { ...load, asks: (at) => (at % 2 === 0 ? (sends[at >> 1] ?? null) : null) },
          (o) => o.perSecond,
        ),
      end: () => close([...theirs, ...ours]),
    };
  },
};

const socketIo: Row = {
  key: "socketio",
  title: "a group of 50 on the Socket.IO sockets of rooms",
  unit: "deliveries/s",
  bound: { atLeast: 0.35, orValue: 15_000 },
  async prepare({ baseline, parlance, size }) {
    const count = 50;
    const people = await parlance.people(count);
    const chat = await parlance.group(people);
    const theirs = await open(people.map(({ id }) => baselineLine(baseline.url, "socketio", id)));
    const ours = await open(people.map((one) => roomsLine(parlance.url, chat, one)));
    const load = { inFlight: 16, seconds: size.seconds };
    return {
      first: () =>
        talk(
          baseline,
          theirs,
          { ...load, hearers: count - 1, asks: (at) => (at === 0 ? baselineSend : null) },
          (o) => o.perSecond * (count - 1),
        ),
      // Here the sender hears the message too, which is not counted.
      second: () =>
        talk(
          parlance,
          ours,
          { ...load, hearers: count, asks: (at) => (at === 0 ? roomsSend : null) },
          (o) => o.perSecond * (count - 1),
        ),
      end: () => close([...theirs, ...ours]),
    };
  },
};

export const talking: readonly Row[] = [
  ownSockets({ key: "own-2", sockets: 2, bound: { atLeast: 2 } }),
  ownSockets({ key: "own-50", sockets: 50, bound: { atLeast: 3 } }),
  ownSockets({ key: "own-500", sockets: 500, small: 50, bound: { atLeast: 5 } }),
  ownSockets({ key: "own-2000", sockets: 2_000, small: 100, bound: { atLeast: 5 } }),
  ownSockets({ key: "four-senders", sockets: 500, small: 50, senders: 4, bound: { atLeast: 8 } }),
  latency,
  direct,
  socketIo,
];
