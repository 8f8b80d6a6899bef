// Looks, while nobody talks, whether what the server has is what was said and read: every member's view of every chat, by the
// native REST. Knows the ledger; must not know who talked how.

import type { Account, Body, Chat, World } from "./clients/world.ts";
import { eventually, rest } from "./clients/world.ts";
import type { Said, Wording } from "./ledger.ts";
import { keyOf, seqOf, sha256 } from "./ledger.ts";

const PAGE = 100;

/** A message that the server has. */
export interface Found {
  readonly id: number;
  readonly said: Said;
  readonly createdAt: string;
  /** As it was when it was last looked at; null: it is deleted. */
  wording: Wording;
}

/** One message as one member sees it. */
interface View {
  readonly seq: number;
  readonly said: Said;
  readonly read: boolean;
  readonly isDeleted: boolean;
}

/** What it may say now, for a person. */
export const wordings = ({ possible }: Said): string =>
  possible.all.map((one) => (one === null ? "be deleted" : JSON.stringify(one))).join(" or ");

export class Stored {
  readonly #world: World;
  readonly #chats: readonly Chat[];
  /** By chat, in the order of `seq`. */
  readonly order = new Map<number, Found[]>();
  readonly #byKey = new Map<string, Found>();
  /** By user and chat: they have read everything up to this `seq`, which no crash can take back. */
  readonly #settled = new Map<string, number>();
  /** By user and chat, as their views of its messages have it. */
  readonly #unread = new Map<string, number>();
  /** By id: the hash that it must have. */
  readonly #files = new Map<string, { readonly sha256: string; readonly chat: Chat; readonly key: string }>();
  readonly #intact = new Set<string>();
  #lookedAt = 0;

  constructor(world: World, chats: readonly Chat[]) {
    this.#world = world;
    this.#chats = chats;
    for (const { id } of chats) this.order.set(id, []);
  }

  get messages(): number {
    return this.#byKey.size;
  }

  get files(): number {
    return this.#files.size;
  }

  /** `isThorough`: everything from the beginning, and not only what can have changed. */
  async check(isThorough = false): Promise<void> {
    if (isThorough) {
      this.#settled.clear();
      this.#intact.clear();
    }
    await Promise.all(this.#chats.map((chat) => this.#checkChat(chat)));
    this.#lookedAt = this.#world.ledger.now();
    await this.#checkLists();
    this.#checkLost();
    await this.#checkFiles();
  }

  async #checkChat(chat: Chat): Promise<void> {
    const views = new Map<number, View[]>();
    const bases = new Map<number, number>();
    const changed = this.#changedAfter(chat);
    await Promise.all(
      chat.members.map(async (member) => {
        const base = Math.min(this.#settled.get(`${member.id}/${chat.id}`) ?? 0, changed);
        bases.set(member.id, base);
        views.set(member.id, await this.#view(chat, member, base));
      }),
    );
    for (const [user, seen] of views) this.#settle(chat, user, seen);
    this.#checkReceipts(chat, views, bases);
  }

  /** Nothing up to this `seq` was edited or deleted since it was last looked. */
  #changedAfter({ id }: Chat): number {
    const changed = (this.order.get(id) ?? []).filter(({ said }) => said.changedAt > this.#lookedAt);
    return Math.min(Infinity, ...changed.map((found) => seqOf(found.id) - 1));
  }

  /** All messages after `base` as `viewer` sees them, each looked at. */
  async #view(chat: Chat, viewer: Account, base: number): Promise<View[]> {
    const views: View[] = [];
    let after = base;
    for (;;) {
      const cursor = after === 0 ? 0 : chat.id * 2 ** 24 + after;
      const path = `/v1/chats/${chat.id}/messages?after=${cursor}&limit=${PAGE}`;
      const { items } = await rest(this.#world, viewer, "GET", path);
      for (const message of items) {
        for (let gap = after + 1; gap < message.seq; gap++)
          this.#world.findings.add("gaps", `chat ${chat.id} has no message ${gap}`);
        after = message.seq;
        const said = this.#checkMessage(chat, message);
        if (said === undefined) continue;
        const isDeleted = message.deleted_at !== null;
        views.push({ seq: message.seq, said, read: message.read, isDeleted });
        if (!isDeleted) this.#checkRead(viewer.id, said, message);
      }
      if (items.length < PAGE) return views;
    }
  }

  #checkMessage(chat: Chat, message: Body): Said | undefined {
    const { ledger, findings } = this.#world;
    const wording: Wording = message.deleted_at === null ? (message.text ?? "") : null;
    const said = wording === null ? ledger.withId(message.id) : ledger.said.get(keyOf(wording));
    if (said === undefined) {
      findings.add("altered", `nobody said ${message.id}, or nobody deleted it: ${JSON.stringify(message.text)}`);
      return undefined;
    }
    const { key } = said;
    ledger.know(said);
    this.#checkWording(said, wording);
    const known = this.#byKey.get(key);
    if (known === undefined) {
      const found = { id: message.id, said, createdAt: message.created_at, wording };
      this.#byKey.set(key, found);
      const order = this.order.get(chat.id);
      if (order !== undefined) order[message.seq - 1] = found;
    } else if (known.id !== message.id) findings.add("doubled", `${key} is ${known.id} and ${message.id}`);
    if (known !== undefined) known.wording = wording;
    const isSame =
      message.text === wording &&
      (wording === null || (message.edited_at === null) === (wording === said.text)) &&
      message.user.id === said.user &&
      message.chat_id === said.chat &&
      message.id === chat.id * 2 ** 24 + message.seq &&
      message.attachments.length === (wording === null ? 0 : said.files.length) &&
      (message.client_id ?? undefined) === said.clientId &&
      message.created_at === (known?.createdAt ?? message.created_at) &&
      message.id === (said.id ?? message.id);
    if (!isSame) findings.add("altered", `${key} (${said.id}) is ${JSON.stringify(message).slice(0, 400)}`);
    if (wording === null) for (const [id, file] of this.#files) if (file.key === key) this.#files.delete(id);
    for (const [at, one] of message.attachments.entries())
      this.#files.set(one.id, { sha256: said.files[at] ?? "", chat, key });
    return said;
  }

  /** It says what it was last made to say; where a change was cut off, it may or may not have come about, for everybody alike. */
  #checkWording(said: Said, wording: Wording): void {
    const wanted = wordings(said);
    if (said.possible.settle(wording)) return;
    const kind = said.versions.includes(wording) ? "undone" : "altered";
    const says = JSON.stringify(wording);
    this.#world.findings.add(kind, `${said.key} (${said.id}) says ${says} and should ${wanted}`);
  }

  #checkRead(viewer: number, said: Said, message: Body): void {
    if (said.user === viewer) return;
    const expected = this.#world.ledger.hasRead(viewer, said, message.seq);
    if (expected !== undefined && message.read !== expected)
      this.#world.findings.add("unread", `${message.id} is ${message.read ? "" : "not "}read for ${viewer}`);
  }

