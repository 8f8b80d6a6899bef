// What one text costs in every dialect, with both people online in it, counted over all objects and the directory.

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { appId } from "../../src/core/ids.ts";
import { GATEWAY, LARGE_CHAT, LIMITS } from "../../src/core/limits.ts";
import type { Counted } from "../cost/counts.ts";
import { BURST, CONNECTION, DIALECTS, GROUPS, SIZES, TYPING } from "../cost/counts.ts";
import type { Bill } from "../support/bill.ts";
import { Meter } from "../support/bill.ts";
import type { Person, Socket } from "../support/people.ts";
import { people, person, service } from "../support/people.ts";
import { appRoom } from "../support/rooms.ts";
import { EventsSpeaker } from "../support/story/events.ts";
import { MessengerSpeaker } from "../support/story/messenger.ts";
import { MethodsSpeaker } from "../support/story/methods.ts";
import { MobileSpeaker } from "../support/story/mobile.ts";
import { RoomsSpeaker } from "../support/story/rooms.ts";
import type { Place, Speaker } from "../support/story/speaker.ts";

/** A chat in which something can be said and is heard by all who are online. */
interface Talk {
  readonly chat: number;
  readonly members: readonly Person[];
  /** Says it; resolves once it is heard. */
  readonly say: (text: string) => Promise<void>;
}

const chatOf = (chat: number) => env.CHAT.getByName(`chat:${chat}`);

/** How far this person's list has come in the chat; read in the Inbox itself, so that it costs nothing. */
const listed = (user: number, chat: number): Promise<number | undefined> =>
  runInDurableObject(
    env.INBOX.getByName(`user:${user}`),
    (_, { storage }) =>
      storage.sql.exec<{ clock: number }>("SELECT clock FROM chats WHERE chat_id = ?", chat).toArray()[0]?.clock,
  );

/** The bill of `work`, up to where everything is at rest and the lists of `members` have it. */
async function billed(talk: Talk, work: () => Promise<void>, spell: boolean): Promise<[Bill, Meter]> {
  const last = talk.members.slice(-2);
  const before = await Promise.all(last.map(({ id }) => listed(id, talk.chat)));
  const meter = await Meter.start();
  await work();
  await meter.quiet();
  for (const [at, { id }] of last.entries()) {
    const clock = before[at];
    // A large chat brings nothing to who is not there.
    if (clock !== undefined && talk.members.length <= LARGE_CHAT)
      await expect.poll(() => listed(id, talk.chat)).toBeGreaterThan(clock);
  }
  if (spell) {
    await runDurableObjectAlarm(chatOf(talk.chat));
    await meter.quiet();
  }
  return [meter.stop(), meter];
}

/** Tries again where an alarm of another chat went off meanwhile: the meter sees all objects. */
async function undisturbed(alarms: number, count: () => Promise<[Bill, Meter]>): Promise<[Bill, Meter]> {
  let [bill, meter] = await count();
  for (let tries = 0; bill.alarms !== alarms && tries < 5; tries++) [bill, meter] = await count();
  return [bill, meter];
}

/** A text after a long silence: the chat was evicted, and goes to rest again. */
const lone = (talk: Talk): Promise<[Bill, Meter]> =>
  undisturbed(1, async () => {
    await billed(talk, () => talk.say(`so that the chat is open ${crypto.randomUUID()}`), true);
    await evictDurableObject(chatOf(talk.chat));
    return billed(talk, () => talk.say(`counted ${crypto.randomUUID()}`), true);
  });

/** A text in the middle of a conversation: the alarm of its spell is armed, and does not go off meanwhile. */
const following = (talk: Talk): Promise<[Bill, Meter]> =>
  undisturbed(0, async () => {
    await runDurableObjectAlarm(chatOf(talk.chat));
    await billed(talk, () => talk.say(`so that an alarm is armed ${crypto.randomUUID()}`), false);
    return billed(talk, () => talk.say(`counted ${crypto.randomUUID()}`), false);
  });

function expectBill([bill, meter]: [Bill, Meter], counted: Bill): void {
  expect(bill, meter.describe()).toEqual(counted);
}

async function expectCounted(talk: Talk, counted: Counted): Promise<void> {
  expectBill(await lone(talk), counted.lone);
  expectBill(await following(talk), counted.following);
}

const hearing = (sockets: readonly Socket[], text: string): Promise<unknown> =>
  Promise.all(sockets.map((socket) => socket.event("message.created", (event) => event.message.text === text)));

