/**
 * What a user has begun and not ended, looked for some time later: uploads that were never sent, chats that were never
 * opened. Knows when it is due; knows nothing of connections and lists.
 */

import type { Result } from "../../core/errors.ts";
import { unwrapIfFound } from "../../core/errors.ts";
import type { ChatId, UserId } from "../../core/ids.ts";
import { SWEEP } from "../../core/limits.ts";
import type { Directory, Files, Sweep } from "../../core/ports.ts";
import { eraseFiles } from "../chat/files.ts";
import { triedInBatches } from "../in-batches.ts";
import type { Meta } from "../sql.ts";

const AGE: Record<Sweep, number> = { chats: SWEEP.creationMs, files: SWEEP.orphanMs };
/** What could not be swept is tried again after so long. */
const RETRY_MS = 5_000;
const ALL = ["chats", "files"] as const satisfies readonly Sweep[];

/** A named value of the Inbox: `due.last`, the next time and the last one that was asked for. */
const keyOf = (what: Sweep): string => `sweep_${what}`;

export interface SweepPorts {
  readonly directory: Directory;
  readonly files: Files;
  /** Wakes a chat that the directory knows and nobody has opened. */
  readonly open: (chat: ChatId) => Promise<Result<unknown>>;
}

export class Sweeps {
  readonly #meta: Meta;
  readonly #user: UserId;
  readonly #ports: SweepPorts;

  constructor(meta: Meta, user: UserId, ports: SweepPorts) {
    this.#meta = meta;
    this.#user = user;
    this.#ports = ports;
  }

  /** Something is begun now. */
  later(what: Sweep): void {
    const at = Date.now() + AGE[what] + SWEEP.slackMs;
    this.#meta.set(keyOf(what), `${this.#times(what)?.due ?? at}.${at}`);
  }

  #times(what: Sweep): { due: number; last: number } | undefined {
    const [due, last] = (this.#meta.get(keyOf(what)) ?? "").split(".").map(Number);
    return due === undefined || last === undefined ? undefined : { due, last };
  }

  /** Sweeps what is due. @throws what the directory, the files and the chats throw: it stays due */
  async run(now: number): Promise<void> {
    const [fault] = await triedInBatches(ALL, (what) => this.#run(what, now));
    if (fault !== undefined) throw fault;
  }

  async #run(what: Sweep, now: number): Promise<void> {
    const due = this.#times(what)?.due;
    if (due === undefined || due > now) return;
    const before = now - AGE[what] + 1;
    const isMoreLeft = what === "files" ? await this.orphans(before) : await this.#unopened(before);
    // More may have been begun meanwhile.
    const last = this.#times(what)?.last ?? 0;
    // What took longer than others to get into the directory is looked for once more.
    const next = last > now ? last : isMoreLeft ? now + AGE[what] : undefined;
    if (next === undefined) this.#meta.delete(keyOf(what));
    else this.#meta.set(keyOf(what), `${next}.${next}`);
  }

  /** Erases the uploads from before a time that were never sent; whether there are younger ones. */
  async orphans(before: number): Promise<boolean> {
    const { attachments } = this.#ports.directory;
    for (;;) {
      // The oldest first.
      const orphans = await attachments.orphans(this.#user, Number.MAX_SAFE_INTEGER);
      const old = orphans.filter(({ createdAt }) => createdAt < before);
      await eraseFiles(old, attachments, this.#ports.files);
      if (old.length < orphans.length || old.length === 0) return old.length < orphans.length;
    }
  }

  /** Opens the chats from before a time that never were; whether there are younger ones. */
  async #unopened(before: number): Promise<boolean> {
    const { chats } = this.#ports.directory;
    const all = await chats.unopened(this.#user, Number.MAX_SAFE_INTEGER);
    if (all.length === 0) return false;
    const old = await chats.unopened(this.#user, before);
    const [fault] = await triedInBatches(old, async (chat) => unwrapIfFound(await this.#ports.open(chat)));
    if (fault !== undefined) throw fault;
    return old.length < all.length;
  }

  /** When the next is due, in some seconds at the earliest; undefined where none is. */
  nextDue(): number | undefined {
    const times = ALL.flatMap((what) => this.#times(what)?.due ?? []);
    return times.length === 0 ? undefined : Math.max(Math.min(...times), Date.now() + RETRY_MS);
  }
}
