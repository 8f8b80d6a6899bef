/** The tables of the page of costs, as Markdown. Knows counts and what they cost; says nothing about them. */

import { GATEWAY } from "../../src/core/limits.ts";
import { settingsFrom } from "../../src/socketio/settings.ts";
import type { Count, Counted, Dialect } from "./counts.ts";
import { ACTS, COUNTS, DIALECTS, SIZES } from "./counts.ts";
import type { Usage } from "./model.ts";
import { ASSUMED, dollars, monthly, requestsOf, sum, usageOf, withFigures } from "./model.ts";
import { PRICES, STORAGE } from "./prices.ts";

export const MILLION = 1e6;
export const MONTH_S = ASSUMED.daysPerMonth * 86_400;
const SOCKET_IO: ReadonlySet<Dialect> = new Set(["messenger", "rooms", "events"]);
const NONE = "—";
const { pingInterval, pingSlack } = settingsFrom({});

export const money = (amount: number): string => `$${amount.toFixed(2)}`;
export const number = (value: number): string => value.toLocaleString("en-US");

/** By list price. */
export const perMillion = (count: Count): number => dollars(usageOf(count, MILLION));

const dialects = Object.entries(DIALECTS) as [Dialect, string][];
function counted(dialect: Dialect): Counted {
  const { afterSilence, ...others }: Counted = COUNTS[dialect];
  return afterSilence === undefined ? others : { ...others, afterSilence: withFigures(afterSilence) };
}

/** As the formatter has it: columns of one width, all but the first to the right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, at) => Math.max(3, ...[head, ...rows].map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]): string => {
    const cells = widths.map((width, at) => (at === 0 ? row[at]?.padEnd(width) : row[at]?.padStart(width)) ?? "");
    return `| ${cells.join(" | ")} |`;
  };
  const rule = widths.map((width, at) => (at === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

const shown = (count: Count | undefined, show: (count: Count) => string): string =>
  count === undefined ? NONE : show(count);

const SIZED = SIZES.map((size) => ({ size, title: `${number(size)} members`, act: `groupOf${size}` as const }));

/** Dollars for a million texts. */
export const textsTable = (): string =>
  table(
    ["", "two people", "after a silence", ...SIZED.map(({ title }) => title)],
    dialects.map(([dialect, title]) => {
      const { text, afterSilence } = counted(dialect);
      const groups = SIZED.map(({ act }) => counted(dialect)[act]);
      return [title, ...[text, afterSilence, ...groups].map((one) => shown(one, (count) => money(perMillion(count))))];
    }),
  );

const rowsAndRequests = (count: Count): string => `${number(count.rows ?? 0)} / ${number(requestsOf(count))}`;

/** Rows and billed requests of one text. */
export const countsTable = (): string =>
  table(
    ["rows / requests", "two people", "after a silence", ...SIZED.map(({ title }) => title)],
    dialects.map(([dialect, title]) => {
      const { text, afterSilence } = counted(dialect);
      const groups = SIZED.map(({ act }) => counted(dialect)[act]);
      return [title, ...[text, afterSilence, ...groups].map((one) => shown(one, rowsAndRequests))];
    }),
  );

/** Dialects in which groups were counted all of whose members are online. */
const CROWDS = dialects.filter(([dialect]) => counted(dialect).everyoneOf100 !== undefined);
const CROWD_SIZES = SIZED.filter(({ size }) => counted("all")[`everyoneOf${size}`] !== undefined);

/** A text in groups all of whose members are online: rows, billed requests, and dollars for a million. */
export const everyoneTable = (): string =>
  table(
    ["", ...CROWD_SIZES.map(({ title }) => title)],
    CROWDS.map(([dialect, title]) => [
      title,
      ...CROWD_SIZES.map(({ size }) =>
        shown(
          counted(dialect)[`everyoneOf${size}`],
          (count) => `${rowsAndRequests(count)}: ${money(perMillion(count))}`,
        ),
      ),
    ]),
  );

