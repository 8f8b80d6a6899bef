// A client that talks without end: it sends and reads in the chats that it has, comes back by itself after every crash, and tells
// the ledger what it has asked for and what was answered. Each dialect says how. Judges nothing.

import { setTimeout as sleep } from "node:timers/promises";
import type { Said, What } from "../ledger.ts";
import { keyOf, seqOf, sha256 } from "../ledger.ts";
import type { Account, Body, Chat, World } from "./world.ts";
import { ANSWER_WITHIN_MS, Lost, Refused, rest } from "./world.ts";

/** A message as a dialect shows it; `id` where it shows one. */
export interface Shown {
  readonly id?: number;
  readonly text: string;
}

export interface Habits {
  /** How many things it does at a time. */
  readonly lanes: number;
  readonly readShare: number;
  readonly fileShare: number;
  /** Of what is not reading: how much changes what was said, in a dialect that can. */
  readonly changeShare?: number;
}

export abstract class Talker {
  abstract readonly dialect: string;
  readonly world: World;
  readonly account: Account;
  readonly chats: readonly Chat[];
  readonly habits: Habits;
  /** When the connection that stands was ready; undefined while there is none. */
  readySince: number | undefined;
  /** By chat, in the order in which the connection that stands heard them. */
  readonly heard = new Map<number, Shown[]>();
  /** When something that was sent or read was first acknowledged since this was last cleared: milliseconds since 1970. */
  firstAnswerAt: number | undefined;
  /** Things that were begun and have not ended. */
  flying = 0;
  protected isEnding = false;
  readonly #waiting = new Map<string, { resolve: (answer: Body) => void; reject: (error: Error) => void }>();

  constructor(world: World, account: Account, chats: readonly Chat[], habits: Habits) {
    this.world = world;
    this.account = account;
    this.chats = chats;
    this.habits = habits;
  }

  get name(): string {
    return `${this.dialect} ${this.account.name}`;
  }

  /** Chats in which it may talk now. */
  get awake(): readonly Chat[] {
    return this.chats.filter((chat) => !this.world.resting.has(chat));
  }

  /** It has been answered; if it has nowhere to talk, it is at least ready to. */
  get isBack(): boolean {
    return this.awake.length === 0 ? this.readySince !== undefined : this.firstAnswerAt !== undefined;
  }

  /** Opens the connection; from then on it comes back by itself. */
  abstract connect(): void;
  abstract disconnect(): void;
  /** Sends and waits; the id of the message, where it is told. @throws Lost, Refused */
  protected abstract deliver(said: Said, files: readonly Uint8Array[]): Promise<number | undefined>;
  /** Reads by the dialect's own means. @throws Lost, Refused */
  protected abstract read(chat: Chat): Promise<void>;
  /** The newest messages of a chat as the dialect shows them, ascending; undefined where it shows none. */
  abstract history(chat: Chat, since: string): Promise<Shown[]> | undefined;
  /** Chats of which the connection that stands hears live. */
  abstract get hears(): readonly Chat[];

  start(): void {
    this.connect();
    for (let lane = 0; lane < this.habits.lanes; lane++) void this.#talk();
  }

  end(): void {
    this.isEnding = true;
    this.disconnect();
  }

  async #talk(): Promise<void> {
    const { random } = this.world;
    while (!this.isEnding) {
      const awake = this.awake;
      if (this.world.isPaused || this.readySince === undefined || awake.length === 0) {
        await sleep(5);
        continue;
      }
      const chat = random.pick(awake);
      await this.attempt(async () => {
        if (random.chance(this.habits.readShare)) await this.read(chat);
        else if (random.chance(this.habits.changeShare ?? 0)) await this.change(chat);
        else await this.send(chat);
        this.firstAnswerAt ??= Date.now();
      });
    }
  }

  /** Does something that may be lost in a crash, but not refused. */
  protected async attempt(act: () => Promise<void>): Promise<void> {
    this.flying++;
    try {
      await act();
    } catch (error) {
      if (!(error instanceof Lost)) this.world.findings.add("refused", `${this.name}: ${String(error)}`);
      await sleep(5);
    } finally {
      this.flying--;
    }
  }

  protected async send(chat: Chat): Promise<void> {
    const { random, ledger } = this.world;
    const length = random.chance(0.05) ? random.between(1_000, 3_000) : random.between(0, 60);
    const files = random.chance(this.habits.fileShare) ? [random.bytes(random.between(1, 20_000))] : [];
    const said = ledger.attempt(
      {
        dialect: this.dialect,
        chat: chat.id,
        user: this.account.id,
        files: files.map(sha256),
        clientId: this.clientId(),
      },
      this.account.name,
      random.text(length),
    );
    try {
      ledger.acknowledge(said, await this.deliver(said, files));
    } catch (error) {
      said.fate = "uncertain";
      throw error;
    }
  }

  /** Edits or deletes something, in a dialect that can. */
  protected change(chat: Chat): Promise<void> {
    return this.send(chat);
  }

  /** Of a dialect that has such a thing. */
  protected clientId(): string | undefined {
    return undefined;
  }

  /** Tells the ledger of a read while it is done. `what` in `seq`s. */
  protected async reading(chat: Chat, what: What, act: () => Promise<unknown>): Promise<void> {
    const ended = this.world.ledger.read(this.account.id, chat.id, what);
    let isAcknowledged = false;
    try {
      await act();
      isAcknowledged = true;
    } finally {
      ended(isAcknowledged);
    }
  }

  /** For dialects that can't read all at once. */
  protected async readNatively(chat: Chat): Promise<void> {
    await this.reading(chat, "all", () => rest(this.world, this.account, "POST", `/v1/chats/${chat.id}/read`, {}));
  }

  /** Some message of somebody else that this connection has heard. */
  protected someHeard(chat: Chat): number | undefined {
    const ids = (this.heard.get(chat.id) ?? []).flatMap(({ id, text }) =>
      id === undefined || this.world.ledger.said.get(keyOf(text))?.user === this.account.id ? [] : [id],
    );
    return ids.length === 0 ? undefined : this.world.random.pick(ids);
  }

  protected readonly seqOf = seqOf;

  // ---- for the dialects -------------------------------------------------------------------------------------------

  protected becameReady(): void {
    this.heard.clear();
    this.readySince = this.world.ledger.now();
  }

  /** The connection is gone: nothing that was asked on it will be answered. */
  protected becameLost(): void {
    this.readySince = undefined;
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of lost) reject(new Lost("the connection ended"));
  }

  protected hear(chat: number, shown: Shown): void {
    const said = this.world.ledger.said.get(keyOf(shown.text));
    if (said !== undefined) this.world.ledger.know(said);
    const list = this.heard.get(chat);
    if (list === undefined) this.heard.set(chat, [shown]);
    else list.push(shown);
  }

  /** Waits for `answered` with the same key. @throws Lost, Refused */
  protected answer(key: string): Promise<Body> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.#waiting.delete(key);
        reject(new Refused(`${key} was not answered`));
      }, ANSWER_WITHIN_MS);
      const settle =
        <T>(end: (value: T) => void) =>
        (value: T) => {
          clearTimeout(late);
          end(value);
        };
      this.#waiting.set(key, { resolve: settle(resolve), reject: settle(reject) });
    });
  }

  protected answered(key: string, body: Body): void {
    this.#waiting.get(key)?.resolve(body);
    this.#waiting.delete(key);
  }
}
