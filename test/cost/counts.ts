/** What a text costs, as counted: the tests assert these figures and the page of costs is made of them. Knows no price. */

import type { Bill } from "../support/bill.ts";

/** The same text twice: alone after a long silence, and in the middle of a conversation. */
export interface Counted {
  readonly lone: Bill;
  readonly following: Bill;
}

/** Of the figures that are not said, there are none; what is asked for by a frame is one of them. */
const bill = (rows: number, calls: number, more: Partial<Bill> = {}): Bill => ({
  rows,
  calls,
  frames: 1,
  alarms: 0,
  requests: 0,
  queries: 0,
  directoryRows: 0,
  ...more,
});

/**
 * A text that begins a spell arms an alarm (a row), which goes off (a request), notes that all is delivered (a row) and
 * hands figures to the Lobby (a call, once a minute at most).
 */
const counted = (rows: number, calls: number, more: Partial<Bill> = {}): Counted => ({
  lone: bill(rows + 2, calls + 1, { alarms: 1, ...more }),
  following: bill(rows, calls, more),
});

const byRequest = { frames: 0, requests: 1 } as const;

/** Two people, both online in the dialect. Native texts have a `client_id`, for which there is one row more: its index. */
export const DIALECTS = {
  own: { title: "native, the chat's own socket", counted: counted(4, 2) },
  all: { title: "native, `/v1/socket`", counted: counted(4, 4) },
  rest: { title: "native, REST (heard on `/v1/socket`)", counted: counted(4, 5, { ...byRequest, queries: 1 }) },
  methods: { title: "methods", counted: counted(3, 4) },
  mobile: { title: "mobile (REST alone)", counted: counted(3, 3, { ...byRequest, queries: 2 }) },
  messenger: { title: "messenger", counted: counted(3, 4, { queries: 2 }) },
  events: { title: "events", counted: counted(5, 6) },
  rooms: { title: "rooms", counted: counted(3, 5) },
} as const;

export const SIZES = [10, 100, 1_000] as const;

/** Past a hundred members nothing is brought to those who are not there. */
export const GROUPS = {
  /** Members on `/v1/socket` where most are offline. */
  online: 3,
  few: { 10: counted(12, 13), 100: counted(102, 103), 1000: counted(5, 6) },
  own: { 10: counted(12, 10), 100: counted(102, 100), 1000: counted(2, 0) },
} as const;

/** Of texts that come while a commit is under way, on a chat's own socket between two: at most these. */
export const BURST = { messages: 90, rows: 188, calls: 8 } as const;

/** A connection of somebody who was offline, until they are again: at most these. */
export const CONNECTION = {
  own: { rows: 12, calls: 5, alarms: 1, requests: 1, queries: 2 },
  all: { rows: 12, calls: 5, alarms: 1, requests: 1, queries: 2 },
} as const;

/** A notice that somebody types, on a chat's own socket. */
export const TYPING: Bill = bill(0, 0);
