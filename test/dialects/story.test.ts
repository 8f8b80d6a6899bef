// One conversation, told once for every pair of dialects: who speaks one is heard by who speaks the other, both ways,
// in the same order, with the same unread counts, and receipts where a dialect shows them.

import { describe, expect, it } from "vitest";
import { appId } from "../../src/core/ids.ts";
import type { Person } from "../support/people.ts";
import { person, service } from "../support/people.ts";
import { appRoom } from "../support/rooms.ts";
import { MethodsSpeaker } from "../support/story/methods.ts";
import { MobileSpeaker } from "../support/story/mobile.ts";
import { NativeSpeaker } from "../support/story/native.ts";
import { RoomsSpeaker } from "../support/story/rooms.ts";
import type { Line, Place, Speaker } from "../support/story/speaker.ts";
import { eventually } from "../support/story/speaker.ts";

const SPEAKERS: { readonly [dialect: string]: (self: Person) => Speaker } = {
  native: (self) => new NativeSpeaker(self),
  methods: (self) => new MethodsSpeaker(self),
  mobile: (self) => new MobileSpeaker(self),
  rooms: (self) => new RoomsSpeaker(self),
};

const DIALECTS = Object.keys(SPEAKERS);
const ALL_PAIRS = DIALECTS.flatMap((sender) => DIALECTS.map((receiver) => [sender, receiver] as const));
/** `rooms` has neither direct chats nor groups. */
const PAIRS = ALL_PAIRS.filter((pair) => !pair.includes("rooms"));

async function speaker(dialect: string, name: string): Promise<Speaker> {
  const make = SPEAKERS[dialect];
  if (make === undefined) throw new Error(`no dialect ${dialect}`);
  const one = make(await person(name));
  await one.connect();
  return one;
}

const line = (from: Speaker, text: string, files = 0): Line => ({ from: from.person.id, text, files });

async function everyoneSees(speakers: readonly Speaker[], place: Place, lines: readonly Line[]): Promise<void> {
  for (const one of speakers) {
    const seen = place.pair !== undefined || one.can.groupHistory ? lines : lines.slice(-1);
    // Who has no files of their own is shown the address of each as a text.
    const plain = (all: readonly Line[]): Line[] =>
      all.map((it) => (it.files > 0 && !one.can.file ? { ...it, text: "" } : { ...it }));
    expect(
      await eventually(async () => plain(await one.lines(place)), plain(seen)),
      `as ${one.dialect} shows it`,
    ).toEqual(plain(seen));
  }
}

async function unreadIs(one: Speaker, place: Place, count: number): Promise<void> {
  expect(await eventually(() => one.unread(place), count), `unread of ${one.dialect}`).toBe(count);
}

