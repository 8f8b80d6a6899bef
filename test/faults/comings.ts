// A group whose members come and go while the server is killed: around the bound above which a chat tells nobody who is away, so
// that it is crossed both ways. Says what its members, their roles, its title and everybody's list must be. Talks native alone.

import { setTimeout as sleep } from "node:timers/promises";
import { LARGE_CHAT } from "../../src/core/limits.ts";
import { ShownChats } from "./clients/shown-chats.ts";
import type { Account, Body, World } from "./clients/world.ts";
import { eventually, Lost, register, rest } from "./clients/world.ts";
import { Possible } from "./possible.ts";

/** Those who come and go; the first of them are connected. */
const COMERS = 8;
const CONNECTED = 4;
/** Those who are always there, away, with the owner. With half of the comers, the chat is large. */
const REGULARS = LARGE_CHAT - COMERS / 2;
const PAGE = 100;
const AT_ONCE = 10;
/** Milliseconds between two things that are done here. */
const PAUSE_MS = 20;

const textOf = (what: Possible<string>): string => what.all.join(" or ");

type Standing = "owner" | "admin" | "member" | "nobody";

/** Somebody who comes and goes, and what a connection of theirs shows. */
class Comer {
  readonly account: Account;
  readonly standing = new Possible<Standing>("nobody");
  readonly #group: number;
  readonly #shown: ShownChats | undefined;

  constructor(world: World, account: Account, group: number, isConnected: boolean) {
    this.account = account;
    this.#group = group;
    this.#shown = isConnected ? new ShownChats(world, account) : undefined;
  }

  get isConnected(): boolean {
    return this.#shown !== undefined;
  }

  /** Whether the group is among their chats, as a client shows it that was told; undefined while that is not known. */
  get shows(): boolean | undefined {
    return this.#shown?.has(this.#group);
  }

  end(): void {
    this.#shown?.end();
  }
}

/** The group as it is in somebody's list. @throws Lost, Refused */
async function listed(world: World, account: Account, group: number): Promise<Body> {
  const { items } = await rest(world, account, "GET", "/v1/chats");
  return items.find(({ id }: Body) => id === group);
}

export class Comings {
  readonly #world: World;
  readonly #owner: Account;
  readonly #regulars: readonly Account[];
  readonly #group: number;
  readonly #comers: readonly Comer[];
  readonly #title = new Possible("comings");
  /** Changes of members, roles and the title that were acknowledged. */
  changes = 0;
  /** Messages that were acknowledged, in order. */
  readonly #said: number[] = [];
  isFlying = false;
  #isEnding = false;
  #next = 0;

  /** Makes its people and their group. */
  static async make(world: World): Promise<Comings> {
    const names = Array.from({ length: REGULARS + COMERS }, (_, at) => `${at < COMERS ? "comer" : "regular"}${at}`);
    const accounts: Account[] = [];
    while (accounts.length < names.length) {
      const some = names.slice(accounts.length, accounts.length + AT_ONCE);
      accounts.push(...(await Promise.all(some.map((name) => register(world, name)))));
    }
    const [owner, ...regulars] = accounts.slice(COMERS);
    if (owner === undefined) throw new Error("a group of nobody");
    const members = regulars.map(({ id }) => id);
    const { id } = await rest(world, owner, "POST", "/v1/chats", { title: "comings", members });
    const comers = accounts.slice(0, COMERS).map((account, at) => new Comer(world, account, id, at < CONNECTED));
    return new Comings(world, owner, regulars, id, comers);
  }

  private constructor(
    world: World,
    owner: Account,
    regulars: readonly Account[],
    group: number,
    comers: readonly Comer[],
  ) {
    this.#world = world;
    this.#owner = owner;
    this.#regulars = regulars;
    this.#group = group;
    this.#comers = comers;
  }

  start(): void {
    void this.#go();
  }