const OTHERS = ["read", "edit", "delete", "typing", "connection"] as const;

/** Dollars for a million of what is no text, between two. */
export const actsTable = (): string =>
  table(
    ["", ...OTHERS.map((act) => (act === "connection" ? "a connection" : ACTS[act]))],
    dialects.map(([dialect, title]) => [
      title,
      ...OTHERS.map((act) => shown(counted(dialect)[act], (count) => money(perMillion(count)))),
    ]),
  );

/** So many happen in a month, of this kind. */
const perMonth = (perDay: number): number => ASSUMED.users * perDay * ASSUMED.daysPerMonth;

/** Full Gateways for all users, each with an alarm every so many seconds, each alarm being set again: a row. */
const sweeps = (everyS: number): Usage =>
  usageOf({ rows: 1, alarms: 1 }, (ASSUMED.users / GATEWAY.connections) * (MONTH_S / everyS));

/** Everybody is connected and says nothing. */
function idle(dialect: Dialect): Usage {
  const { connection } = counted(dialect === "rest" ? "all" : dialect);
  if (connection === undefined) return usageOf({}, 0);
  const connections = usageOf(connection, perMonth(ASSUMED.connectionsPerDay));
  if (dialect === "own") return connections;
  if (!SOCKET_IO.has(dialect)) return sum(connections, sweeps(GATEWAY.sweepMs / 1_000));
  const pongs = usageOf({ frames: 1 }, ASSUMED.users * (MONTH_S / (pingInterval / 1_000)), ASSUMED.pongMs);
  return sum(connections, sweeps(pingSlack / 1_000), pongs);
}

/** What everybody says, each text costing `text` in the middle of a conversation. */
function active(dialect: Dialect, text: Count): Usage {
  const { text: plain, afterSilence, read, typing } = counted(dialect);
  const texts = perMonth(ASSUMED.textsPerDay);
  // A spell costs the same whatever the chat.
  const beginnings = texts * ASSUMED.alone;
  const spells = sum(usageOf(afterSilence ?? {}, beginnings), usageOf(plain ?? {}, -beginnings));
  return sum(
    usageOf(text, texts),
    spells,
    usageOf(read ?? {}, texts * ASSUMED.reads),
    usageOf(typing ?? {}, texts * ASSUMED.typing),
  );
}

const billOfMonth = (dialect: Dialect, text: Count): string =>
  money(monthly(sum(idle(dialect), active(dialect, text))));

/** The bill of a month for all users: silent, and talking in chats of each kind, two of whose members are looking. */
export const monthTable = (): string =>
  table(
    ["", "silent", "two people", ...SIZED.map(({ title }) => title)],
    dialects.map(([dialect, title]) => {
      const texts = [counted(dialect).text, ...SIZED.map(({ act }) => counted(dialect)[act])];
      return [
        title,
        counted(dialect === "rest" ? "all" : dialect).connection === undefined ? NONE : money(monthly(idle(dialect))),
        ...texts.map((one) => shown(one, (count) => billOfMonth(dialect, count))),
      ];
    }),
  );

/** The same where all members of a group are connected to hear it. */
export const monthOfCrowdsTable = (): string =>
  table(
    ["", ...CROWD_SIZES.map(({ title }) => title)],
    CROWDS.map(([dialect, title]) => [
      title,
      ...CROWD_SIZES.map(({ size }) =>
        shown(counted(dialect)[`everyoneOf${size}`], (count) => billOfMonth(dialect, count)),
      ),
    ]),
  );

export const pricesTable = (): string =>
  table(
    ["", "included in a month", "a million more"],
    Object.entries(PRICES).map(([name, price]) => [`\`${name}\``, number(price.included), `$${price.perMillion}`]),
  );

export const storageTable = (): string =>
  table(
    ["stored", "GB included", "a GB more, for a month"],
    Object.entries(STORAGE).map(([name, { includedGb, perGb }]) => [`\`${name}\``, String(includedGb), `$${perGb}`]),
  );
