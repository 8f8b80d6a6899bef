/**
 * What somebody has read: everything up to a pointer, and single messages beyond it. Unread is derived
 * from this and the messages, never counted up and down. Pure; the messages come through `Log`.
 */

/** The messages of a chat as far as reading them goes, for one reader. */
export interface Log {
  /** The newest `seq`; 0 before the first message. */
  readonly last: number;
  /** Whether the message at `seq` is unread until it is read: somebody else's, and not deleted. */
  needsReading(seq: number): boolean;
}

export interface ReadState {
  /** Everything up to here is read or needs no reading. */
  readonly upTo: number;
  /** Messages beyond `upTo` that were read out of order, ascending. */
  readonly singles: readonly number[];
}

/** What a read changed: the state after it, and the messages that were unread and are read now, ascending. */
export interface ReadChange {
  readonly state: ReadState;
  readonly changed: readonly number[];
}

/** The place of `seq` in a list that ascends, or the one where it would stand. */
function placeIn(list: readonly number[], seq: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] ?? 0) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Whether the message at `seq` is among those that were read alone. */
export const isSingle = ({ singles }: ReadState, seq: number): boolean => singles[placeIn(singles, seq)] === seq;

/** The pointer moves over what it need not wait for, and takes in the single ones that it meets. */
function fold(upTo: number, singles: readonly number[], log: Log): ReadState {
  let pointer = upTo;
  let taken = 0;
  while (taken < singles.length && (singles[taken] ?? 0) <= pointer) taken++;
  for (let next = pointer + 1; next <= log.last; next++) {
    if (singles[taken] === next) taken++;
    else if (log.needsReading(next)) break;
    pointer = next;
  }
  return { upTo: pointer, singles: singles.slice(taken) };
}

/** Reads the message at `seq` and no other. A `seq` that needs no reading changes nothing. */
export function readOne(state: ReadState, seq: number, log: Log): ReadChange {
  if (seq <= state.upTo || seq > log.last || isSingle(state, seq) || !log.needsReading(seq)) {
    return { state, changed: [] };
  }
  const singles = state.singles.toSpliced(placeIn(state.singles, seq), 0, seq);
  return { state: fold(state.upTo, singles, log), changed: [seq] };
}

/** Reads everything up to `seq`. */
export function readUpTo(state: ReadState, seq: number, log: Log): ReadChange {
  const target = Math.min(seq, log.last);
  if (target <= state.upTo) return { state, changed: [] };
  const known = new Set(state.singles);
  const changed: number[] = [];
  for (let at = state.upTo + 1; at <= target; at++) {
    if (!known.has(at) && log.needsReading(at)) changed.push(at);
  }
  return { state: fold(target, state.singles, log), changed };
}

/** Whether the message at `seq` is read in `state`. */
export function isRead(state: ReadState, seq: number): boolean {
  return seq <= state.upTo || isSingle(state, seq);
}
