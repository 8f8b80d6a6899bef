/** The page of costs, as text: made of the counts that the tests assert and of the list prices, of nothing else. */

import { DELIVERY, GATEWAY, LARGE_CHAT } from "../../src/core/limits.ts";
import { settingsFrom } from "../../src/socketio/settings.ts";
import type { Count } from "./counts.ts";
import { BURST, COUNTS, billOf } from "./counts.ts";
import { ASSUMED, requestsOf } from "./model.ts";
import { FRAMES_PER_REQUEST, OBJECT_GB, PLAN, PRICES, SOURCES, STORAGE } from "./prices.ts";
import {
  MILLION,
  MONTH_S,
  actsTable,
  countsTable,
  everyoneTable,
  money,
  monthOfCrowdsTable,
  monthTable,
  number,
  perMillion,
  pricesTable,
  storageTable,
  textsTable,
} from "./tables.ts";

const { own, all } = COUNTS;
const { pingInterval } = settingsFrom({});

function advice(): string {
  const rowInRequests = Math.round(PRICES.objectRowsWritten.perMillion / PRICES.objectRequests.perMillion);
  const awake = (MONTH_S * OBJECT_GB * PRICES.objectDuration.perMillion) / MILLION;
  const callsEach = ((all.everyoneOf100?.calls ?? 0) - (all.everyoneOf10?.calls ?? 0)) / 90;
  const stored = ((MILLION * ASSUMED.textBytes) / 1e9) * STORAGE.objects.perGb;
  return `- **Rows are most of it.** A row costs as much as ${rowInRequests} requests. A text is one row, each list that shows it is one, and a native \`client_id\` is one more (its index); for that a text sent twice is there once.
- **Open a chat's own socket where a screen shows one chat.** A text costs ${money(perMillion(own.text ?? {}))} a million there and ${money(perMillion(all.text ?? {}))} on \`/v1/socket\`: a chat tells its own sockets without a call, however many there are.
- **Groups of more than ${LARGE_CHAT} cost less than groups of ${LARGE_CHAT}.** Past \`LARGE_CHAT\` (\`src/core/limits.ts\`) a chat brings nothing to those who are not there; their lists ask it when they are read. Up to there each member is a row and a request for each text. Set it lower if your groups are busy and seldom looked at.
- **Let members of a large group hear it on its own socket**, or come to it only when they look: each who is on \`/v1/socket\` is a row for each text however large the group is, and requests (${number(callsEach)}).
- **Sockets sleep.** All of them are accepted for hibernation: between frames nothing is billed for them. An object that had to stay in memory would cost ${money(awake)} a month by itself. So never give an object a timer that goes on.
- **Native pings are free**: the runtime answers them and no object wakes. Socket.IO's version 4 has the server ask and the client answer with a frame, every ${pingInterval / 1_000} s: that is most of what a silent user costs there. A longer \`pingInterval\` (\`src/socketio/settings.ts\`) makes it less, and broken connections are found later.
- **What comes together is written together.** ${BURST} texts between two that came on one socket while a commit was under way took ${number(own.burst?.rows ?? 0)} rows and ${number(own.burst?.calls ?? 0)} calls; one by one they take ${number((own.text?.rows ?? 0) * BURST)} and ${number((own.text?.calls ?? 0) * BURST)}. An Inbox of somebody who is connected writes its rows every ${DELIVERY.gatherMs} ms, one for a chat, once more than ${DELIVERY.burst} came in quick succession. Send what you have in one go; don't wait for each answer.
- **Connections are not free.** One of somebody who was offline and is again afterwards takes ${own.connection?.rows ?? 0} rows and ${number(requestsOf(own.connection ?? {}))} requests. A client that keeps its socket costs less than one that comes and goes.
- **An alarm for a spell, not for a text.** A text after a silence also pays for the alarm that makes sure of its delivery. It goes off ${DELIVERY.spellMs / 1_000} s later, once for all that came meanwhile.
- **Typing** writes no row. On a chat's own socket a notice is one frame, elsewhere each is passed on by calls. Tell it when it begins and every few seconds, not with each key.
- **REST costs a request to the Worker for each text**, and its token a statement of the directory, but where the same isolate of the Worker has had an answer for it within half a second; so does asking again and again what is new. Use a socket to hear.
- **Retention.** A million texts of a hundred characters take about ${(ASSUMED.textBytes * MILLION) / 1e9} GB: ${money(stored)} each month, as long as they are kept. Deleting one is at least a row written (${money(PRICES.objectRowsWritten.perMillion)} a million): short texts can be kept for a year for less. Let an app forget for other reasons, and for files: a gigabyte of them is $${STORAGE.files.perGb} a month, and sending them out is free.`;
}

