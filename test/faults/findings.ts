// Everything that was found to be wrong, by kind, with words for a person to look into. Judges nothing.

/** The columns of the table; all of them have to be 0. */
export const KINDS = {
  lost: "acknowledged, and not there",
  doubled: "there twice, or heard twice on one connection",
  altered: "not as it was sent, or said by nobody",
  undone: "an edit, a deletion, a change of members or the end of a group that was acknowledged, and is not so",
  gaps: "a `seq` that is missing",
  unread: "unread, in a list or of a message, is not what was read",
  receipts: "what the author is told of being read is not so",
  resent: "the same client_id was answered with another message",
  files: "a file that is gone or not byte for byte the same",
  order: "shown in another order by some dialect",
  unheard: "a connection that stood was not told",
  refused: "refused, or not answered, by a server that runs",
  unrecovered: "a client that did not come back by itself",
  slow: "who does not read costs more than may be, or who reads is taken for slow",
  crowded: "a Gateway with more connections than it takes, or that is not passed by where it is full",
  left: "what is left of connections that are gone",
} as const;
export type Kind = keyof typeof KINDS;

const SHOWN = 20;

export class Findings {
  readonly counts = new Map<Kind, number>();
  readonly #seen = new Set<string>();
  readonly #tell: (line: string) => void;

  constructor(tell: (line: string) => void = console.error) {
    this.#tell = tell;
  }

  /** Notes a fault once, however often it is come across. */
  add(kind: Kind, what: string): void {
    const line = `${kind}: ${what}`;
    if (this.#seen.has(line)) return;
    this.#seen.add(line);
    const count = (this.counts.get(kind) ?? 0) + 1;
    this.counts.set(kind, count);
    if (count <= SHOWN) this.#tell(`  ! ${line}`);
  }

  count(kind: Kind): number {
    return this.counts.get(kind) ?? 0;
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }
}