/** A conversation of two in a dialect whose driver tells it. */
async function spoken(make: (self: Person) => Speaker): Promise<Talk> {
  const [ann, bob] = await people("ann", "bob");
  const speakers = [make(ann), make(bob)] as const;
  const [a, b] = speakers;
  let place: Place;
  if (a.enter === undefined) {
    for (const one of speakers) await one.connect();
    place = { ...(await a.begin(bob, "hello")), people: [ann, bob] };
  } else {
    place = await appRoom([ann, bob]);
    for (const one of speakers) {
      await one.connect();
      await one.enter?.(place);
    }
  }
  const say = async (text: string): Promise<void> => {
    await a.say(place, text);
    if (b.can.live || b.dialect === "events")
      await expect.poll(async () => (await b.lines(place)).map((line) => line.text)).toContain(text);
  };
  return { chat: place.id, members: [ann, bob], say };
}

async function native(how: "own" | "all" | "rest"): Promise<Talk> {
  const [ann, bob] = await people("ann", "bob");
  const { id } = await ann.direct(bob);
  const over = how === "own" ? id : undefined;
  const [a, b] = [await ann.socket(over), await bob.socket(over)];
  const say = async (text: string): Promise<void> => {
    const draft = { text, client_id: text };
    if (how === "rest") await ann.say(id, text, draft);
    else await a.do("message.send", how === "own" ? draft : { chat_id: id, ...draft });
    await hearing([b], text);
  };
  return { chat: id, members: [ann, bob], say };
}

const TALKS: Record<keyof typeof DIALECTS, () => Promise<Talk>> = {
  own: () => native("own"),
  all: () => native("all"),
  rest: () => native("rest"),
  methods: () => spoken((self) => new MethodsSpeaker(self)),
  mobile: () => spoken((self) => new MobileSpeaker(self)),
  messenger: () => spoken((self) => new MessengerSpeaker(self)),
  events: () => spoken((self) => new EventsSpeaker(self)),
  rooms: () => spoken((self) => new RoomsSpeaker(self)),
};

describe("what a text costs between two who are online", () => {
  for (const [name, { title, counted }] of Object.entries(DIALECTS)) {
    it(`${title}`, async () => {
      await expectCounted(await TALKS[name as keyof typeof DIALECTS](), counted);
    });
  }
});

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

const portions = <T>(all: readonly T[], size: number): T[][] =>
  numbers(Math.ceil(all.length / size)).map((n) => all.slice(n * size, (n + 1) * size));

/** Makes many things, some at the same time. */
async function inPortions<T, Made>(all: readonly T[], make: (one: T) => Promise<Made>): Promise<Made[]> {
  const made: Made[] = [];
  for (const some of portions(all, 50)) made.push(...(await Promise.all(some.map(make))));
  return made;
}

/** A group, in which some are connected to everything, and the others to nothing; or all to the chat itself. */
async function group(size: number, how: "few" | "own"): Promise<Talk> {
  const members = await inPortions(numbers(size), (n) => person(`m${n}`));
  const [founders, ...more] = portions(members, LIMITS.membersAtOnce);
  const { id, name } = await appRoom(founders ?? []);
  const { rooms } = service();
  for (const some of more) {
    const users = some.map((one) => one.id);
    await rooms.addMembers(appId(1), name, users);
  }
  const there = how === "own" ? members : members.slice(0, GROUPS.online);
  const sockets = await inPortions(there, (one) => one.socket(how === "own" ? id : undefined));
  const [first, ...others] = sockets;
  const say = async (text: string): Promise<void> => {
    await first?.do("message.send", { ...(how === "own" ? {} : { chat_id: id }), text, client_id: text });
    await hearing(others, text);
  };
  return { chat: id, members, say };
}

describe("what a text costs in a group", () => {
  for (const size of SIZES) {
    for (const how of ["few", "own"] as const) {
      it(`of ${size}, ${how === "few" ? `${GROUPS.online} of them online` : "all on its own sockets"}`, async () => {
        await expectCounted(await group(size, how), GROUPS[how][size]);
      }, 120_000);
    }
  }
});

/** The next commit of the chat takes until so many frames have come behind it. */
async function holdCommit(chat: number, meter: Meter, frames: number): Promise<void> {
  await runInDurableObject(chatOf(chat), (_, { storage }) => {
    const sync = storage.sync.bind(storage);
    storage.sync = async () => {
      storage.sync = sync;
      while (meter.frames < frames) await new Promise((resolve) => setTimeout(resolve, 1));
      await sync();
    };
  });
}

