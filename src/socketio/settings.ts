/** The numbers of a Socket.IO server, with the reasons of their defaults. Knows nothing of what is done with them. */

export interface Settings {
  /** The version of Engine.IO that is spoken: one for each object, since the runtime answers one kind of ping. */
  readonly version: 3 | 4;
  readonly pingInterval: number;
  /** How long a pong may take. */
  readonly pingTimeout: number;
  /** How much too early a ping may go, so that it shares the alarm of another session. */
  readonly pingSlack: number;
  /** Bytes of a frame or of a request body. */
  readonly maxPayload: number;
  /** How long the probe of an upgrade may take. */
  readonly upgradeTimeout: number;
  /** A connection that has joined no namespace by then is closed. */
  readonly connectTimeout: number;
  /** A server-side acknowledgement that has not come by then is told as missing. */
  readonly ackTimeout: number;
  /** How long a packet may wait for its attachments. */
  readonly binaryTimeout: number;
  /** How long a lost connection can be taken up again; null: never. */
  readonly recoverWithin: number | null;
  /** Characters that may wait for a polling client, or bytes that wait for their turn, before it counts as too slow. */
  readonly maxWaiting: number;
}

const SECOND = 1_000;

/** Intervals and sizes are those of the Node server, so that clients find what they are used to. */
const DEFAULTS: Settings = {
  version: 4,
  pingInterval: 25 * SECOND,
  pingTimeout: 20 * SECOND,
  pingSlack: 22 * SECOND,
  maxPayload: 1_000_000,
  upgradeTimeout: 10 * SECOND,
  connectTimeout: 45 * SECOND,
  ackTimeout: 60 * SECOND,
  binaryTimeout: 45 * SECOND,
  recoverWithin: null,
  maxWaiting: 8 * 1024 * 1024,
};

/** A row of SQLite holds 2 MB, and an attachment or a queued packet is one row. */
const MAX_PAYLOAD = 1_900_000;

/** @throws RangeError where a payload could not be stored */
export function settingsFrom(given: Partial<Settings>): Settings {
  const settings = { ...DEFAULTS, ...given };
  if (settings.maxPayload > MAX_PAYLOAD) throw new RangeError(`maxPayload is at most ${MAX_PAYLOAD}`);
  return settings;
}
