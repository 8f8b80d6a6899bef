// Looks, while nobody talks, whether every client was shown what the server has: live, in the histories of its dialect, and by
// `changes`. Knows the clients; what is stored it is told.

import { EventsTalker } from "./clients/events.ts";
import { NativeTalker } from "./clients/native.ts";
import type { Shown as ShownMessage, Talker } from "./clients/talker.ts";
import type { Chat, World } from "./clients/world.ts";
import { eventually } from "./clients/world.ts";
import type { Said, Wording } from "./ledger.ts";
import { keyOf } from "./ledger.ts";
import type { Found, Stored } from "./stored.ts";
import { wordings } from "./stored.ts";

/** The newest that every history is compared in. */
const NEWEST = 100;

/** What a client has of a chat that knows it by `changes` alone. */
interface Copy {
  rev: number;
  readonly wordings: Map<number, Wording>;
}

export class Shown {
  readonly #world: World;
  readonly #stored: Stored;
  readonly #talkers: readonly Talker[];
  /** By native client and chat. */
  readonly #copies = new Map<NativeTalker, Map<number, Copy>>();

  constructor(world: World, stored: Stored, talkers: readonly Talker[]) {
    this.#world = world;
    this.#stored = stored;
    this.#talkers = talkers;
  }

  async check(): Promise<void> {
    await Promise.all(
      this.#talkers.map(async (talker) => {
        await this.#checkLive(talker);
        if (talker instanceof NativeTalker) await this.#checkChanged(talker);
        for (const chat of talker.chats) {
          await this.#checkHistory(talker, chat);
          if (talker instanceof NativeTalker) await this.#checkChanges(talker, chat);
        }
      }),
    );
  }

  #order(chat: Chat): readonly Found[] {
    return this.#stored.order.get(chat.id) ?? [];
  }

  /** A connection hears everything that others have said since it stood, once, in order. */
  async #checkLive(talker: Talker): Promise<void> {
    const { findings } = this.#world;
    for (const chat of talker.hears) {
      const since = talker.readySince ?? Infinity;
      // What was deleted before it could be told is told as deleted, if at all.
      const due = this.#order(chat).filter(
        ({ said, wording }) => said.attemptedAt > since && said.user !== talker.account.id && wording !== null,
      );
      const heard = (): readonly ShownMessage[] => talker.heard.get(chat.id) ?? [];
      const missing = (): Found[] => {
        const ids = new Set(heard().map(({ id }) => id));
        return due.filter(
          ({ id }) => !ids.has(id) || (talker instanceof EventsTalker && !talker.toldByChatName.has(`${id}`)),
        );
      };
      await eventually(() => missing().length === 0);
      for (const { said, id } of missing()) findings.add("unheard", `${talker.name} did not hear ${id} (${said.key})`);
      let last = 0;
      for (const { id = 0, text } of heard()) {
        if (id === last) findings.add("doubled", `${talker.name} heard ${id} twice`);
        else if (id < last) findings.add("order", `${talker.name} heard ${id} after ${last}`);
        last = Math.max(id, last);
        this.#checkText(talker, text, (said) => said.versions);
      }
    }
  }

  /** What was edited or deleted since the connection stood is what its client shows. */
  async #checkChanged(talker: NativeTalker): Promise<void> {
    const since = talker.readySince ?? Infinity;
    for (const chat of talker.chats) {
      const isRight = ({ id, said }: Found): boolean => {
        const shown = talker.showing.get(id);
        return shown !== undefined && said.possible.has(shown);
      };
      const stale = (): Found[] => this.#order(chat).filter((found) => found.said.changedAt > since && !isRight(found));
      await eventually(() => stale().length === 0);
      for (const { id, said } of stale()) {
        const shown = JSON.stringify(talker.showing.get(id));
        this.#world.findings.add("unheard", `${talker.name} shows ${shown} as ${id}, which should ${wordings(said)}`);
      }
    }
  }

  #checkText(talker: Talker, text: string, wanted: (said: Said) => readonly Wording[]): void {
    const said = this.#world.ledger.said.get(keyOf(text));
    // Who has no files of their own is shown their addresses behind the text.
    const isSame = (one: Wording): boolean =>
      one !== null && (said?.files.length === 0 ? text === one : text.startsWith(one));
    if (said === undefined || !wanted(said).some(isSame))
      this.#world.findings.add("altered", `${talker.name} was shown ${JSON.stringify(text).slice(0, 200)}`);
  }

  async #checkHistory(talker: Talker, chat: Chat): Promise<void> {
    const all = this.#order(chat).filter(({ wording }) => wording !== null);
    const newest = all.slice(-NEWEST);
    const shown = await talker.history(chat, newest[0]?.createdAt ?? new Date(0).toISOString());
    if (shown === undefined) return;
    for (const { text } of shown) this.#checkText(talker, text, (said) => said.possible.all);
    const keys = shown.map(({ text }) => keyOf(text));
    const wanted = all.slice(-Math.max(keys.length, newest.length)).map(({ said }) => said.key);
    const at = wanted.findIndex((key, place) => key !== keys[place]);
    if (keys.length !== wanted.length || at >= 0)
      this.#world.findings.add(
        "order",
        `${talker.name} is shown ${keys.length} of ${wanted.length} in ${chat.id}, ${keys[at]} for ${wanted[at]}`,
      );
  }

  /** What came since the last time, as a client asks that has been away. */
  async #checkChanges(talker: NativeTalker, chat: Chat): Promise<void> {
    const copies = this.#copies.get(talker) ?? new Map<number, Copy>();
    this.#copies.set(talker, copies);
    const copy = copies.get(chat.id) ?? { rev: 0, wordings: new Map<number, Wording>() };
    copies.set(chat.id, copy);
    const { rev } = copy;
    for (;;) {
      const changes = await talker.changes(chat, copy.rev);
      for (const { id, text, deleted_at } of changes.messages) copy.wordings.set(id, deleted_at === null ? text : null);
      if (changes.rev === copy.rev) break;
      copy.rev = changes.rev;
    }
    for (const { id, said } of this.#order(chat)) {
      const known = copy.wordings.get(id);
      if (known === undefined)
        this.#world.findings.add("unheard", `changes since ${rev} leave out ${id} (${said.key})`);
      else if (!said.possible.has(known))
        this.#world.findings.add("unheard", `by changes since ${rev}, ${id} is ${JSON.stringify(known)}`);
    }
  }
}
