// Whatever three people do in several dialects, in any order: unread, lists and receipts are what a model says, after each step.

import { evictAllDurableObjects } from "cloudflare:test";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MessengerClient } from "../support/messenger.ts";
import { MethodsClient } from "../support/methods.ts";
import { MobileClient } from "../support/mobile.ts";
import type { Body, Person } from "../support/people.ts";
import { person } from "../support/people.ts";
import { eventually } from "../support/story/speaker.ts";

/** A chat as the model has it: who is in it, what was said, and who has yet to read what. */
class Model {
  readonly messages: {
    readonly by: number;
    readonly unread: Set<number>;
    deleted: boolean;
    readonly consumable: boolean;
    read: boolean;
  }[] = [];
  constructor(readonly members: Set<number>) {}

  send(by: number, consumable = false): void {
    const unread = new Set([...this.members].filter((member) => member !== by));
    this.messages.push({ by, unread, deleted: false, consumable, read: false });
  }

  read(by: number, seqs: Iterable<number>): void {
    for (const seq of seqs) {
      const message = this.messages[seq - 1];
      if (message === undefined || !message.unread.delete(by)) continue;
      message.read = true;
    }
  }

  readAll(by: number): void {
    this.read(
      by,
      Array.from(this.messages, (_, index) => index + 1),
    );
  }

  fetch(by: number): void {
    const wanted = this.unreadSeqs(by).slice(0, 50);
    this.read(by, wanted);
    for (const seq of wanted) if (this.messages[seq - 1]?.consumable === true) this.delete(seq);
  }

  delete(seq: number): void {
    const message = this.messages[seq - 1];
    if (message === undefined) return;
    message.deleted = true;
    message.unread.clear();
  }

  leave(member: number): void {
    this.members.delete(member);
    for (const message of this.messages) message.unread.delete(member);
  }

  unreadSeqs(member: number): number[] {
    return this.messages.flatMap((message, at) => (message.unread.has(member) ? [at + 1] : []));
  }

  unread(member: number): number {
    return this.unreadSeqs(member).length;
  }
}

type Step =
  | { readonly do: "send" | "readAll" | "fetch"; readonly who: number; readonly dialect: number }
  | {
      readonly do: "readOne" | "readUpTo" | "delete";
      readonly who: number;
      readonly at: number;
      readonly dialect: number;
    }
  | { readonly do: "leave" | "join"; readonly who: number }
  | { readonly do: "evict" };

const who = fc.nat(2);
/** native, methods, mobile that consumes, mobile that keeps, messenger (which knows direct chats alone). */
const dialect = fc.nat(4);
const at = fc.nat(30);
const steps = (more: readonly fc.Arbitrary<Step>[]): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ do: fc.constant("send" as const), who, dialect }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("readAll" as const), who, dialect }) },
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constantFrom("readOne" as const, "readUpTo" as const, "delete" as const),
          who,
          at,
          dialect,
        }),
      },
      { weight: 1, arbitrary: fc.constant<Step>({ do: "evict" }) },
      ...more.map((arbitrary) => ({ weight: 2, arbitrary })),
    ),
    { minLength: 5, maxLength: 25 },
  );

interface Speakers {
  readonly native: Person;
  readonly methods: MethodsClient;
  readonly mobile: MobileClient;
  readonly messenger: MessengerClient;
}

/** The cast, each with a way to speak every dialect. */
async function cast(size: number): Promise<Speakers[]> {
  return Promise.all(
    Array.from({ length: size }, async (_, n) => {
      const native = await person(`p${n}`);
      const [methods, messenger] = [await MethodsClient.of(native), await MessengerClient.of(native)];
      return { native, methods, messenger, mobile: new MobileClient(native, n % 2 === 0) };
    }),
  );
}

type Cast = Awaited<ReturnType<typeof cast>>;

const message = (chat: number, seq: number): number => chat * 2 ** 24 + seq;

