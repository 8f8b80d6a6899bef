// What was asked of the server and what it has acknowledged, in the order in which this process saw it. From that it says what
// must be true of every message, and what may be. Knows no wire and asks nobody.

import { createHash } from "node:crypto";
import { Possible } from "./possible.ts";

export type Fate = "pending" | "acknowledged" | "uncertain";

/** What a message says; null: it was deleted. */
export type Wording = string | null;

/** A message that somebody has tried to send. */
export interface Said {
  /** Begins the text, and is there once in all the world. */
  readonly key: string;
  readonly dialect: string;
  readonly chat: number;
  readonly user: number;
  /** As it was sent. */
  readonly text: string;
  /** All that it was ever to say. */
  readonly versions: Wording[];
  /** Which of them it may be now: one, unless a change was cut off since it was last looked. */
  readonly possible: Possible<Wording>;
  /** Somebody is changing it. */
  isChanging: boolean;
  /** When a change of it last began. */
  changedAt: number;
  /** SHA-256 of each file that goes with it, in order. */
  readonly files: readonly string[];
  readonly clientId: string | undefined;
  readonly attemptedAt: number;
  /** When it was first known to be stored: acknowledged, heard or found. */
  knownAt: number | undefined;
  fate: Fate;
  /** As the acknowledgement says; some have none. */
  id: number | undefined;
}

/** What a reader has read of one chat, as far as anyone can know from outside. */
interface Reading {
  surelyUpTo: number;
  perhapsUpTo: number;
  readonly surelyAlone: Set<number>;
  readonly perhapsAlone: Set<number>;
  /** All that was known then was read. */
  surelyAllAt: number;
  /** What was attempted before then may have been read. */
  perhapsAllAt: number;
}

export type What = { readonly upTo: number } | { readonly alone: number } | "all";

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
export const keyOf = (text: string): string => text.slice(0, Math.max(0, text.indexOf("|")));
export const seqOf = (messageId: number): number => messageId % 2 ** 24;

export class Ledger {
  readonly said = new Map<string, Said>();
  /** Changes that were acknowledged. */
  edits = 0;
  deletions = 0;
  readonly #byId = new Map<number, Said>();
  readonly #readings = new Map<string, Reading>();
  #tick = 0;

  /** Moments in the order in which they came; no clock. */
  now(): number {
    return ++this.#tick;
  }

  attempt(message: Pick<Said, "dialect" | "chat" | "user" | "files" | "clientId">, name: string, words: string): Said {
    const key = `${name}-${this.said.size + 1}`;
    const text = `${key}|${words}`;
    const said: Said = {
      ...message,
      key,
      text,
      versions: [text],
      possible: new Possible<Wording>(text),
      isChanging: false,
      changedAt: 0,
      attemptedAt: this.now(),
      knownAt: undefined,
      fate: "pending",
      id: undefined,
    };
    this.said.set(key, said);
    return said;
  }

  acknowledge(said: Said, id?: number): void {
    said.fate = "acknowledged";
    if (id !== undefined) this.name(said, id);
    this.know(said);
  }

  name(said: Said, id: number): void {
    said.id ??= id;
    this.#byId.set(id, said);
  }

  /** A message of which nothing is left but its place. */
  withId(id: number): Said | undefined {
    return this.#byId.get(id);
  }

  /** Whether it is known what it says now, and nobody changes it: then it may be changed. */
  mayChange(said: Said): boolean {
    return said.id !== undefined && typeof said.possible.sure === "string" && !said.isChanging;
  }

  /** Begins to edit or delete it; what comes back is called once, when that was acknowledged or lost. */
  change(said: Said, to: Wording): (isAcknowledged: boolean) => void {
    said.isChanging = true;
    said.changedAt = this.now();
    said.versions.push(to);
    const done = said.possible.change(to);
    return (isAcknowledged) => {
      said.isChanging = false;
      if (!isAcknowledged) return;
      done();
      if (to === null) this.deletions++;
      else this.edits++;
    };
  }

  know(said: Said): void {
    said.knownAt ??= this.now();
  }

  #reading(user: number, chat: number): Reading {
    const key = `${user}/${chat}`;
    const found = this.#readings.get(key) ?? {
      surelyUpTo: 0,
      perhapsUpTo: 0,
      surelyAlone: new Set<number>(),
      perhapsAlone: new Set<number>(),
      surelyAllAt: 0,
      perhapsAllAt: 0,
    };
    this.#readings.set(key, found);
    return found;
  }

  /** Begins to read; what comes back is called once, when the read was acknowledged or lost. `seq`s, not ids. */
  read(user: number, chat: number, what: What): (isAcknowledged: boolean) => void {
    const reading = this.#reading(user, chat);
    const began = this.now();
    return (isAcknowledged) => {
      if (what === "all") {
        reading.perhapsAllAt = this.now();
        if (isAcknowledged) reading.surelyAllAt = Math.max(reading.surelyAllAt, began);
      } else if ("upTo" in what) {
        reading.perhapsUpTo = Math.max(reading.perhapsUpTo, what.upTo);
        if (isAcknowledged) reading.surelyUpTo = Math.max(reading.surelyUpTo, what.upTo);
      } else {
        reading.perhapsAlone.add(what.alone);
        if (isAcknowledged) reading.surelyAlone.add(what.alone);
      }
    };
  }

  /** Whether `user` has read a message of somebody else: true, false, or undefined where nobody outside can know. */
  hasRead(user: number, said: Said, seq: number): boolean | undefined {
    const reading = this.#reading(user, said.chat);
    const isSure =
      seq <= reading.surelyUpTo || reading.surelyAlone.has(seq) || (said.knownAt ?? Infinity) < reading.surelyAllAt;
    if (isSure) return true;
    const isPossible =
      seq <= reading.perhapsUpTo || reading.perhapsAlone.has(seq) || said.attemptedAt < reading.perhapsAllAt;
    return isPossible ? undefined : false;
  }
}
