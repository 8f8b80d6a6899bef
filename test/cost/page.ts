/** The page of costs, as text: made of the counts that the tests assert and of the list prices, of nothing else. */

import { DELIVERY, GATEWAY, LARGE_CHAT } from "../../src/core/limits.ts";
import { settingsFrom } from "../../src/socketio/settings.ts";
import type { Bill } from "../support/bill.ts";
import type { Counted } from "./counts.ts";
import { BURST, CONNECTION, DIALECTS, GROUPS, SIZES, TYPING } from "./counts.ts";
import type { Usage } from "./model.ts";
import { ASSUMED, dollars, monthly, sum, usageOf } from "./model.ts";
import { FRAMES_PER_REQUEST, LOOKED_UP, PLAN, PRICES, SOURCES, STORAGE } from "./prices.ts";

const MILLION = 1e6;
const MONTH_S = ASSUMED.daysPerMonth * 86_400;
const { pingInterval, pingSlack } = settingsFrom({});
const NOTHING: Bill = { rows: 0, calls: 0, frames: 0, alarms: 0, requests: 0, queries: 0, directoryRows: 0 };

const money = (amount: number): string => `$${amount.toFixed(2)}`;
const number = (value: number): string => value.toLocaleString("en-US");

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [
    `| ${head.join(" | ")} |`,
    `| ${head.map((_, at) => (at === 0 ? "---" : "---:")).join(" | ")} |`,
    ...rows.map((row) => `| ${row.join(" | ")} |`),
  ].join("\n");

const requestsOf = ({ calls, alarms, frames }: Bill): number => calls + alarms + frames / FRAMES_PER_REQUEST;

/** A million of them: by what is billed, and all of it. */
function priced(bill: Bill): string[] {
  const usage = usageOf(bill, MILLION);
  return [
    money(dollars(usage, ["objectRowsWritten"])),
    money(dollars(usage, ["objectRequests"])),
    money(dollars(usage, ["objectDuration"])),
    money(dollars(usage, ["workerRequests", "workerCpuMs", "directoryRowsRead", "directoryRowsWritten"])),
    `**${money(dollars(usage))}**`,
  ];
}

const HEAD = ["", "rows", "requests", "written", "objects asked", "duration", "Worker, D1", "a million"];

const line = (title: string, bill: Bill): string[] => [
  title,
  number(bill.rows),
  number(requestsOf(bill)),
  ...priced(bill),
];

const both = (title: string, { lone, following }: Counted): string[][] => [
  line(`${title}: in a conversation`, following),
  line(`${title}: after a silence`, lone),
];

/** So many happen in a month, of this kind. */
const perMonth = (perDay: number): number => ASSUMED.users * perDay * ASSUMED.daysPerMonth;

/** Gateways for all users, each with an alarm every so many seconds, each alarm being set again: a row. */
const sweeps = (everyS: number): Usage =>
  usageOf({ ...NOTHING, rows: 1, alarms: 1 }, (ASSUMED.users / GATEWAY.connections) * (MONTH_S / everyS));

function texts({ lone, following }: Counted): Usage {
  const all = perMonth(ASSUMED.textsPerDay);
  return sum(usageOf(lone, all * ASSUMED.alone), usageOf(following, all * (1 - ASSUMED.alone)));
}