/** Everyone's counts, in their native list, in their mobile list, message by message, and as a client of `methods` has them from events. */
async function agrees(people: Cast, chat: number, model: Model, isDirect: boolean): Promise<void> {
  for (const [n, { native, methods, mobile }] of people.entries()) {
    const wanted = model.members.has(n) ? model.unread(n) : undefined;
    expect(await eventually(() => native.unread(chat), wanted), `native list of ${n}`).toBe(wanted);
    const [path, key] = isDirect ? ["/chats", "chat_id"] : ["/chat_rooms", "chat_room_id"];
    const listed = (await mobile.get(path)).body.find((one: Body) => one[key] === chat);
    expect(listed?.unread_count, `mobile list of ${n}`).toBe(wanted);
    if (wanted === undefined) continue;
    const { items } = (await native.get(`/v1/chats/${chat}/messages?after=0&limit=100`)).body;
    expect(items.map((one: Body) => one.seq)).toEqual(model.messages.map((_, index) => index + 1));
    const open = items.filter((one: Body) => one.user.id !== native.id && !one.read && one.deleted_at === null);
    expect(
      open.map((one: Body) => one.seq),
      `unread of ${n}, one by one`,
    ).toEqual(model.unreadSeqs(n));
    if (isDirect) {
      const kept = items.filter((one: Body) => one.deleted_at === null).toReversed();
      const history = (await mobile.get(`/chats/${chat}?count=100`)).body;
      expect(
        history.map((one: Body) => [one.message_sender_id, one.message]),
        `mobile history of ${n}`,
      ).toEqual(kept.map((one: Body) => [one.user.id, one.text]));
    }
    const receipts = items.filter((one: Body) => one.user.id === native.id && one.deleted_at === null);
    expect(
      receipts.map((one: Body) => one.read),
      `receipts of ${n}`,
    ).toEqual(model.messages.filter((one) => one.by === n && !one.deleted).map((one) => one.read));
    const heard = model.unreadSeqs(n).map((seq) => message(chat, seq));
    expect(
      await eventually(() => Promise.resolve(methods.shown(chat).unread), heard),
      `unread of ${n} in methods`,
    ).toEqual(heard);
  }
}

/** The same, as a client of `messenger` has it: from what it asks for, and from the events that it heard. */
async function agreesInMessenger(people: Cast, chat: number, model: Model): Promise<void> {
  for (const [n, { messenger }] of people.entries()) {
    const user = people[1 - n]?.native.username ?? "";
    const wanted = model.unread(n);
    const { unreadChatsCount } = await messenger.ask("fetch-unread-chats-count", { user });
    expect(unreadChatsCount, `asked by ${n} in messenger`).toBe(wanted);
    const told = (): number =>
      messenger.all("unread-chats-count").findLast((one) => one.user === user)?.unreadChatsCount ?? 0;
    expect(await eventually(() => Promise.resolve(told()), wanted), `told to ${n} in messenger`).toBe(wanted);
    const { chats } = (await messenger.ask("fetch-conversation-with-user", { user, limit: 100 })) as { chats: Body[] };
    const present = model.messages.flatMap((one, index) =>
      one.deleted ? [] : [[message(chat, index + 1), one.unread.size === 0]],
    );
    expect(
      chats.map(({ id, has_read }) => [id, has_read]),
      `conversation of ${n} in messenger`,
    ).toEqual(present.toReversed());
    const read = model.messages.flatMap((one, index) => (one.by === n && one.read ? [message(chat, index + 1)] : []));
    const heard = (): number[] =>
      messenger
        .all("read-chat")
        .map(({ id }) => id as number)
        .toSorted((a, b) => a - b);
    expect(await eventually(() => Promise.resolve(heard()), read), `receipts of ${n} in messenger`).toEqual(read);
    expect(messenger.flaws()).toEqual([]);
  }
}

