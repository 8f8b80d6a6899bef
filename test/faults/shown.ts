// Looks, while nobody talks, whether every client was shown what the server has: live, in the histories of its dialect, and by
// `changes`. Knows the clients; what is stored it is told.

import { EventsTalker } from "./clients/events.ts";
import { NativeTalker } from "./clients/native.ts";
import type { Shown as ShownMessage, Talker } from "./clients/talker.ts";
import type { Chat, World } from "./clients/world.ts";
import { eventually } from "./clients/world.ts";
import { keyOf } from "./ledger.ts";
import type { Found, Stored } from "./stored.ts";

/** The newest that every history is compared in. */
const NEWEST = 100;

export class Shown {
  readonly #world: World;
  readonly #stored: Stored;
  readonly #talkers: readonly Talker[];
  /** How far each native client is, by chat. */
  readonly #revs = new Map<NativeTalker, Map<number, { rev: number; seq: number }>>();

  constructor(world: World, stored: Stored, talkers: readonly Talker[]) {
    this.#world = world;
    this.#stored = stored;
    this.#talkers = talkers;
  }

  async check(): Promise<void> {
    await Promise.all(
      this.#talkers.map(async (talker) => {
        await this.#checkLive(talker);
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
      const due = this.#order(chat).filter(({ said }) => said.attemptedAt > since && said.user !== talker.account.id);
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
        this.#checkText(talker, text);
      }
    }
  }

  #checkText(talker: Talker, text: string): void {
    const said = this.#world.ledger.said.get(keyOf(text));
    // Who has no files of their own is shown their addresses behind the text.
    const isSame = said !== undefined && (said.files.length > 0 ? text.startsWith(said.text) : text === said.text);
    if (!isSame) this.#world.findings.add("altered", `${talker.name} was shown ${JSON.stringify(text).slice(0, 200)}`);
  }

  async #checkHistory(talker: Talker, chat: Chat): Promise<void> {
    const all = this.#order(chat);
    const newest = all.slice(-NEWEST);
    const shown = await talker.history(chat, newest[0]?.createdAt ?? new Date(0).toISOString());
    if (shown === undefined) return;
    for (const { text } of shown) this.#checkText(talker, text);
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
    const at = this.#revs.get(talker) ?? new Map<number, { rev: number; seq: number }>();
    this.#revs.set(talker, at);
    const { rev, seq } = at.get(chat.id) ?? { rev: 0, seq: 0 };
    const seen = new Set<number>();
    let now = rev;
    for (;;) {
      const changes = await talker.changes(chat, now);
      for (const { id } of changes.messages) seen.add(id);
      if (changes.rev === now) break;
      now = changes.rev;
    }
    for (const { id, said } of this.#order(chat).slice(seq))
      if (!seen.has(id)) this.#world.findings.add("unheard", `changes since ${rev} leave out ${id} (${said.key})`);
    at.set(chat.id, { rev: now, seq: this.#order(chat).length });
  }
}
