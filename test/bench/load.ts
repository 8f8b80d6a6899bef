/** The load: sockets and requests that ask with so many questions in flight, and count what comes back. Knows no server and no dialect. */

import { Agent, get } from "node:http";
import { setImmediate, setTimeout } from "node:timers/promises";
import { WebSocket } from "ws";

/** Sockets that are being opened at the same time. */
const OPENING = 32;
/** Without any answer for so long, something was lost. */
const PATIENCE_MS = 30_000;

/** How a connection is made, and how its frames are read. */
export interface Line {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly protocols?: string[];
  /** Answers what the server says until the connection is ready; true once it is. */
  readonly greet?: (frame: Buffer, say: (frame: string) => void) => boolean;
  readonly speech: Speech;
}

export interface Speech {
  /** The question that a frame answers, by its number; null: it is no answer. @throws Error what was asked is refused */
  readonly answered: (frame: Buffer) => number | null;
  /** How many messages a frame brings. */
  readonly heard: (frame: Buffer) => number;
  /** What a frame has to be answered with unasked: a ping's pong. */
  readonly reply?: (frame: Buffer) => string | null;
}

/** An open connection. */
export interface Voice {
  readonly socket: WebSocket;
  readonly speech: Speech;
}

/** The frame of a question, by its number. */
export type Ask = (id: number) => string;

export interface Load {
  /** What each connection asks; null: it listens. */
  readonly asks: (at: number) => Ask | null;
  /** Questions of each connection that wait for their answer. */
  readonly inFlight: number;
  readonly seconds: number;
  /** Questions in all; as many as the time allows, where nothing is said. */
  readonly most?: number;
  /** How often each message is heard. */
  readonly hearers: number;
}

export interface Outcome {
  readonly count: number;
  readonly perSecond: number;
  /** Milliseconds from asking to the answer. */
  readonly p50: number;
}

export async function open(lines: readonly Line[]): Promise<Voice[]> {
  const voices: Voice[] = [];
  let next = 0;
  const some = async (): Promise<void> => {
    for (let at = next++; at < lines.length; at = next++) voices[at] = await openOne(lines[at] as Line);
  };
  await Promise.all(Array.from({ length: OPENING }, some));
  return voices;
}

function openOne({ url, headers, protocols, greet, speech }: Line): Promise<Voice> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, protocols ?? [], { headers, perMessageDeflate: false });
    const ready = (): void => {
      socket.removeAllListeners();
      socket.on("message", (frame: Buffer) => {
        const reply = speech.reply?.(frame);
        if (typeof reply === "string") socket.send(reply);
      });
      socket.on("error", () => {});
      resolve({ socket, speech });
    };
    socket.once("error", reject);
    socket.once("close", (code) => reject(new Error(`closed with ${code} before it was ready`)));
    if (greet === undefined) socket.once("open", ready);
    else {
      const say = (frame: string): void => socket.send(frame);
      socket.on("message", (frame: Buffer) => {
        try {
          if (greet(frame, say)) ready();
        } catch (refused) {
          reject(refused);
        }
      });
    }
  });
}

export function close(voices: readonly Voice[]): void {
  for (const { socket } of voices) socket.terminate();
}

/**
 * Asks for so long, waits for what is in flight and for all that has to be heard. With one question in flight it stays awake:
 * how long its processor takes to wake, which depends on how long it was left to sleep, is no time of the server's.
 * @throws Error where something is refused, lost, or a connection ends
 */
export async function run(voices: readonly Voice[], load: Load): Promise<Outcome> {
  const latencies: number[] = [];
  let heard = 0;
  let lastId = 0;
  const waiting = (): number => lastId - latencies.length;
  let failure: unknown;
  const started = performance.now();
  const until = started + load.seconds * 1_000;
  const goesOn = (): boolean => performance.now() < until && lastId < (load.most ?? Infinity);
  const listen = ({ socket, speech }: Voice, at: number): (() => void) => {
    const ask = load.asks(at);
    const asked = new Map<number, number>();
    const say = (): void => {
      if (ask === null) return;
      const id = ++lastId;
      asked.set(id, performance.now());
      socket.send(ask(id));
    };
    const hear = (frame: Buffer): void => {
      try {
        const id = asked.size === 0 ? null : speech.answered(frame);
        if (id === null) heard += speech.heard(frame);
        else {
          const begun = asked.get(id);
          if (begun === undefined) throw new Error(`answered twice, or never asked: ${frame.toString().slice(0, 200)}`);
          asked.delete(id);
          latencies.push(performance.now() - begun);
          if (goesOn()) say();
        }
      } catch (thrown) {
        failure ??= thrown;
      }
    };
    const ended = (code: number): void => {
      failure ??= new Error(`a connection was closed with ${code}`);
    };
    socket.on("message", hear);
    socket.on("close", ended);
    for (let n = 0; n < load.inFlight && goesOn(); n++) say();
    return () => socket.off("message", hear).off("close", ended);
  };
  const unlisten = voices.map(listen);
  try {
    let [came, last] = [0, started];
    const lacks = (): number => latencies.length * load.hearers - heard;
    while (goesOn() || waiting() > 0 || lacks() > 0) {
      if (failure !== undefined) throw failure;
      const now = performance.now();
      if (latencies.length + heard > came) [came, last] = [latencies.length + heard, now];
      else if (now > last + PATIENCE_MS) throw new Error(`${waiting()} answers and ${lacks()} messages never came`);
      await (load.inFlight === 1 ? setImmediate() : setTimeout(2));
    }
    if (failure !== undefined) throw failure;
    if (lacks() < 0) throw new Error("messages were heard twice");
  } finally {
    for (const end of unlisten) end();
  }
  return outcomeOf(latencies, performance.now() - started);
}

/** How fast connections are made: all of these, some at the same time. They stay open. */
export async function connect(lines: readonly Line[]): Promise<{ voices: Voice[]; outcome: Outcome }> {
  const started = performance.now();
  const voices = await open(lines);
  const ms = performance.now() - started;
  return { voices, outcome: { count: lines.length, perSecond: (lines.length / ms) * 1_000, p50: Number.NaN } };
}

export interface Requests {
  readonly url: () => string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly inFlight: number;
  readonly seconds: number;
}

/** Asks over HTTP, on connections that are kept. @throws Error where the answer is not 200, or not a page of items */
export async function request({ url, headers, inFlight, seconds }: Requests): Promise<Outcome> {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  const latencies: number[] = [];
  const started = performance.now();
  const until = started + seconds * 1_000;
  const one = async (): Promise<void> => {
    while (performance.now() < until) {
      const begun = performance.now();
      await fetchPage(url(), { agent, headers });
      latencies.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  const ms = performance.now() - started;
  agent.destroy();
  return outcomeOf(latencies, ms);
}

const ITEMS = Buffer.from('"items":[{');

function fetchPage(url: string, options: { agent: Agent; headers?: Readonly<Record<string, string>> | undefined }) {
  return new Promise<void>((resolve, reject) => {
    get(url, { agent: options.agent, headers: { ...options.headers } }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        const body = Buffer.concat(parts);
        if (response.statusCode === 200 && body.includes(ITEMS)) resolve();
        else reject(new Error(`refused with ${response.statusCode}: ${body.toString().slice(0, 200)}`));
      });
    }).on("error", reject);
  });
}

function outcomeOf(latencies: number[], ms: number): Outcome {
  latencies.sort((a, b) => a - b);
  return {
    count: latencies.length,
    perSecond: (latencies.length / ms) * 1_000,
    p50: latencies[latencies.length >> 1] ?? Number.NaN,
  };
}
