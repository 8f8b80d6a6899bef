/** What a text costs, as counted: the tests assert these figures and the page of costs is made of them. Knows no price. */

import type { Bill } from "../support/bill.ts";

/** The same text twice: alone after a long silence, and in the middle of a conversation. */
export interface Counted {
  readonly lone: Bill;
  readonly following: Bill;
}

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

const NONE: Counted = { lone: bill(0, 0), following: bill(0, 0) };

export const DIALECTS = {
  own: { title: "native, the chat's own socket", counted: NONE },
  all: { title: "native, `/v1/socket`", counted: NONE },
  rest: { title: "native, REST (heard on `/v1/socket`)", counted: NONE },
  methods: { title: "methods", counted: NONE },
  mobile: { title: "mobile (REST, nobody hears)", counted: NONE },
  messenger: { title: "messenger", counted: NONE },
  events: { title: "events", counted: NONE },
  rooms: { title: "rooms", counted: NONE },
} as const;

export const SIZES = [10, 100, 1_000] as const;

export const GROUPS = {
  /** Members on `/v1/socket` where most are offline. */
  online: 3,
  few: { 10: NONE, 100: NONE, 1000: NONE },
  own: { 10: NONE, 100: NONE, 1000: NONE },
} as const;

/** Of texts that are sent at once on a chat's own socket: at most these. */
export const BURST = { messages: 90, rows: 0, calls: 0 } as const;
