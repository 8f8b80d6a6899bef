/**
 * Whether what is the victims' own is as they have left it: profiles, chats, members, messages, what they have read. They go
 * on talking meanwhile, and so what they have said is there too, and nothing else. Knows what a message says; asks no server.
 */

import type { Findings } from "./findings.ts";
import { ofServer } from "./findings.ts";
import type { Fields, SeenChat, Sight } from "./sight.ts";
import { without } from "./sight.ts";

/** Differences of one place that are told. */
const SHOWN = 5;

/** Where the victims talk: the direct chat of the two, and the room of the other tenant. */
export type Where = "pair" | "room";

interface Said {
  /** The user's id. */
  readonly by: number;
  readonly text: string;
}

/** What is plain about a message, in each of the two places. */
const PLAIN: Readonly<Record<Where, Fields>> = {
  pair: {
    type: "text",
    attachments: [],
    data: null,
    reply_to: null,
    edited_at: null,
    deleted_at: null,
    read: false,
  },
  room: { type: "text", attachments: [], data: null, deletedAt: null },
};

const wordsOf = (where: Where, message: Fields): Said =>
  where === "pair"
    ? { by: message["user"].id, text: message["text"] }
    : { by: message["userId"], text: Buffer.from(String(message["message"]), "base64").toString() };

export class Belongings {
  readonly #findings: Findings;
  readonly #look: (isWhole: boolean) => Promise<Sight>;
  #before: Sight;
  readonly #said: Readonly<Record<Where, Said[]>> = { pair: [], room: [] };

  private constructor(before: Sight, look: (isWhole: boolean) => Promise<Sight>, findings: Findings) {
    this.#before = before;
    this.#look = look;
    this.#findings = findings;
  }

  /** As they are now. @param look what the victims see */
  static async of(look: (isWhole: boolean) => Promise<Sight>, findings: Findings): Promise<Belongings> {
    return new Belongings(await look(false), look, findings);
  }

  /** The victims say it themselves; whether it was taken is for others to see. */
  said(where: Where, by: number, text: string): void {
    this.#said[where].push({ by, text });
  }

  /** Finds what is not as it was the last time, each thing once. @param after the case that was the last */
  async check(after: number | undefined, isWhole = false): Promise<void> {
    const now = await this.#look(isWhole);
    const expected = expectedOf(this.#before, now, {
      pair: this.#said.pair.splice(0),
      room: this.#said.room.splice(0),
    });
    for (const [place, seen] of placesIn(now)) {
      const different = differences(expected.get(place), seen);
      if (different.length === 0) continue;
      const more = different.length > SHOWN ? ` and ${different.length - SHOWN} more` : "";
      this.#findings.add("tampered", ofServer(after), `${place}: ${different.slice(0, SHOWN).join("; ")}${more}`);
    }
    this.#before = now;
  }
}

/** All of a sight, each thing under its name. */
function placesIn({ pair, room, kept, lists }: Sight): Map<string, unknown> {
  return new Map<string, unknown>([
    ...Object.entries(pair).map(([who, chat]) => [`direct chat as ${who} sees it`, chat] as const),
    ...Object.entries(room).map(([who, chat]) => [`room as ${who} sees it`, chat] as const),
    ...Object.entries(kept),
    ...Object.entries(lists ?? {}).map(([who, lines]) => [`list of ${who}`, lines] as const),
  ]);
}

/** What is to be seen by those who saw `before`, and have said something since. */
function expectedOf(before: Sight, now: Sight, said: Readonly<Record<Where, readonly Said[]>>): Map<string, unknown> {
  const grown = (where: Where): Record<string, SeenChat> =>
    Object.fromEntries(
      Object.entries(before[where]).map(([who, chat]) => [
        who,
        grownBy(where, chat, now[where][who] ?? chat, said[where]),
      ]),
    );
  const pair = grown("pair");
  const lists: Fields = {};
  for (const who of Object.keys(now.lists ?? {})) {
    const chats = [pair[who], before.kept[`group as ${who} sees it`] as SeenChat].flatMap((chat) => chat ?? []);
    lists[who] = Object.fromEntries(chats.map(({ about }) => [about["id"], without("members", about)]));
  }
  return placesIn({ pair, room: grown("room"), kept: before.kept, lists });
}

/** The chat with what was said in it since. When that was, and its number, is for the server to say. */
function grownBy(where: Where, before: SeenChat, now: SeenChat, said: readonly Said[]): SeenChat {
  const { by: viewer, about } = before;
  const messages: Fields = { ...before.messages };
  const fresh: Fields[] = [];
  const left = [...said];
  for (const [id, message] of Object.entries(now.messages)) {
    if (id in messages) continue;
    const words = wordsOf(where, message as Fields);
    const at = left.findIndex(({ by, text }) => by === words.by && text === words.text);
    if (at < 0) continue;
    left.splice(at, 1);
    const user = where === "pair" ? about["members"][words.by]?.user : about["users"][words.by];
    fresh.push((messages[id] = { ...(message as Fields), ...PLAIN[where], user }));
  }
  for (const [at, words] of left.entries()) messages[`said ${at}`] = words;
  const last = fresh.at(-1);
  if (where === "room" || last === undefined) return { by: viewer, messages, about };
  const grown = {
    updated_at: last["created_at"],
    rev: about["rev"] + fresh.length,
    last_seq: about["last_seq"] + fresh.length,
    unread: about["unread"] + fresh.filter(({ user }) => user?.id !== viewer).length,
    last_message: last,
  };
  return { by: viewer, messages, about: { ...about, ...grown } };
}

/** Where two values differ, and how; one line each. */
function differences(expected: unknown, seen: unknown, at = ""): string[] {
  if (Object.is(expected, seen)) return [];
  if (!isFields(expected) || !isFields(seen) || Array.isArray(expected) !== Array.isArray(seen))
    return [`${at === "" ? "all" : at} was ${shown(expected)} and is ${shown(seen)}`];
  const names = new Set([...Object.keys(expected), ...Object.keys(seen)]);
  return [...names].flatMap((name) => differences(expected[name], seen[name], at === "" ? name : `${at}.${name}`));
}

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null;

const shown = (value: unknown): string => (JSON.stringify(value) ?? "not there").slice(0, 200);