  end(): void {
    this.#isEnding = true;
    for (const comer of this.#comers) comer.end();
  }

  async #go(): Promise<void> {
    while (!this.#isEnding) {
      await sleep(PAUSE_MS);
      if (this.#world.isPaused) continue;
      this.isFlying = true;
      try {
        await this.#act();
      } catch (error) {
        if (!(error instanceof Lost)) this.#world.findings.add("refused", `among comings: ${String(error)}`);
      } finally {
        this.isFlying = false;
      }
    }
  }

  #ask(method: string, path: string, body?: object): Promise<Body> {
    return rest(this.#world, this.#owner, method, `/v1/chats/${this.#group}${path}`, body);
  }

  async #act(): Promise<void> {
    const { random } = this.#world;
    // As a client does that has come back: it looks before it goes on.
    const changed = [this.#title, ...this.#comers.map(({ standing }) => standing)];
    if (changed.some(({ sure }) => sure === undefined)) await this.#settle();
    const way = random.next();
    if (way < 0.35) return this.#say();
    if (way < 0.45) {
      const title = `comings ${++this.#next}`;
      return this.#change(this.#title, title, "PATCH", "", { title });
    }
    const { standing, account } = random.pick(this.#comers);
    const path = `/members/${account.id}`;
    if (standing.sure === "nobody") return this.#change(standing, "member", "PUT", path, { role: "member" });
    if (way < 0.55) {
      const role = standing.sure === "admin" ? "member" : "admin";
      return this.#change(standing, role, "PUT", path, { role });
    }
    if (way < 0.65) await rest(this.#world, account, "POST", `/v1/chats/${this.#group}/read`, {});
    else await this.#change(standing, "nobody", "DELETE", path);
  }

  async #change<T>(what: Possible<T>, to: T, method: string, path: string, body?: object): Promise<void> {
    const done = what.change(to);
    await this.#ask(method, path, body);
    done();
    this.changes++;
  }

  async #say(): Promise<void> {
    const { id } = await this.#ask("POST", "/messages", { text: `said ${++this.#next}` });
    this.#said.push(id);
  }

  /** Looks whether members, roles and title are what was acknowledged; where a change was cut off, either will do. */
  async #settle(): Promise<void> {
    const { findings } = this.#world;
    const { title, members, members_count } = await this.#ask("GET", "");
    const before = textOf(this.#title);
    if (!this.#title.settle(title)) findings.add("undone", `the title is ${title} and should be ${before}`);
    const standings = new Map<number, Standing>(members.map(({ user, role }: Body) => [user.id, role]));
    if (members_count !== members.length) findings.add("undone", `${members.length} members count ${members_count}`);
    for (const { account, standing } of this.#comers) {
      const [found, wanted] = [standings.get(account.id) ?? "nobody", textOf(standing)];
      if (!standing.settle(found)) findings.add("undone", `${account.name} is ${found} and should be ${wanted}`);
      standings.delete(account.id);
    }
    const missing = [this.#owner, ...this.#regulars].filter(({ id }) => !standings.delete(id));
    for (const { name } of missing) findings.add("undone", `nobody has removed ${name}`);
    for (const id of standings.keys()) findings.add("undone", `nobody has added ${id}`);
  }

  /** Nobody does anything meanwhile. */
  async check(): Promise<void> {
    const { findings } = this.#world;
    await this.#settle();
    const newest = await this.#ask("GET", `/messages?limit=${PAGE}`);
    const ids = new Set(newest.items.map(({ id }: Body) => id));
    for (const id of this.#said.splice(0).slice(-PAGE)) if (!ids.has(id)) findings.add("lost", `${id} among comings`);
    const last = newest.items[0]?.id;
    const [regular] = this.#regulars;
    const all = regular === undefined ? [] : [{ account: regular, isIn: true }];
    for (const { account, standing } of this.#comers) all.push({ account, isIn: standing.sure !== "nobody" });
    await Promise.all(all.map(({ account, isIn }) => this.#checkList(account, isIn, last)));
    const shown = this.#comers.filter(({ isConnected }) => isConnected);
    const wrong = (): Comer[] => shown.filter(({ standing, shows }) => shows !== (standing.sure !== "nobody"));
    await eventually(() => wrong().length === 0);
    for (const { account, standing, shows } of wrong())
      findings.add(
        "unheard",
        `${account.name} is ${textOf(standing)} of the group, and ${shows ? "shows" : "does not show"} it`,
      );
  }

  /** Whether the group is in somebody's list, and if so as it is: its title, its last message, and as much unread as messages say. */
  async #checkList(account: Account, isIn: boolean, last: number | undefined): Promise<void> {
    const unread = isIn ? await this.#unread(account) : 0;
    const wanted = isIn ? `${textOf(this.#title)}, ${unread} unread, the last is ${last}` : "nothing";
    let found = "";
    const isRight = async (): Promise<boolean> => {
      const row = await listed(this.#world, account, this.#group);
      found = row === undefined ? "nothing" : `${row.title}, ${row.unread} unread, the last is ${row.last_message?.id}`;
      return found === wanted;
    };
    if (!(await eventually(isRight)))
      this.#world.findings.add("unread", `the list of ${account.name} has ${found} and should have ${wanted}`);
  }

  /** What is unread is behind what is read: nobody reads single messages here. */
  async #unread(account: Account): Promise<number> {
    let count = 0;
    let before = "";
    for (;;) {
      const path = `/v1/chats/${this.#group}/messages?limit=${PAGE}${before}`;
      const { items, next } = await rest(this.#world, account, "GET", path);
      const unread = items.filter(({ read }: Body) => !read).length;
      count += unread;
      if (next === null || unread < items.length) return count;
      before = `&before=${next}`;
    }
  }
}