describe.each(PAIRS)("%s writes, %s answers", (mine, theirs) => {
  it("in a direct chat, in any script, with receipts", async () => {
    const [ann, bob] = [await speaker(mine, "ann"), await speaker(theirs, "bob")];
    const place = await ann.begin(bob.person, "hello 👋🏽");
    await unreadIs(bob, place, 1);
    await ann.say(place, "שלום, привет, 你好");
    await ann.say(place, "third\nline");
    await everyoneSees([ann, bob], place, [
      line(ann, "hello 👋🏽"),
      line(ann, "שלום, привет, 你好"),
      line(ann, "third\nline"),
    ]);
    await unreadIs(bob, place, 3);
    if (ann.can.receipt) expect(await ann.receipts(place)).toBe(0);

    await bob.readAll(place);
    await unreadIs(bob, place, 0);
    if (ann.can.receipt) expect(await eventually(() => ann.receipts(place), 3)).toBe(3);

    await bob.say(place, "an answer");
    await unreadIs(ann, place, 1);
    await everyoneSees([ann, bob], place, [
      line(ann, "hello 👋🏽"),
      line(ann, "שלום, привет, 你好"),
      line(ann, "third\nline"),
      line(bob, "an answer"),
    ]);
    await ann.readAll(place);
    await unreadIs(ann, place, 0);
    if (bob.can.receipt) expect(await eventually(() => bob.receipts(place), 1)).toBe(1);
  });

  it("reading the second of three messages leaves the first and the third unread, whoever counts", async () => {
    const [ann, bob] = [await speaker(mine, "ann"), await speaker(theirs, "bob")];
    const place = await ann.begin(bob.person, "one");
    await ann.say(place, "two");
    await ann.say(place, "three");
    await unreadIs(bob, place, 3);
    const { body } = await bob.person.get(`/v1/chats/${place.id}/messages`);
    expect((await bob.person.post(`/v1/chats/${place.id}/read`, { message_id: body.items[1].id })).body).toEqual({
      unread: 2,
    });
    await unreadIs(bob, place, 2);
    if (ann.can.receipt) expect(await eventually(() => ann.receipts(place), 1)).toBe(1);
    await bob.readAll(place);
    await unreadIs(bob, place, 0);
  });

  it("in a group that somebody else made, until one of them is removed", async () => {
    const [ann, bob] = [await speaker(mine, "ann"), await speaker(theirs, "bob")];
    const eve = await speaker("native", "eve");
    const place: Place = { id: (await eve.person.group("The three", ann.person, bob.person)).id };
    await ann.say(place, "from ann");
    await bob.say(place, "from bob");
    await eve.say(place, "from eve");
    await everyoneSees([ann, bob, eve], place, [line(ann, "from ann"), line(bob, "from bob"), line(eve, "from eve")]);
    for (const one of [ann, bob, eve]) await unreadIs(one, place, 2);
    await bob.readAll(place);
    await unreadIs(bob, place, 0);
    await unreadIs(eve, place, 2);

    await eve.person.delete(`/v1/chats/${place.id}/members/${bob.person.id}`);
    expect(await eventually(() => bob.has(place), false)).toBe(false);
    await eve.say(place, "without bob");
    await everyoneSees([ann, eve], place, [
      line(ann, "from ann"),
      line(bob, "from bob"),
      line(eve, "from eve"),
      line(eve, "without bob"),
    ]);
    if (bob.can.live) expect((await bob.lines(place)).map(({ text }) => text)).not.toContain("without bob");
    await expect(bob.say(place, "I am gone")).rejects.toThrow();
  });

  it("with a file, where the dialect sends files", async () => {
    const [ann, bob] = [await speaker(mine, "ann"), await speaker(theirs, "bob")];
    const place = await ann.begin(bob.person, "look");
    const bytes = crypto.getRandomValues(new Uint8Array(5_000));
    if (!ann.can.file) {
      await expect(async () => ann.sayFile(place, "x.bin", bytes)).rejects.toThrow();
      return;
    }
    await ann.sayFile(place, "a file's name.bin", bytes);
    await everyoneSees([ann, bob], place, [line(ann, "look"), line(ann, "", 1)]);
    const { body } = await bob.person.get(`/v1/chats/${place.id}/messages?limit=1`);
    const [attachment] = body.items[0].attachments;
    expect(attachment).toMatchObject({ name: "a file's name.bin", size: 5_000 });
  });

  it("until one side erases the chat: it is gone for both, and the next message makes another", async () => {
    const [ann, bob] = [await speaker(mine, "ann"), await speaker(theirs, "bob")];
    const place = await ann.begin(bob.person, "to be erased");
    await unreadIs(bob, place, 1);
    if (ann.can.erase) await ann.erase(place);
    else await ann.person.delete(`/v1/chats/${place.id}`);
    expect(await eventually(() => bob.has(place), false)).toBe(false);
    const next = await bob.begin(ann.person, "anew");
    expect(next.id).not.toBe(place.id);
    await unreadIs(ann, next, 1);
  });
});

describe.each(ALL_PAIRS)("%s writes, %s answers", (mine, theirs) => {
  it("in a room of their app, until it takes one of them out", async () => {
    const [ann, bob] = [await speaker(mine, "ann"), await speaker(theirs, "bob")];
    const eve = await speaker("native", "eve");
    const everyone = [ann, bob, eve];
    const place: Place = await appRoom(everyone.map((one) => one.person));
    for (const one of everyone) await one.enter?.(place);
    await ann.say(place, "hello 👋🏽");
    await eve.sayFile(place, "a file.bin", crypto.getRandomValues(new Uint8Array(500)));
    await bob.say(place, "שלום, привет, 你好");
    await eve.say(place, "third\nline");
    const lines = [line(ann, "hello 👋🏽"), line(eve, "", 1), line(bob, "שלום, привет, 你好"), line(eve, "third\nline")];
    await everyoneSees(everyone, place, lines);
    for (const [one, count] of [
      [ann, 3],
      [bob, 3],
      [eve, 2],
    ] as const)
      await unreadIs(one, place, count);
    await bob.readAll(place);
    await unreadIs(bob, place, 0);
    await unreadIs(ann, place, 3);

    await service().rooms.removeMembers(appId(1), place.name ?? "", [bob.person.id]);
    expect(await eventually(() => bob.has(place), false)).toBe(false);
    await ann.say(place, "without bob");
    await everyoneSees([ann, eve], place, [...lines, line(ann, "without bob")]);
    if (bob.can.live) expect((await bob.lines(place)).map(({ text }) => text)).not.toContain("without bob");
    await expect(bob.say(place, "I am gone")).rejects.toThrow();
  });
});
