// Groups that are made and end while the server is killed: everybody leaves, at once or one after the other, or the owner removes
// somebody and erases the group. Which are over, and who must have heard of it. Talks native alone.

import { setTimeout as sleep } from "node:timers/promises";
import { ShownChats } from "./clients/shown-chats.ts";
import type { Account, Body, World } from "./clients/world.ts";
import { eventually, Lost, Refused, register, rest } from "./clients/world.ts";

/** All of them are in each other's groups; the first ones are connected. */
const PEOPLE = 5;
const CONNECTED = 3;
/** Groups that stand at the same time. */
const MOST = 8;
/** Milliseconds between two things that are done here. */
const PAUSE_MS = 30;

interface Person {
  readonly account: Account;
  readonly shown: ShownChats | undefined;
}

interface Group {
  readonly id: number;
  readonly owner: Person;
  readonly others: readonly Person[];
  /** Some of it may not have been done: it is done again before anything else. */
  isCutOff: boolean;
}

/** It has been done before, when nobody heard the answer. */
const isDone = (error: unknown): boolean => error instanceof Refused && /: 40[34] /.test(error.message);

export class Endings {
  readonly #world: World;
  readonly #people: readonly Person[];
  #standing: Group[] = [];
  /** Since it was last looked. */
  #over: Group[] = [];
  /** Groups that have ended. */
  ended = 0;
  isFlying = false;
  #isEnding = false;

  static async make(world: World): Promise<Endings> {
    const names = Array.from({ length: PEOPLE }, (_, at) => `guest${at}`);
    const accounts = await Promise.all(names.map((name) => register(world, name)));
    const people = accounts.map((account, at) => ({
      account,
      shown: at < CONNECTED ? new ShownChats(world, account) : undefined,
    }));
    return new Endings(world, people);
  }

  private constructor(world: World, people: readonly Person[]) {
    this.#world = world;
    this.#people = people;
  }

  start(): void {
    void this.#go();
  }

  end(): void {
    this.#isEnding = true;
    for (const { shown } of this.#people) shown?.end();
  }

  async #go(): Promise<void> {
    while (!this.#isEnding) {
      await sleep(PAUSE_MS);
      if (this.#world.isPaused) continue;
      this.isFlying = true;
      try {
        await this.#act();
      } catch (error) {
        if (!(error instanceof Lost)) this.#world.findings.add("refused", `among endings: ${String(error)}`);
      } finally {
        this.isFlying = false;
      }
    }
  }

  async #act(): Promise<void> {
    const { random } = this.#world;
    await this.#finish();
    if (this.#standing.length < MOST && random.chance(0.6)) await this.#begin();
    else if (this.#standing.length > 0) await this.#endOne(random.pick(this.#standing));
  }

  #ask({ account }: Person, method: string, path: string, body?: object): Promise<Body> {
    return rest(this.#world, account, method, `/v1/chats${path}`, body);
  }

  /** One that is cut off may be there all the same, and nobody asks for it. */
  async #begin(): Promise<void> {
    const { random } = this.#world;
    const owner = random.pick(this.#people);
    const others = this.#people.filter((one) => one !== owner && random.chance(0.5));
    const members = others.map(({ account }) => account.id);
    const { id } = await this.#ask(owner, "POST", "", { title: "an ending", members });
    this.#standing.push({ id, owner, others, isCutOff: false });
    await this.#ask(owner, "POST", `/${id}/messages`, { text: "is unread" });
  }

  async #endOne(group: Group): Promise<void> {
    const { random } = this.#world;
    const { id, owner, others } = group;
    group.isCutOff = true;
    const [other] = others;
    const way = random.next();
    const leave = (who: Person): Promise<Body> => this.#ask(who, "DELETE", `/${id}/members/${who.account.id}`);
    if (way < 0.4) {
      if (other !== undefined) await this.#ask(owner, "DELETE", `/${id}/members/${other.account.id}`);
      await this.#ask(owner, "DELETE", `/${id}`);
    } else if (way < 0.7) {
      const left = await Promise.allSettled([owner, ...others].map(leave));
      for (const one of left) if (one.status === "rejected") throw one.reason;
    } else for (const who of [...others, owner]) await leave(who);
    this.#isOver(group);
  }

  #isOver(group: Group): void {
    this.#standing = this.#standing.filter((one) => one !== group);
    this.#over.push(group);
    this.ended++;
  }

  /** As a client does that has come back: whoever may still be in a group leaves it. */
  async #finish(): Promise<void> {
    for (const group of this.#standing.filter(({ isCutOff }) => isCutOff)) {
      for (const who of [...group.others, group.owner]) {
        try {
          await this.#ask(who, "DELETE", `/${group.id}/members/${who.account.id}`);
        } catch (error) {
          if (!isDone(error)) throw error;
        }
      }
      this.#isOver(group);
    }
  }

  /** Nobody does anything meanwhile. */
  async check(): Promise<void> {
    await this.#finish();
    await Promise.all(this.#people.map((person) => this.#checkPerson(person)));
    for (const { id, owner } of this.#over.splice(0)) {
      const isGone = await this.#ask(owner, "GET", `/${id}`).then(() => false, isDone);
      if (!isGone) this.#world.findings.add("undone", `group ${id} is over, and still there`);
    }
  }

  /** Whether somebody's list, and what their client shows, have the groups that stand and none that are over. */
  async #checkPerson({ account, shown }: Person): Promise<void> {
    const has = (group: Group): boolean => [group.owner, ...group.others].some((one) => one.account === account);
    const [standing, over] = [this.#standing, this.#over].map((groups) => groups.filter(has).map(({ id }) => id));
    if (standing === undefined || over === undefined) return;
    let wrong = "";
    const lookAt = (what: string, isThere: (id: number) => boolean | undefined): boolean => {
      const missing = standing.filter((id) => isThere(id) !== true);
      const left = over.filter((id) => isThere(id) !== false);
      wrong = `${what} of ${account.name} is without ${missing.join(" ")}, and has ${left.join(" ")}, which are over`;
      return missing.length + left.length === 0;
    };
    const isListed = async (): Promise<boolean> => {
      const { items } = await this.#ask({ account, shown }, "GET", "?limit=100");
      const listed = new Set(items.map(({ id }: Body) => id));
      return lookAt("the list", (id) => listed.has(id));
    };
    if (!(await eventually(isListed))) this.#world.findings.add("undone", wrong);
    if (shown !== undefined && !(await eventually(() => lookAt("the client", (id) => shown.has(id)))))
      this.#world.findings.add("unheard", wrong);
  }
}