async function take(step: Step, people: Cast, chat: number, model: Model, isDirect: boolean): Promise<void> {
  if (step.do === "evict") {
    await evictAllDurableObjects();
    return;
  }
  const self = people[step.who % people.length];
  const n = step.who % people.length;
  if (self === undefined) return;
  const { native, methods, mobile, messenger } = self;
  const isMember = model.members.has(n);
  if (step.do === "join") {
    if (isMember || isDirect) return;
    const [inviter] = model.members;
    await people[inviter ?? 0]?.native.put(`/v1/chats/${chat}/members/${native.id}`);
    model.members.add(n);
    return;
  }
  if (!isMember) return;
  const seq = "at" in step && model.messages.length > 0 ? 1 + (step.at % model.messages.length) : 0;
  switch (step.do) {
    case "send": {
      const other = people[1 - n];
      if (step.dialect === 4 && isDirect && other !== undefined)
        await messenger.ask("send-message", { user: other.native.username, message: "messenger" });
      else if (step.dialect === 0) await native.say(chat, "native");
      else if (step.dialect === 1) await methods.call("send_message", { chat, text: "methods" });
      else if (isDirect && other !== undefined)
        await mobile.write(other.mobile, "mobile", step.dialect === 2 ? "/chats_v2" : "/chats");
      else await mobile.post(`/chat_rooms/${chat}/message`, { message: "mobile", type: "text" });
      model.send(n, isDirect && step.dialect === 2);
      return;
    }
    case "readAll":
      if (step.dialect === 0) await native.post(`/v1/chats/${chat}/read`, {});
      else if (step.dialect === 1) await methods.call("read_messages", { chat });
      else if (isDirect) await mobile.post("/chats/read", { chat_id: chat });
      else await mobile.post(`/chat_rooms/${chat}/read`);
      model.readAll(n);
      return;
    case "fetch":
      await mobile.get(`/chats_v2/${chat}`);
      model.fetch(n);
      return;
    case "readOne":
      if (seq === 0) return;
      if (step.dialect === 4 && isDirect && model.messages[seq - 1]?.by !== n)
        await messenger.ask("read-chat", { id: message(chat, seq) });
      else await native.post(`/v1/chats/${chat}/read`, { message_id: message(chat, seq) });
      model.read(n, [seq]);
      return;
    case "readUpTo":
      if (seq === 0) return;
      await native.post(`/v1/chats/${chat}/read`, { up_to: message(chat, seq) });
      model.read(
        n,
        Array.from({ length: seq }, (_, index) => index + 1),
      );
      return;
    case "delete":
      if (seq === 0 || model.messages[seq - 1]?.by !== n) return;
      await native.delete(`/v1/chats/${chat}/messages/${message(chat, seq)}`);
      model.delete(seq);
      return;
    case "leave":
      if (model.members.size < 2) return;
      await methods.call("remove_from_chat", { chat, users: [native.id] });
      model.leave(n);
  }
}

describe("the dialects against a model", () => {
  it("in a direct chat, with fetches that consume", async () => {
    const fetching = fc.record({ do: fc.constant("fetch" as const), who, dialect });
    await fc.assert(
      fc.asyncProperty(steps([fetching]), async (script) => {
        const people = await cast(2);
        const [ann, bob] = people;
        if (ann === undefined || bob === undefined) throw new Error("no people");
        const chat = (await ann.native.direct(bob.native)).id;
        const model = new Model(new Set([0, 1]));
        for (const step of script) {
          await take(step, people, chat, model, true);
          await agrees(people, chat, model, true);
          await agreesInMessenger(people, chat, model);
        }
      }),
      { numRuns: 8 },
    );
  });

  it("in a group that people leave and come back to", async () => {
    const moving = fc.record({ do: fc.constantFrom("leave" as const, "join" as const), who });
    await fc.assert(
      fc.asyncProperty(steps([moving]), async (script) => {
        const people = await cast(3);
        const [ann, bob, eve] = people;
        if (ann === undefined || bob === undefined || eve === undefined) throw new Error("no people");
        const chat = (await ann.native.group("Property", bob.native, eve.native)).id;
        const model = new Model(new Set([0, 1, 2]));
        for (const step of script) {
          await take(step, people, chat, model, false);
          await agrees(people, chat, model, false);
        }
      }),
      { numRuns: 8 },
    );
  });
});
