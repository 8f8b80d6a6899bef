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
  Partial<
    Record<keyof typeof ACTS | `groupOf${Size}` | `everyoneOf${Size}` | "burst", Count>
  >
>;

/**
 * `groupOf`: a text in a group of so many, two of them online in the dialect and the others offline. `everyoneOf`: the same
 * with all of them online. `burst`: all texts of a burst between two.
 */
export const COUNTS: Readonly<Record<Dialect, Counted>> = {
  // counted: begin
  own: {
    text: {},
    afterSilence: {},
    read: {},
    edit: {},
    delete: {},
    typing: {},
    connection: {},
    burst: {},
    groupOf10: {},
    groupOf100: {},
    groupOf1000: {},
    everyoneOf10: {},
    everyoneOf100: {},
    everyoneOf1000: {},
  },
  all: {
    text: {},
    afterSilence: {},
    read: {},
    edit: {},
    delete: {},
    typing: {},
    connection: {},
    groupOf10: {},
    groupOf100: {},
    groupOf1000: {},
    everyoneOf10: {},
    everyoneOf100: {},
    everyoneOf1000: {},
  },
  rest: { burst: {}, text: {}, afterSilence: {}, read: {}, edit: {}, delete: {}, groupOf10: {}, groupOf100: {}, groupOf1000: {} },
  methods: { text: {}, afterSilence: {}, read: {}, connection: {}, groupOf10: {}, groupOf100: {}, groupOf1000: {} },
  mobile: { text: {}, afterSilence: {}, read: {}, groupOf10: {}, groupOf100: {}, groupOf1000: {} },
  messenger: { text: {}, afterSilence: {}, read: {}, connection: {} },
  rooms: {
    text: {},
    afterSilence: {},
    read: {},
    typing: {},
    connection: {},
    groupOf10: {},
    groupOf100: {},
    groupOf1000: {},
  },
  events: { text: {}, afterSilence: {}, connection: {}, groupOf10: {}, groupOf100: {}, groupOf1000: {} },
  // counted: end
};
