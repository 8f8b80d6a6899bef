/**
 * What is counted of an app's traffic, for its operator: names, meanings and shapes. Knows neither who counts nor how it is
 * shown.
 */

interface Described {
  /** As Prometheus names it. */
  readonly name: string;
  readonly help: string;
}

export interface CounterFigure extends Described {
  readonly type: "counter" | "gauge";
  /** What the label says; null: there is none. */
  readonly label: string | null;
  /** Values of the label that are shown as 0 before the first time, since a rate needs two samples; others come when they do. */
  readonly known: readonly string[];
}

export interface HistogramFigure extends Described {
  readonly type: "histogram";
  /** Upper bounds, ascending; what is more than the last counts as `+Inf`. */
  readonly bounds: readonly number[];
}

/** What brings messages and holds connections: requests, chats' own sockets, and the kinds of Gateways. */
const GATEWAYS = ["native", "methods", "messenger", "rooms", "events"];

const SIZES = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500];

export const FIGURES = {
  sent: {
    name: "parlance_messages_sent_total",
    type: "counter",
    label: "via",
    known: ["http", "chat", ...GATEWAYS],
    help: "Messages that were committed, resends left out, by what brought them: http, chat (a chat's own socket) or a kind of Gateway.",
  },
  fanOut: {
    name: "parlance_commit_fan_out",
    type: "histogram",
    bounds: SIZES,
    help: "Members whose Inbox is told of a commit.",
  },
  perCommit: {
    name: "parlance_commit_messages",
    type: "histogram",
    bounds: SIZES,
    help: "Messages that were written by one commit, of commits with a message.",
  },
  late: {
    name: "parlance_deliveries_late_total",
    type: "counter",
    label: null,
    known: [""],
    help: "Deliveries to an Inbox or the directory that failed and were put off to a later try.",
  },
  resumed: {
    name: "parlance_resumes_total",
    type: "counter",
    label: "outcome",
    known: ["changes", "hole"],
    help: "How those who come back get what they missed: changes (pages that were asked for by rev), hole (too much to tell: they have to ask).",
  },
  refused: {
    name: "parlance_refused_total",
    type: "counter",
    label: "code",
    known: ["rate.limited", "access.denied", "not_found", "input.invalid"],
    help: "Commands that a chat refused, frames of chats' own sockets that are no command, and frames beyond a connection's rate, by the code of the failure.",
  },
  closedSlow: {
    name: "parlance_connections_closed_slow_total",
    type: "counter",
    label: "via",
    known: ["chat", ...GATEWAYS],
    help: "Connections whose reader did not keep up: closed with 1013, or ended while they polled.",
  },
  faults: {
    name: "parlance_faults_total",
    type: "counter",
    label: "where",
    known: ["commit", "delivery", "push", "chat", "frame"],
    help: "Faults that were logged by Chats and Inboxes, and those of frames at Gateways, by `where`; all others stand in the log alone.",
  },
  open: {
    name: "parlance_connections_open",
    type: "gauge",
    label: "via",
    known: ["chat", ...GATEWAYS],
    help: "Connections that are open: of chats' own sockets, and of each kind of Gateway.",
  },
} as const satisfies Readonly<Record<string, CounterFigure | HistogramFigure>>;

export type FigureName = keyof typeof FIGURES;
export type CounterName = {
  [Name in FigureName]: (typeof FIGURES)[Name]["type"] extends "counter" ? Name : never;
}[FigureName];
export type HistogramName = {
  [Name in FigureName]: (typeof FIGURES)[Name]["type"] extends "histogram" ? Name : never;
}[FigureName];

/** The label under which a histogram keeps the sum of what was observed; the others are bounds of its buckets. */
export const SUM = "sum";
export const BEYOND = "+Inf";

/** A figure's value. Of a histogram: how often a value fell into this bucket and no lower one, or the sum. */
export interface Figure {
  readonly figure: FigureName;
  /** Empty where the figure has none. */
  readonly label: string;
  readonly value: number;
}