function monthTable(): string {
  const connections = (how: keyof typeof CONNECTION): Usage =>
    usageOf({ ...NOTHING, ...CONNECTION[how] }, perMonth(ASSUMED.connectionsPerDay));

  const pongs = usageOf({ ...NOTHING, frames: 1 }, ASSUMED.users * (MONTH_S / (pingInterval / 1_000)), 1);
  const own = connections("own");
  const all = sum(connections("all"), sweeps(GATEWAY.sweepMs / 1_000));
  const socketIo = sum(connections("all"), sweeps(pingSlack / 1_000), pongs);
  const rows: [string, Usage][] = [
    ["idle, on a chat's own sockets", own],
    ["idle, on `/v1/socket`", all],
    ["idle, on Socket.IO (version 4)", socketIo],
    ["active, on a chat's own sockets", sum(own, texts(DIALECTS.own.counted))],
    ["active, on `/v1/socket`", sum(all, texts(DIALECTS.all.counted))],
    ["active, `messenger` on Socket.IO", sum(socketIo, texts(DIALECTS.messenger.counted))],
  ];
  return table(
    ["", "rows, millions", "requests, millions", "GB-s, thousands", "by list price", "bill of the month"],
    rows.map(([title, usage]) => [
      title,
      (usage.objectRowsWritten / MILLION).toFixed(1),
      (usage.objectRequests / MILLION).toFixed(1),
      (usage.objectDuration / 1_000).toFixed(0),
      money(dollars(usage)),
      `**${money(monthly(usage))}**`,
    ]),
  );
}

function advice(): string {
  const own = dollars(usageOf(DIALECTS.own.counted.following, MILLION));
  const all = dollars(usageOf(DIALECTS.all.counted.following, MILLION));
  const [small, hundred, thousand] = [GROUPS.own[10], GROUPS.own[100], GROUPS.own[1000]].map((one) =>
    dollars(usageOf(one.following, MILLION)),
  );
  const awake = (GATEWAY.connections * MONTH_S * 0.128 * PRICES.objectDuration.perMillion) / MILLION;
  const stored = ((MILLION * ASSUMED.textBytes) / 1e9) * STORAGE.objects.perGb;
  const typing = dollars(usageOf(TYPING, MILLION));
  return `- **Rows are most of it.** A row costs as much as ${number(Math.round(PRICES.objectRowsWritten.perMillion / PRICES.objectRequests.perMillion))} requests. A text is one row, each list that shows it is one, and a \`client_id\` is one more (its index); it buys that a text sent twice is there once.
- **Open a chat's own socket where a screen shows one chat.** A text costs ${money(own)} a million there and ${money(all)} on \`/v1/socket\`: nobody is called for a socket. A thousand members hear it there for ${money(thousand ?? 0)} a million.
- **Groups of more than ${LARGE_CHAT} cost less than groups of ${LARGE_CHAT}**: ${money(small ?? 0)} a million for 10 members, ${money(hundred ?? 0)} for 100, ${money(thousand ?? 0)} for 1,000. Past \`LARGE_CHAT\` (\`src/core/limits.ts\`) a chat brings nothing to those who are not there; their lists ask it when they are read. Set it lower if your groups are busy and seldom looked at.
- **Sockets sleep.** All of them are accepted for hibernation: between frames nothing is billed for them. A chat that had to stay in memory would cost ${money(awake / GATEWAY.connections)} a month by itself, ${money(awake)} for ${number(GATEWAY.connections)} of them. So never give an object a timer that goes on.
- **Native pings are free**: the runtime answers them and no object wakes. Socket.IO's version 4 has the server ask and the client answer with a frame, every ${pingInterval / 1_000} s: that is what an idle user costs there. A longer \`pingInterval\` (\`src/socketio/settings.ts\`) makes it less, and broken connections are found later.
- **What comes together is written together.** ${BURST.messages} texts between two that came while a commit was under way took at most ${number(BURST.rows)} rows and ${BURST.calls} calls; one by one they take ${number(DIALECTS.own.counted.following.rows * BURST.messages)} and ${number(DIALECTS.own.counted.following.calls * BURST.messages)}. An Inbox of somebody who is connected writes its rows every ${DELIVERY.gatherMs} ms, one for a chat, once more than ${DELIVERY.burst} came in quick succession. Send what you have in one go; don't wait for each answer.
- **Connections are not free.** One of somebody who was offline and is again afterwards takes at most ${CONNECTION.all.rows} rows: ${money(dollars(usageOf({ ...NOTHING, ...CONNECTION.all }, MILLION)))} a million. A client that keeps its socket costs less than one that comes and goes.
- **An alarm for a spell, not for a text.** A text after a silence costs two rows and two requests more: the alarm that makes sure of its delivery. It goes off ${DELIVERY.spellMs / 1_000} s later, once for all that came meanwhile.
- **Typing** writes no row: on a chat's own socket a notice is one frame, ${money(typing)} a million. On \`/v1/socket\` each is passed on by calls. Tell it when it begins and every few seconds, not with each key.
- **REST costs a request to the Worker for each text**, and its token a statement of the directory; so does asking again and again what is new. Use a socket to hear.
- **Retention.** A million texts of a hundred characters take about ${(ASSUMED.textBytes * MILLION) / 1e9} GB: ${money(stored)} each month, as long as they are kept. Deleting one is at least a row written (${money(PRICES.objectRowsWritten.perMillion)} a million): short texts can be kept for a year for less. Let an app forget for other reasons, and for files: a gigabyte of them is ${money(STORAGE.files.perGb)} a month, and sending them out is free.`;
}

