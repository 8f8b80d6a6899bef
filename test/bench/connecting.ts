/** The rows about connections that are made, and that lie idle. */

import type { Line, Outcome, Voice } from "./load.ts";
import { close, connect, open } from "./load.ts";
import type { Figure, Row, Size } from "./row.ts";
import { metered } from "./row.ts";
import type { Account, Parlance } from "./servers.ts";
import { startBaseline, startParlance } from "./servers.ts";
import { baselineLine, baselineOwnLine, chatLine, userLine } from "./speech.ts";
import type { Subject } from "./workerd.ts";

const CONNECTS = { full: 1_000, small: 50 } as const;
/** Among so many people they are shared: waking the object of somebody who was long away is another matter. */
const CONNECTING_PEOPLE = 50;
const IDLE = { full: 2_000, small: 100 } as const;
/** Opened before the idle ones are counted, so that what is there once is there. */
const FIRST = 100;

type Where = "chat" | "gateway";

/** So many connections, shared among these people. */
async function linesTo(parlance: Parlance, where: Where, people: readonly Account[], count: number): Promise<Line[]> {
  const chat = where === "chat" ? await parlance.group(people) : null;
  const one = (person: Account): Line =>
    chat === null ? userLine(parlance.url, person) : chatLine(parlance.url, chat, person);
  return Array.from({ length: count }, (_, at) => one(people[at % people.length] as Account));
}

const baselineLines = ({ url }: Subject, count: number, line: typeof baselineOwnLine = baselineLine): Line[] =>
  Array.from({ length: count }, (_, at) => line(url, "connecting", at));

/** Connections that are made by people whose token is checked, against those of a server that asks nobody who they are. */
function connects(key: string, title: string, where: Where): Row {
  return {
    key,
    title,
    unit: "connects/s",
    bound: { atLeast: 0.5 },
    async prepare({ baseline, parlance, size }) {
      const count = size.of(CONNECTS.full, CONNECTS.small);
      const sides = [
        baselineLines(baseline, count),
        await linesTo(parlance, where, await parlance.people(CONNECTING_PEOPLE), count),
      ] as const;
      const measure = async (subject: Subject, lines: readonly Line[]): Promise<Figure> => {
        let voices: readonly Voice[] = [];
        const work = async (): Promise<Outcome> => {
          const made = await connect(lines);
          ({ voices } = made);
          return made.outcome;
        };
        const figure = await metered(subject, work, ({ perSecond }) => perSecond);
        close(voices);
        return figure;
      };
      return { first: () => measure(baseline, sides[0]), second: () => measure(parlance, sides[1]), end: () => {} };
    },
  };
}

/** What a server of its own grows by with each idle socket. */
async function idle<S extends Subject>(server: S, lines: (server: S) => Promise<Line[]>, size: Size): Promise<Figure> {
  try {
    const all = await lines(server);
    const first = size.of(FIRST, FIRST / 10);
    const voices = await open(all.slice(0, first));
    await server.quiet();
    const before = await server.memory();
    voices.push(...(await open(all.slice(first))));
    await server.quiet();
    const value = ((await server.memory()) - before) / 1_024 / (all.length - first);
    close(voices);
    return { value, cpu: null };
  } finally {
    await server.stop();
  }
}

interface Idle {
  readonly key: string;
  readonly title: string;
  readonly where: Where;
  readonly atMost: number;
  /** Who they are; as many as there are sockets, where nothing is said, and then each has an object in the baseline as well. */
  readonly people?: number;
}

function memory({ key, title, where, atMost, people }: Idle): Row {
  return {
    key,
    title,
    unit: "KiB",
    bound: { atMost },
    prepare({ built, size }) {
      const count = size.of(IDLE.full, IDLE.small);
      const theirs = (one: Subject): Promise<Line[]> =>
        Promise.resolve(baselineLines(one, count, people === undefined ? baselineOwnLine : baselineLine));
      return Promise.resolve({
        first: async () => idle(await startBaseline(built), theirs, size),
        second: async () =>
          idle(
            await startParlance(built),
            async (one) => linesTo(one, where, await one.people(people ?? count), count),
            size,
          ),
        end: () => {},
      });
    },
  };
}

export const connecting: readonly Row[] = [
  connects("connects", "connects to a chat's own socket, login checked", "chat"),
  connects("connects-gateway", "connects to /v1/socket, login checked", "gateway"),
  memory({
    key: "memory",
    title: "memory of an idle socket, chat's own",
    where: "chat",
    atMost: 1.15,
    people: CONNECTING_PEOPLE,
  }),
  memory({
    key: "memory-gateway",
    title: "memory of an idle socket, /v1/socket",
    where: "gateway",
    atMost: 1.4,
    people: CONNECTING_PEOPLE,
  }),
  memory({
    key: "memory-people",
    title: "the same, each somebody else's, against an empty object for each",
    where: "gateway",
    atMost: 1.4,
  }),
];
