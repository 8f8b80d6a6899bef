/** The load: sockets that send with so many messages in flight, and count what they hear. Knows both servers' frames. */

import { WebSocket } from "ws";

export interface Line {
  readonly url: string;
  readonly token: string | null;
}

export interface Load {
  readonly senders: number;
  /** Messages of each sender that wait for their acknowledgement. */
  readonly inFlight: number;
  readonly seconds: number;
  /** The frame of a message, but for its id. */
  readonly frame: (id: number) => string;
}

export interface Outcome {
  readonly seconds: number;
  readonly acknowledgedPerSecond: number;
  readonly deliveriesPerSecond: number;
  /** Milliseconds from sending to the acknowledgement. */
  readonly p50: number;
}

const EVENT = Buffer.from('"message.created"');
const ANSWER = Buffer.from('"re":');

function countEvents(frame: Buffer): number {
  let count = 0;
  for (let at = frame.indexOf(EVENT); at >= 0; at = frame.indexOf(EVENT, at + EVENT.length)) count++;
  return count;
}

export async function open(lines: readonly Line[]): Promise<WebSocket[]> {
  const sockets: WebSocket[] = [];
  for (let at = 0; at < lines.length; at += 20) {
    sockets.push(...(await Promise.all(lines.slice(at, at + 20).map(openOne))));
  }
  return sockets;
}

function openOne({ url, token }: Line): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const headers = token === null ? {} : { authorization: `Bearer ${token}` };
    const socket = new WebSocket(url, token === null ? [] : ["parlance.v1"], { headers, perMessageDeflate: false });
    socket.once("open", () => resolve(socket));
    socket.once("error", reject);
  });
}

/** Sends for so long, waits for what is in flight, and counts. */
export async function run(sockets: readonly WebSocket[], load: Load): Promise<Outcome> {
  const latencies: number[] = [];
  let delivered = 0;
  const sizes = new Map<number, number>();
  let nextId = 0;
  const started = performance.now();
  const until = started + load.seconds * 1_000;
  const listeners = sockets.map((socket, at) => {
    const sent = new Map<number, number>();
    const send = (): void => {
      const id = ++nextId;
      sent.set(id, performance.now());
      socket.send(load.frame(id));
    };
    const hear = (data: Buffer): void => {
      // An answer begins with the key of the question, in both servers' frames.
      if (data.indexOf(ANSWER) === 1) {
        const { re, ok } = JSON.parse(data.toString()) as { re: number; ok: boolean };
        if (!ok) throw new Error(`refused: ${data.toString()}`);
        const begun = sent.get(re);
        if (begun === undefined) return;
        sent.delete(re);
        const now = performance.now();
        latencies.push(now - begun);
        if (now < until) send();
      } else {
        const c = countEvents(data);
        delivered += c;
        if (at === sockets.length - 1) sizes.set(c, (sizes.get(c) ?? 0) + 1);
      }
    };
    socket.on("message", hear);
    return { socket, hear, send: at < load.senders ? send : null, sent };
  });
  for (const { send } of listeners) for (let n = 0; n < load.inFlight; n++) send?.();
  const settled = (): boolean => performance.now() >= until && listeners.every(({ sent }) => sent.size === 0);
  const giveUp = until + 30_000;
  while (!settled()) {
    if (performance.now() > giveUp) throw new Error("messages were never acknowledged");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const expected = latencies.length * (sockets.length - 1);
  while (delivered < expected) {
    if (performance.now() > giveUp) throw new Error(`${delivered} of ${expected} deliveries arrived`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const seconds = (performance.now() - started) / 1_000;
  for (const { socket, hear } of listeners) socket.off("message", hear);
  console.log(
    "sizes",
    [...sizes]
      .sort((a, b) => a[0] - b[0])
      .map((x) => x.join("x"))
      .join(" "),
  );
  latencies.sort((a, b) => a - b);
  return {
    seconds,
    acknowledgedPerSecond: latencies.length / seconds,
    deliveriesPerSecond: delivered / seconds,
    p50: latencies[latencies.length >> 1] ?? Number.NaN,
  };
}
