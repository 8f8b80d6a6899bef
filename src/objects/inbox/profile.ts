/** A person's new name and photo, on their way to all chats that show them. Knows which chats have yet to learn of it. */

import { unwrapIfFound } from "../../core/errors.ts";
import type { Result } from "../../core/errors.ts";
import type { ChatId } from "../../core/ids.ts";
import type { Person } from "../../core/people.ts";
import { triedInBatches } from "../in-batches.ts";
import type { Meta } from "../sql.ts";
import { stored } from "../sql.ts";

/** A named value of the Inbox. */
const KEY = "profile";

interface OnItsWay {
  readonly person: Person;
  /** Those that have yet to learn of it. */
  readonly chats: readonly ChatId[];
}

export class Profile {
  readonly #meta: Meta;
  readonly #tell: (chat: ChatId, person: Person) => Promise<Result<unknown>>;

  constructor(meta: Meta, tell: (chat: ChatId, person: Person) => Promise<Result<unknown>>) {
    this.#meta = meta;
    this.#tell = tell;
  }

  /** Some chats have yet to learn of it. */
  get isOnItsWay(): boolean {
    return this.#meta.get(KEY) !== undefined;
  }

  /** Unless a newer one is on its way already. */
  changed(person: Person, chats: readonly ChatId[]): void {
    const value = this.#meta.get(KEY);
    if (value !== undefined && stored<OnItsWay>(value).person.updatedAt > person.updatedAt) return;
    this.#meta.set(KEY, JSON.stringify({ person, chats } satisfies OnItsWay));
  }

  /** No more chats learn of it. */
  drop(): void {
    if (this.isOnItsWay) this.#meta.delete(KEY);
  }

  /** Tells the chats that have yet to learn of it. @throws what a chat throws or answers, once all were told that could be */
  async spread(): Promise<void> {
    const value = this.#meta.get(KEY);
    if (value === undefined) return;
    const { person, chats } = stored<OnItsWay>(value);
    const left = new Set(chats);
    const [fault] = await triedInBatches(chats, async (chat) => {
      unwrapIfFound(await this.#tell(chat, person));
      left.delete(chat);
    });
    // A newer profile may have come while this one was on its way.
    if (this.#meta.get(KEY) === value) {
      if (left.size === 0) this.#meta.delete(KEY);
      else this.changed(person, [...left]);
    }
    if (fault !== undefined) throw fault;
  }
}
