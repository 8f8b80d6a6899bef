/** What one commit has for the chat's own sockets, in order: answers, and events that leave as one frame for each socket. Knows no command. */

import type { ChatEvent } from "../../core/events.ts";
import type { UserId } from "../../core/ids.ts";
import type { ChatWire, EncodedEvent, View } from "../../core/wire.ts";
import type { ChatSockets, OpenSocket } from "./sockets.ts";

/** A frame of several events ends once it has this many characters. */
const FRAME = 128 * 1024;

interface Answered {
  readonly answer: string;
  readonly to: OpenSocket;
}

interface Told {
  /** The event as this viewer sees it; undefined: it is not for them. */
  readonly event: (viewer: UserId) => ChatEvent | undefined;
  /** It is the same for everyone. */
  readonly shared: boolean;
  /** The connection that has its answer instead. */
  readonly except: string | null;
  readonly read: ((viewer: UserId) => boolean) | undefined;
  /** By origin, where it is shared. */
  readonly encoded: Map<string, EncodedEvent>;
}

type Step = Answered | Told;

const isAnswer = (step: Step): step is Answered => "answer" in step;

export class Broadcast {
  readonly #wire: ChatWire;
  readonly #steps: Step[] = [];
  /** Sockets that get something else than the others: by the ids of their seats. */
  readonly #apart = new Set<string>();
  /** Everyone but those apart gets the same. */
  #isPlain = true;

  constructor(wire: ChatWire) {
    this.#wire = wire;
  }

  answer(to: OpenSocket, answer: string): void {
    this.#apart.add(to.seat.id);
    this.#steps.push({ answer, to });
  }

  /** An event for everyone. `read`: what each viewer sees in it differently. */
  all(event: ChatEvent, except: string | null, read?: (viewer: UserId) => boolean): void {
    if (except !== null) this.#apart.add(except);
    if (read !== undefined) this.#isPlain = false;
    this.#steps.push({ event: () => event, shared: true, except, read, encoded: new Map() });
  }

  /** What some people see, each of them in particular. */
  some(events: ReadonlyMap<UserId, ChatEvent>, except: string | null): void {
    if (events.size === 0) return;
    this.#isPlain = false;
    const event = (viewer: UserId): ChatEvent | undefined => events.get(viewer);
    this.#steps.push({ event, shared: false, except, read: undefined, encoded: new Map() });
  }

  /** Sends it all: the events between two answers as one frame, and the same frame to all who get the same. */
  send(sockets: ChatSockets): void {
    if (this.#steps.every(isAnswer)) {
      for (const { to, answer } of this.#steps) sockets.send(to, answer);
      return;
    }
    const common = new Map<string, readonly string[]>();
    for (const open of sockets.all()) {
      const { origin, id } = open.seat;
      let frames = this.#isPlain && !this.#apart.has(id) ? common.get(origin) : undefined;
      if (frames === undefined) {
        frames = this.#framesFor(open);
        if (this.#isPlain && !this.#apart.has(id)) common.set(origin, frames);
      }
      for (const frame of frames) sockets.send(open, frame);
    }
  }

  #framesFor(open: OpenSocket): readonly string[] {
    const frames: string[] = [];
    let events: string[] = [];
    let length = 0;
    const cut = (): void => {
      if (events.length > 0) frames.push(this.#wire.join(events));
      events = [];
      length = 0;
    };
    for (const step of this.#steps) {
      if (isAnswer(step)) {
        if (step.to !== open) continue;
        cut();
        frames.push(step.answer);
        continue;
      }
      if (step.except === open.seat.id) continue;
      const view: View = step.read === undefined ? {} : { read: step.read(open.seat.userId) };
      for (const event of this.#encodedFor(step, open)?.for(view) ?? []) {
        if (length + event.length > FRAME) cut();
        events.push(event);
        length += event.length;
      }
    }
    cut();
    return frames;
  }

  #encodedFor({ event, shared, encoded }: Told, { seat }: OpenSocket): EncodedEvent | undefined {
    const known = encoded.get(seat.origin);
    if (known !== undefined) return known;
    const told = event(seat.userId);
    if (told === undefined) return undefined;
    const made = this.#wire.encode(told, seat.origin);
    if (shared) encoded.set(seat.origin, made);
    return made;
  }
}