  #settle(chat: Chat, user: number, views: readonly View[]): void {
    const open = views.filter(({ said, read, isDeleted }) => said.user !== user && !read && !isDeleted);
    this.#unread.set(`${user}/${chat.id}`, open.length);
    const last = open[0] === undefined ? views.at(-1)?.seq : open[0].seq - 1;
    if (last !== undefined) this.#settled.set(`${user}/${chat.id}`, last);
  }

  /** The author is told that somebody has read it, just when somebody has. */
  #checkReceipts(chat: Chat, all: ReadonlyMap<number, readonly View[]>, bases: ReadonlyMap<number, number>): void {
    const unreadOf = new Map(
      [...all].map(([user, views]) => [user, new Set(views.flatMap((v) => (v.read ? [] : [v.seq])))]),
    );
    for (const [author, views] of all)
      for (const { seq, said, read, isDeleted } of views) {
        if (said.user !== author || isDeleted) continue;
        const readers = chat.members.filter(
          ({ id }) => id !== author && (seq <= (bases.get(id) ?? 0) || unreadOf.get(id)?.has(seq) === false),
        );
        if (read !== readers.length > 0)
          this.#world.findings.add("receipts", `${said.key}: read ${read} for its author, by ${readers.length}`);
      }
  }

  /** The lines in a member's list, which may be a moment behind. */
  async #checkLists(): Promise<void> {
    const members = new Map(this.#chats.flatMap(({ members }) => members.map((one) => [one.id, one] as const)));
    await Promise.all([...members.values()].map((member) => this.#checkList(member)));
  }

  async #checkList(member: Account): Promise<void> {
    const chats = this.#chats.filter(({ members }) => members.includes(member));
    const expected = chats.map(({ id }) => {
      const unread = this.#unread.get(`${member.id}/${id}`);
      return `${id}: ${unread} unread, the last is ${this.order.get(id)?.at(-1)?.id ?? "none"}`;
    });
    let wrong: string[] = [];
    await eventually(async () => {
      const { items } = await rest(this.#world, member, "GET", "/v1/chats?limit=100");
      const listed = new Set(
        items.map((one: Body) => `${one.id}: ${one.unread} unread, the last is ${one.last_message?.id ?? "none"}`),
      );
      wrong = expected.filter((line) => !listed.has(line)).map((line) => `${line}; listed: ${[...listed].join(" | ")}`);
      return wrong.length === 0;
    });
    for (const line of wrong) this.#world.findings.add("unread", `in the list of ${member.name} should be ${line}`);
  }

  #checkLost(): void {
    for (const said of this.#world.ledger.said.values())
      if (said.fate === "acknowledged" && !this.#byKey.has(said.key))
        this.#world.findings.add("lost", `${said.key} (${said.id}) in chat ${said.chat}, by ${said.dialect}`);
  }

  async #checkFiles(): Promise<void> {
    const open = [...this.#files].filter(([id]) => !this.#intact.has(id));
    await Promise.all(
      open.map(async ([id, file]) => {
        // Any member will do, but the one who sent it.
        const reader = file.chat.members.find((one) => one.id !== this.#byKey.get(file.key)?.said.user);
        const hash = await this.#hash(id, reader?.token ?? "");
        if (hash === file.sha256) this.#intact.add(id);
        else this.#world.findings.add("files", `${id} of ${file.key}: ${hash}`);
      }),
    );
  }

  async #hash(id: string, token: string): Promise<string> {
    const url = `${this.#world.url}/v1/attachments/${id}`;
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    const bytes = new Uint8Array(await response.arrayBuffer());
    return response.ok ? sha256(bytes) : `status ${response.status}`;
  }
}