describe("what a burst costs", () => {
  it(`of ${BURST.messages} texts that come while a commit is under way`, async () => {
    const [ann, bob] = await people("ann", "bob");
    const { id } = await ann.direct(bob);
    const [a, b] = [await ann.socket(id), await bob.socket(id)];
    const send = (text: string) => a.do("message.send", { text, client_id: text });
    await send("so that the chat is open");
    await hearing([b], "so that the chat is open");
    const meter = await Meter.start();
    await holdCommit(id, meter, BURST.messages);
    const texts = numbers(BURST.messages).map((n) => `burst ${n}`);
    await Promise.all(texts.map(send));
    await hearing([b], texts.at(-1) ?? "");
    await meter.quiet();
    const bill = meter.stop();
    // Each text is a row, and one of its index; there are at most two commits, and one frame more for each socket.
    expect(bill.rows, meter.describe()).toBeGreaterThanOrEqual(2 * BURST.messages);
    expect(bill.rows, meter.describe()).toBeLessThanOrEqual(BURST.rows);
    expect(bill.calls, meter.describe()).toBeGreaterThan(0);
    expect(bill.calls, meter.describe()).toBeLessThanOrEqual(BURST.calls);
    expect(bill.directoryRows).toBe(0);
  });
});

const inboxOf = ({ id }: Person) => env.INBOX.getByName(`user:${id}`);

/** The grace of a lost connection is over: the next alarm says that they are offline. */
async function endGrace({ id }: Person): Promise<void> {
  const inbox = env.INBOX.getByName(`user:${id}`);
  const ended = (): Promise<number> =>
    runInDurableObject(inbox, (_, { storage }) => {
      const query = "UPDATE meta SET value = '1' WHERE key = 'offline_at' RETURNING key";
      return storage.sql.exec(query).toArray().length;
    });
  await expect.poll(ended).toBe(1);
}

/** Their tables are made, whichever of them a connection falls to. */
async function makeGateways(): Promise<void> {
  for (const n of numbers(GATEWAY.spread))
    await runInDurableObject(env.GATEWAY.getByName(`native/local/${n}`), () => undefined);
}

const bothOf = (one: Bill, other: Bill): Bill => {
  const keys = Object.keys(one) as (keyof Bill)[];
  return Object.fromEntries(keys.map((key) => [key, one[key] + other[key]])) as unknown as Bill;
};

describe("what a connection costs", () => {
  for (const how of ["own", "all"] as const) {
    it(`${how === "own" ? "on a chat's own socket" : "on `/v1/socket`"}, of somebody who was offline and is again`, async () => {
      const [ann, bob] = await people("ann", "bob");
      const { id } = await ann.direct(bob);
      const over = how === "own" ? id : undefined;
      await makeGateways();
      // The account has been online before, and somebody else is.
      (await ann.socket(over)).close();
      await endGrace(ann);
      await runDurableObjectAlarm(env.INBOX.getByName(`user:${ann.id}`));
      const other = await bob.socket(over);
      const open = await Meter.start();
      const socket = await ann.socket(over);
      await open.quiet();
      socket.close();
      await expect.poll(() => open.taken.get("INBOX.removeConnections")).toBe(1);
      await open.quiet();
      const opened = open.stop();
      await endGrace(ann);
      const end = await Meter.start();
      await runDurableObjectAlarm(env.INBOX.getByName(`user:${ann.id}`));
      await end.quiet();
      const bill = bothOf(opened, end.stop());
      other.close();
      const made = `${open.describe()} ${end.describe()}`;
      for (const what of ["rows", "calls", "requests", "queries"] as const) {
        const { [what]: most } = CONNECTION[how];
        expect(bill[what], `${what}: ${made}`).toBeLessThanOrEqual(most);
        expect(bill[what], `${what}: ${made}`).toBeGreaterThanOrEqual(Math.floor(most / 2));
      }
      expect(bill.directoryRows).toBe(0);
    });
  }
});

describe("what typing costs", () => {
  it("on a chat's own socket: a frame", async () => {
    const [ann, bob] = await people("ann", "bob");
    const { id } = await ann.direct(bob);
    const [a, b] = [await ann.socket(id), await bob.socket(id)];
    const count = async (): Promise<[Bill, Meter]> => {
      const meter = await Meter.start();
      const before = b.events.length;
      await a.do("typing");
      await b.until(() => b.events.slice(before).some(({ event }) => event === "typing"), "typing");
      await meter.quiet();
      return [meter.stop(), meter];
    };
    expectBill(await undisturbed(0, count), TYPING);
  });
});

describe("the meter", () => {
  it("sees what the directory is asked and what it writes", async () => {
    const [ann, bob] = await people("ann", "bob");
    const meter = await Meter.start();
    await ann.group("Counted", bob);
    await meter.quiet();
    const bill = meter.stop();
    expect(bill.requests).toBe(1);
    expect(bill.queries).toBeGreaterThan(0);
    expect(bill.directoryRows).toBeGreaterThan(2);
  });
});