export function page(): string {
  const priceRows = Object.entries(PRICES).map(([name, { included, perMillion }]) => [
    `\`${name}\``,
    number(included),
    `$${perMillion}`,
  ]);
  const storageRows = Object.entries(STORAGE).map(([name, { includedGb, perGb }]) => [
    `\`${name}\``,
    String(includedGb),
    `$${perGb}`,
  ]);
  return `# What it costs

Made by \`npm run cost\`; a test fails when this page is not what it prints. The counts are those that \`test/objects/cost-dialects.test.ts\` asserts (\`test/cost/counts.ts\`), the prices those of \`test/cost/prices.ts\`. All in US dollars, without tax.

## A million texts

**rows**: written in all objects, indexes and alarms included. **requests**: billed requests to objects: each call from one to another, each alarm, and a ${FRAMES_PER_REQUEST}th for each frame from a socket. By list price, as if the plan included nothing: what a million more cost. No text writes a row in D1.

Between two people who are both online in the dialect:

${table(
  HEAD,
  Object.values(DIALECTS).flatMap(({ title, counted }) => both(title, counted)),
)}

In a group, with ${GROUPS.online} members on \`/v1/socket\` and the others offline, and with all of them on the chat's own sockets:

${table(
  HEAD,
  SIZES.flatMap((size) => [
    ...both(`${number(size)} members, ${GROUPS.online} online`, GROUPS.few[size]),
    ...both(`${number(size)} members, all on its own sockets`, GROUPS.own[size]),
  ]),
)}

## ${number(ASSUMED.users)} connected users for a month

Each is connected all the time and comes back ${ASSUMED.connectionsPerDay} times a day after a while (${CONNECTION.all.rows} rows and ${CONNECTION.all.calls + CONNECTION.all.alarms} requests at most). Active: each sends ${ASSUMED.textsPerDay} texts a day, between two, ${ASSUMED.alone * 100} % of them after a silence. The bill has the plan (${money(PLAN)}) and what goes past what it includes.

${monthTable()}

## How to keep it low

${advice()}

## What is assumed

Counted by tests: rows, calls, frames, alarms, requests, statements of the directory. Assumed: an object is active for ${ASSUMED.activeMs} ms for each call, frame and alarm (the platform's own example; 1 ms for a frame that only answers a ping); the Worker computes for ${ASSUMED.cpuMs} ms for a request; a statement reads ${ASSUMED.rowsPerQuery} rows of the directory; Gateways are full (${number(GATEWAY.connections)} connections). Left out, as small: rows read in objects (${money(1_000 * PRICES.objectRowsRead.perMillion)} for a thousand million), what the Lobby writes of figures. Left out, as it depends on the app: files, lists and history that are read, people who watch others' presence. Not counted: a group all of whose members are on \`/v1/socket\`; each of them is a row and up to two calls for each text.

## List prices

Looked up on ${LOOKED_UP}, Workers Paid plan: ${Object.entries(SOURCES)
    .map(([name, address]) => `[${name}](${address})`)
    .join(", ")}.

${table(["", "included in a month", "a million more"], priceRows)}

${table(["stored", "GB included", "a GB more, for a month"], storageRows)}
`;
}
