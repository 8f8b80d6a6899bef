// Whatever is named in whatever order, whoever speaks and wherever: a connection hears each message once, in the order of its chat.

import { evictAllDurableObjects } from "cloudflare:test";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventsClient } from "../support/events.ts";
import type { Person } from "../support/people.ts";
import { person } from "../support/people.ts";

type Step =
  | { readonly do: "evict" }
  | { readonly do: "name user"; readonly user: number }
  | { readonly do: "name chat"; readonly chat: number }
  | { readonly do: "say" | "say here" | "add" | "remove"; readonly user: number; readonly chat: number };

const USERS = 3;
const CHATS = 2;
const user = fc.nat({ max: USERS - 1 });
const chat = fc.nat({ max: CHATS - 1 });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant("name user" as const), user }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("name chat" as const), chat }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom("say" as const, "say here" as const), user, chat }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("add" as const, "remove" as const), user, chat }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("evict" as const) }) },
);

/** The part of the world that the steps play in, with what the connection is to have heard. */
class Story {
  readonly named = new Set<number>();
  readonly namedChats = new Set<number>();
  readonly members: readonly Set<number>[];
  readonly expected: string[][];

  constructor(
    readonly client: EventsClient,
    readonly owner: Person,
    readonly users: readonly Person[],
    readonly chats: readonly number[],
  ) {
    this.members = chats.map(() => new Set(users.keys()));
    this.expected = chats.map(() => []);
  }

  static async begin(): Promise<Story> {
    const owner = await person("owner");
    const users = await Promise.all(Array.from({ length: USERS }, () => person("one")));
    const chats: number[] = [];
    for (let n = 0; n < CHATS; n++) chats.push((await owner.group(`chat ${n}`, ...users)).id);
    return new Story(await EventsClient.connect(), owner, users, chats);
  }

  #said(at: number, text: string): void {
    const isHeard = this.namedChats.has(at) || [...this.named].some((one) => this.members[at]?.has(one));
    if (isHeard) this.expected[at]?.push(text);
  }

  async take(next: Step, n: number): Promise<void> {
    if (next.do === "evict") return evictAllDurableObjects();
    if (next.do === "name user") {
      await this.client.call("list-chats", { user: { id: this.users[next.user]?.id } });
      this.named.add(next.user);
      return;
    }
    const id = this.chats[next.chat] ?? 0;
    if (next.do === "name chat") {
      await this.client.list(id);
      this.namedChats.add(next.chat);
      return;
    }
    const one = this.users[next.user];
    const members = this.members[next.chat];
    if (one === undefined || members === undefined) return;
    const path = `/v1/chats/${id}/members/${one.id}`;
    if (next.do === "add") {
      await this.owner.put(path);
      members.add(next.user);
    } else if (next.do === "remove") {
      await this.owner.delete(path);
      members.delete(next.user);
    } else if (next.do === "say") {
      if (members.has(next.user)) {
        await one.say(id, `${n}`);
        this.#said(next.chat, `${n}`);
      }
    } else {
      // Who sends here has named both, also where the message is refused.
      const sent = await this.client.say(String(id), one.id, `${n}`);
      this.named.add(next.user);
      this.namedChats.add(next.chat);
      const isRefused = sent.status === "error";
      if (isRefused === members.has(next.user)) throw new Error(`${isRefused ? "refused" : "taken"} by mistake`);
      if (members.has(next.user)) this.#said(next.chat, `${n}`);
    }
  }

  /** On either name. */
  heard(): string[][] {
    return this.chats.map((id) =>
      this.client.heard
        .filter(({ name, body }) => name === `/chat/${id}/new-message` && body.status === undefined)
        .map(({ body }) => body.msg),
    );
  }
}

describe("a connection of `events`", () => {
  it("hears exactly what a model says, for any order of steps, whatever is evicted in between", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 24 }), async (steps) => {
        const story = await Story.begin();
        for (const [n, next] of steps.entries()) await story.take(next, n);
        // What is said last is heard by every way: after it nothing more is to come.
        for (const at of story.chats.keys()) await story.take({ do: "name chat", chat: at }, -1);
        for (const id of story.chats) await story.owner.say(id, "last");
        for (const texts of story.expected) texts.push("last");
        await expect.poll(() => story.heard()).toEqual(story.expected);
        expect(story.client.messages().map(({ msg }) => msg)).toHaveLength(story.expected.flat().length);
        story.client.close();
      }),
      { numRuns: 25 },
    );
  });

  it("hears each message once and in order, though many speak at once while it names who is there", async () => {
    for (let round = 0; round < 6; round++) {
      const story = await Story.begin();
      const [id = 0] = story.chats;
      const { client } = story;
      await client.call("list-chats", { user: { id: story.users[0]?.id } });
      const speaking = [story.owner, ...story.users].map(async (one, by) => {
        for (let n = 0; n < 10; n++) await one.say(id, `${by}.${n}`);
      });
      for (const one of story.users.slice(1)) await client.call("list-chats", { user: { id: one.id } });
      for (let n = 0; n < 5; n++) await client.say(String(id), story.users[n % USERS]?.id ?? 0, `here.${n}`);
      await Promise.all(speaking);
      const all = await client.list(id);
      expect(all).toHaveLength(45);
      await expect.poll(() => client.messages(id).map((one) => one.id)).toEqual(all.map((one) => one.id));
      client.close();
    }
  });
});
