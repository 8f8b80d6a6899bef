/** The rows about what is read: pages of history, and the list of one's chats. */

import type { Outcome } from "./load.ts";
import { close, open, request, run } from "./load.ts";
import type { Figure, Row, Stage } from "./row.ts";
import { metered, talk } from "./row.ts";
import type { Account, Parlance } from "./servers.ts";
import { baselineLine, baselinePage, chatLine, chatPage, chatSend } from "./speech.ts";

const IN_FLIGHT = 16;
const PAGE = 50;
/** Bits of a message's id that are its place in its chat. */
const SEQ_BITS = 24;
const SHORT = { full: 1_000, small: 1_000 } as const;
const LONG = { full: 1_000_000, small: 20_000 } as const;
/** Messages in flight while a history is written. */
const FILLING = 1_000;
const CHATS = { few: 10, many: { full: 1_000, small: 50 } } as const;

interface History {
  readonly count: number;
  readonly chat: number;
  readonly reader: Account;
}

const histories = new WeakMap<Parlance, Map<number, History>>();

/** A chat with so many messages, sent like any others; made once for a server. */
async function history({ parlance, size }: Stage, { full, small }: typeof SHORT | typeof LONG): Promise<History> {
  const count = size.of(full, small);
  const made = histories.get(parlance) ?? new Map<number, History>();
  histories.set(parlance, made);
  const known = made.get(count);
  if (known !== undefined) return known;
  const [reader] = await parlance.people(1);
  if (reader === undefined) throw new Error("nobody reads");
  const chat = await parlance.group([reader]);
  const voices = await open([chatLine(parlance.url, chat, reader)]);
  await run(voices, { asks: () => chatSend, inFlight: FILLING, seconds: Infinity, most: count, hearers: 0 });
  close(voices);
  const written = { count, chat, reader };
  made.set(count, written);
  return written;
}

/** A page somewhere in a history of so many. */
const anywhere = (count: number): number => PAGE + 1 + Math.floor(Math.random() * (count - PAGE));
const anywhereIn = ({ chat, count }: History): number => chat * 2 ** SEQ_BITS + anywhere(count);

/** A room of the baseline with so many messages. */
async function baselineHistory({ baseline }: Stage, count: number): Promise<string> {
  const room = `history-${count}`;
  const filled = await fetch(`${baseline.url}/${room}/fill?count=${count}`);
  if (!filled.ok) throw new Error("the baseline could not be filled");
  return room;
}

const perSecond = (outcome: Outcome): number => outcome.perSecond;

/** Pages over the socket that is open on the chat, and how to close it. */
async function ourPages(stage: Stage, long: History): Promise<{ measure: () => Promise<Figure>; end: () => void }> {
  const { parlance, size } = stage;
  const voices = await open([chatLine(parlance.url, long.chat, long.reader)]);
  const asks = () => chatPage(() => anywhereIn(long));
  const load = { inFlight: IN_FLIGHT, seconds: size.seconds, hearers: 0, asks };
  return { measure: () => talk(parlance, voices, load, perSecond), end: () => close(voices) };
}

function pages(key: string, title: string, length: typeof SHORT | typeof LONG): Row {
  return {
    key,
    title,
    unit: "pages/s",
    bound: { atLeast: 1 },
    async prepare(stage) {
      const { baseline, size } = stage;
      const written = await history(stage, length);
      const room = await baselineHistory(stage, written.count);
      const theirs = await open([baselineLine(baseline.url, room, "reader")]);
      const asks = () => baselinePage(() => anywhere(written.count));
      const load = { inFlight: IN_FLIGHT, seconds: size.seconds, hearers: 0, asks };
      const ours = await ourPages(stage, written);
      return {
        first: () => talk(baseline, theirs, load, perSecond),
        second: ours.measure,
        end: () => {
          ours.end();
          close(theirs);
        },
      };
    },
  };
}

const growth: Row = {
  key: "history-growth",
  title: "pages of 1,000,000 messages against those of 1,000, both ours",
  unit: "pages/s",
  bound: { atLeast: 0.9 },
  async prepare(stage) {
    const short = await ourPages(stage, await history(stage, SHORT));
    const long = await ourPages(stage, await history(stage, LONG));
    return {
      first: short.measure,
      second: long.measure,
      end: () => {
        short.end();
        long.end();
      },
    };
  },
};

const overHttp: Row = {
  key: "history-http",
  title: "pages of 1,000 messages over HTTP, login checked",
  unit: "pages/s",
  bound: { atLeast: 1 },
  async prepare(stage) {
    const { baseline, parlance, size } = stage;
    const written = await history(stage, SHORT);
    const room = await baselineHistory(stage, written.count);
    const load = { inFlight: IN_FLIGHT, seconds: size.seconds };
    const theirs = (): string => `${baseline.url}/${room}/messages?before=${anywhere(written.count)}`;
    const ours = (): string => `${parlance.url}/v1/chats/${written.chat}/messages?before=${anywhereIn(written)}`;
    const headers = { authorization: `Bearer ${written.reader.token}` };
    return {
      first: () => metered(baseline, () => request({ ...load, url: theirs }), perSecond),
      second: () => metered(parlance, () => request({ ...load, url: ours, headers }), perSecond),
      end: () => {},
    };
  },
};

/** Somebody who is in so many chats, in each of which something was said. */
async function inChats(parlance: Parlance, member: Account, count: number): Promise<void> {
  let left = count;
  const some = async (): Promise<void> => {
    while (left-- > 0) await parlance.say(await parlance.group([member]), member);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, some));
}

const list: Row = {
  key: "list",
  title: `list of chats, p50: of 1,000 against of ${CHATS.few}, both ours`,
  unit: "ms",
  bound: { atMost: 10 },
  async prepare({ parlance, size }) {
    const [few, many] = (await parlance.people(2)) as [Account, Account];
    await inChats(parlance, few, CHATS.few);
    await inChats(parlance, many, size.of(CHATS.many.full, CHATS.many.small));
    const url = (): string => `${parlance.url}/v1/chats?limit=100`;
    const measure =
      ({ token }: Account) =>
      (): Promise<Figure> => {
        const headers = { authorization: `Bearer ${token}` };
        const ask = () => request({ url, headers, inFlight: 1, seconds: size.seconds });
        return metered(parlance, ask, (outcome) => outcome.p50);
      };
    return { first: measure(few), second: measure(many), end: () => {} };
  },
};

export const reading: readonly Row[] = [
  pages("history", "pages of 50 out of 1,000 messages", SHORT),
  pages("history-long", "pages of 50 out of 1,000,000 messages", LONG),
  growth,
  overHttp,
  list,
];
