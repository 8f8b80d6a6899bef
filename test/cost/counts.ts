/**
 * What each act costs in each dialect, as counted: `test/objects/cost-*.test.ts` hold the real objects to these figures, and
 * `docs/cost.md` is made of them. Knows no price.
 *
 * Where a change makes one of them fall, or rise for a good reason, `npm run cost -- --count` counts all of them anew, writes
 * them here between the marks and makes the page; the diff is for the review. A figure that is not said is 0. An act that is
 * new is added by hand as `{}` first, and counted then.
 */

import type { Bill } from "../support/bill.ts";

export type Count = Readonly<Partial<Bill>>;

export const billOf = (count: Count): Bill => ({
  rows: 0,
  calls: 0,
  frames: 0,
  alarms: 0,
  requests: 0,
  queries: 0,
  directoryRows: 0,
  ...count,
});

/** How each dialect is called on the page. */
export const DIALECTS = {
  own: "native, the chat's own socket",
  all: "native, `/v1/socket`",
  rest: "native, REST (heard on `/v1/socket`)",
  methods: "`methods`",
  mobile: "`mobile` (REST alone, hears nothing)",
  messenger: "`messenger`",
  rooms: "`rooms`",
  events: "`events`",
} as const;

export type Dialect = keyof typeof DIALECTS;

/** Between two people who are both online in the dialect. What a dialect has no means for is not there. */
export const ACTS = {
  text: "a text in the middle of a conversation",
  afterSilence: "a text that begins one",
  read: "a read receipt",
  edit: "an edit",
  delete: "a deletion",
  typing: "a notice of typing",
  connection: "a connection of somebody who was offline, until they are again",
} as const;

export const SIZES = [10, 100, 1_000] as const;

export type Size = (typeof SIZES)[number];

/** Texts that come while a commit is under way. */
export const BURST = 90;

export type Counted = Readonly<
  Partial<Record<keyof typeof ACTS | `groupOf${Size}` | `everyoneOf${Size}` | "burst", Count>>
>;

/**
 * `groupOf`: a text in a group of so many, two of them online in the dialect and the others offline. `everyoneOf`: the same
 * with all of them online. `burst`: all texts of a burst between two.
 */
export const COUNTS: Readonly<Record<Dialect, Counted>> = {
  // counted: begin
  own: {
    text: { rows: 4, calls: 2, frames: 1 },
    afterSilence: { rows: 6, calls: 3, frames: 1, alarms: 1 },
    read: { rows: 3, calls: 2, frames: 1 },
    edit: { rows: 4, calls: 2, frames: 1 },
    delete: { rows: 4, calls: 2, frames: 1 },
    typing: { frames: 1 },
    connection: { rows: 11, calls: 5, alarms: 1, requests: 1, queries: 1 },
    burst: { rows: 184, calls: 4, frames: 90 },
    groupOf10: { rows: 12, calls: 10, frames: 1 },
    groupOf100: { rows: 102, calls: 100, frames: 1 },
    groupOf1000: { rows: 2, frames: 1 },
    everyoneOf10: { rows: 12, calls: 10, frames: 1 },
    everyoneOf100: { rows: 102, calls: 100, frames: 1 },
  },
  all: {
    text: { rows: 4, calls: 4, frames: 1 },
    afterSilence: { rows: 6, calls: 5, frames: 1, alarms: 1 },
    read: { rows: 3, calls: 4, frames: 1 },
    edit: { rows: 4, calls: 4, frames: 1 },
    delete: { rows: 4, calls: 4, frames: 1 },
    typing: { calls: 2, frames: 1 },
    connection: { rows: 11, calls: 5, alarms: 1, requests: 1, queries: 1 },
    groupOf10: { rows: 12, calls: 12, frames: 1 },
    groupOf100: { rows: 102, calls: 102, frames: 1 },
    groupOf1000: { rows: 4, calls: 4, frames: 1 },
    everyoneOf10: { rows: 12, calls: 15, frames: 1 },
    everyoneOf100: { rows: 102, calls: 105, frames: 1 },
  },
  rest: {
    burst: { rows: 184, calls: 98, requests: 90, queries: 90 },
    text: { rows: 4, calls: 5, requests: 1, queries: 1 },
    afterSilence: { rows: 6, calls: 6, alarms: 1, requests: 1, queries: 1 },
    read: { rows: 3, calls: 5, requests: 1, queries: 1 },
    edit: { rows: 4, calls: 5, requests: 1, queries: 1 },
    delete: { rows: 4, calls: 5, requests: 1, queries: 1 },
    groupOf10: { rows: 12, calls: 13, requests: 1, queries: 1 },
    groupOf100: { rows: 102, calls: 103, requests: 1, queries: 1 },
    groupOf1000: { rows: 4, calls: 5, requests: 1, queries: 1 },
  },
  methods: {
    text: { rows: 3, calls: 4, frames: 1 },
    afterSilence: { rows: 5, calls: 5, frames: 1, alarms: 1 },
    read: { rows: 3, calls: 4, frames: 1 },
    connection: { rows: 7, calls: 5, frames: 1, requests: 1, queries: 1 },
    groupOf10: { rows: 11, calls: 12, frames: 1 },
    groupOf100: { rows: 101, calls: 102, frames: 1 },
    groupOf1000: { rows: 3, calls: 4, frames: 1 },
    everyoneOf10: { rows: 11, calls: 15, frames: 1 },
    everyoneOf100: { rows: 101, calls: 105, frames: 1 },
  },
  mobile: {
    text: { rows: 3, calls: 3, requests: 1, queries: 2 },
    afterSilence: { rows: 5, calls: 4, alarms: 1, requests: 1, queries: 2 },
    read: { rows: 3, calls: 3, requests: 1, queries: 1 },
    groupOf10: { rows: 11, calls: 11, requests: 1, queries: 1 },
    groupOf100: { rows: 101, calls: 101, requests: 1, queries: 1 },
    groupOf1000: { rows: 1, calls: 1, requests: 1, queries: 1 },
  },
  messenger: {
    text: { rows: 3, calls: 4, frames: 1, queries: 2 },
    afterSilence: { rows: 5, calls: 5, frames: 1, alarms: 1, queries: 2 },
    read: { rows: 4, calls: 5, frames: 1 },
    connection: { rows: 13, calls: 5, frames: 2, requests: 1, queries: 3 },
  },
  rooms: {
    text: { rows: 3, calls: 5, frames: 1 },
    afterSilence: { rows: 5, calls: 6, frames: 1, alarms: 1 },
    read: { rows: 3, calls: 5, frames: 1 },
    typing: { calls: 3, frames: 1 },
    connection: { rows: 17, calls: 12, frames: 2, requests: 1, queries: 2 },
    groupOf10: { rows: 11, calls: 13, frames: 1 },
    groupOf100: { rows: 101, calls: 103, frames: 1 },
    groupOf1000: { rows: 3, calls: 5, frames: 1 },
    everyoneOf10: { rows: 11, calls: 15, frames: 1 },
    everyoneOf100: { rows: 101, calls: 105, frames: 1 },
  },
  events: {
    text: { rows: 5, calls: 6, frames: 1 },
    afterSilence: { rows: 7, calls: 7, frames: 1, alarms: 1 },
    connection: { rows: 9, calls: 4, frames: 2, requests: 1, queries: 4 },
    groupOf10: { rows: 13, calls: 14, frames: 1 },
    groupOf100: { rows: 103, calls: 104, frames: 1 },
    groupOf1000: { rows: 5, calls: 6, frames: 1 },
  },
  // counted: end
};
