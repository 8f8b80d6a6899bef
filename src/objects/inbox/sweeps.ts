/**
 * What a user has begun and not ended, looked for some time later: uploads that were never sent, chats that were never
 * opened. Knows when it is due; knows nothing of connections and lists.
 */

import type { ChatId, UserId } from "../../core/ids.ts";
import { SWEEP } from "../../core/limits.ts";
import type { Directory, Files, Sweep } from "../../core/ports.ts";
import { eraseFiles } from "../chat/files.ts";
import type { Meta } from "../sql.ts";

const DELAY: Record<Sweep, number> = { chats: SWEEP.creationMs, files: SWEEP.orphanMs };
const ALL = ["chats", "files"] as const satisfies readonly Sweep[];

/** A named value of the Inbox: `due.last`, the next time and the last one that was asked for. */
const keyOf = (what: Sweep): string => `sweep_${what}`;

export interface SweepPorts {
  readonly directory: Directory;
  readonly files: Files;
  /** Wakes a chat that the directory knows and nobody has opened. */
  readonly open: (chat: ChatId) => Promise<unknown>;
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

  /** Something has been begun now. */
  later(what: Sweep): void {
    const at = Date.now() + DELAY[what];
    const known = this.#meta.get(keyOf(what))?.split(".");
    this.#meta.set(keyOf(what), `${known?.[0] ?? at}.${at}`);
  }

  /** Sweeps what is due. @throws what the directory throws: it stays due. */
  async run(now: number): Promise<void> {
    for (const what of ALL) await this.#run(what, now);
  }

  async #run(what: Sweep, now: number): Promise<void> {
    const [due, last] = (this.#meta.get(keyOf(what)) ?? "").split(".").map(Number);
    if (due === undefined || last === undefined || due > now) return;
    const before = now - DELAY[what] + 1;
    if (what === "files") await this.orphans(before);
    else
      for (const chat of await this.#ports.directory.chats.unopened(this.#user, before)) await this.#ports.open(chat);
    if (last > now) this.#meta.set(keyOf(what), `${last}.${last}`);
    else this.#meta.delete(keyOf(what));
  }

  /** Erases uploads from before a time that were never sent, as many as the directory names at once; how many. */
  async orphans(before: number): Promise<number> {
    const { attachments } = this.#ports.directory;
    const orphans = await attachments.orphans(this.#user, before);
    await eraseFiles(orphans, attachments, this.#ports.files);
    return orphans.length;
  }

  /** When the next is due, in a second at the earliest; undefined where none is. */
  nextDue(): number | undefined {
    const times = ALL.flatMap((what) => this.#meta.get(keyOf(what))?.split(".")[0] ?? []).map(Number);
    return times.length === 0 ? undefined : Math.max(Math.min(...times), Date.now() + 1_000);
  }
}