/** A text on `/v1/socket` that so many hear, as each who hears it adds the same. */
function heardBy(members: number): Count {
  const [few, many] = [billOf(all.everyoneOf10 ?? {}), billOf(all.everyoneOf100 ?? {})];
  const on = (key: keyof Count): number => many[key] + ((many[key] - few[key]) / 90) * (members - 100);
  return { ...many, rows: on("rows"), calls: on("calls") };
}

const sources = (): string =>
  Object.values(SOURCES)
    .map(({ title, address, lookedUp }) => `[${title}](${address}) (${lookedUp})`)
    .join(", ");

export const page = (): string => `# What it costs

Made by \`npm run cost\`; \`npm run check\` fails when this page is not what it prints. The counts are those of \`test/cost/counts.ts\`, to which \`test/objects/cost-*.test.ts\` hold the real objects; the prices those of \`test/cost/prices.ts\`. All in US dollars, without tax.

## A million texts

By list price, as if the plan included nothing: what a million more cost. Between two people who are both online in the dialect, and in groups of which two members are online in it and the others offline. No text writes a row in D1.

${textsTable()}

\`messenger\` has no groups. What that is made of, for one text:

${countsTable()}

**Rows**: written in all objects, indexes and alarms included. **Requests**: billed requests to objects: each call from one to another, each alarm, and a ${FRAMES_PER_REQUEST}th for each frame from a socket. After a silence a row of the Lobby is in it, which adds up [figures](decisions/0007-figures-are-handed-to-the-lobby.md); what several chats hand over within a second is one. Requests to the Worker, lines of the log and statements of the directory are in the dollars.

Rows, requests and dollars for a million in groups all of whose members are online:

${everyoneTable()}

## A million of other things

Between two people who are both online. A connection is that of somebody who was offline, until they are again; "—": the dialect has no means for it.

${actsTable()}

## ${number(ASSUMED.users)} connected users for a month

The bill: the plan (${money(PLAN)}) and what goes past what it includes. Each user is connected all the time and comes back ${ASSUMED.connectionsPerDay} times a day after a while. Those who talk send ${ASSUMED.textsPerDay} texts a day, ${ASSUMED.alone * 100} % of them after a silence, with ${ASSUMED.typing} notice of typing for each text and a read receipt for every ${1 / ASSUMED.reads} (where the dialect has them). In groups, two members are connected in a way in which they hear the group, and all others are not: they are elsewhere, or away.

${monthTable()}

Where all members of a group hear it:

${monthOfCrowdsTable()}

A list costs a row for each text and member: up to ${LARGE_CHAT} members in any case, in larger groups for each who hears it on \`/v1/socket\`. Reckoned on from groups of 10 and 100, a million texts that 1,000 hear there cost ${money(perMillion(heardBy(1_000)))}, unless they come in quick succession; on the chat's own socket what they cost with two.

\`mobile\` has no connections: its clients ask what is new, and how often is not in the figure.

## How to keep it low

${advice()}

## What is assumed

Counted by tests: rows, calls, frames, alarms, requests, statements of the directory. Assumed: an object is active for ${ASSUMED.activeMs} ms for each call, frame and alarm (the platform's own example; ${ASSUMED.pongMs} ms for a frame that only answers a ping); the Worker computes for ${ASSUMED.cpuMs} ms for a request; a statement reads ${ASSUMED.rowsPerQuery} rows of the directory; Gateways are full (${number(GATEWAY.connections)} connections). Each request to the Worker logs a line. Left out, as small: rows read in objects (${money(1_000 * PRICES.objectRowsRead.perMillion)} for a thousand million), what the Lobby writes of open connections. Left out, as it depends on the app: files, lists and history that are read, people who watch others' presence.

## List prices

Workers Paid plan, with the day on which each was looked up: ${sources()}.

${pricesTable()}

${storageTable()}
`;
