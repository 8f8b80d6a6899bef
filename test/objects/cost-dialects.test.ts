// What each act of two people costs in every dialect, counted over all objects and the directory. A figure that rises fails here.

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { GATEWAY } from "../../src/core/limits.ts";
import type { Dialect } from "../cost/counts.ts";
import { ACTS, BURST, COUNTS, DIALECTS } from "../cost/counts.ts";
import type { Meter } from "../support/bill.ts";
import type { Act } from "../support/counting.ts";
import { atRest, chatObject, expectCount, goOffline, holdAlarm, spreadFrom } from "../support/counting.ts";
import type { Person } from "../support/people.ts";
import { people } from "../support/people.ts";
import { appRoom } from "../support/rooms.ts";
import type { Place, Voice } from "../support/voices.ts";
import { VOICES } from "../support/voices.ts";

interface Talk {
  readonly chat: number;
  readonly people: readonly [Person, Person];
  readonly ann: Voice;
  readonly bob: Voice;
}

/** A chat of two who can talk in the dialect, and are not connected. */
async function talkIn(dialect: Dialect): Promise<Talk> {
  const [ann, bob] = await people("ann", "bob");
  // A dialect of named rooms; in the others two people have a direct chat.
  const { id, name } = dialect === "rooms" ? await appRoom([ann, bob]) : { ...(await ann.direct(bob)), name: "" };
  const place = (peer: Person): Place => ({ id, name, peer });
  const make = VOICES[dialect];
  return { chat: id, people: [ann, bob], ann: make(ann, place(bob)), bob: make(bob, place(ann)) };
}

const fresh = (): string => crypto.randomUUID();

async function said({ ann, bob }: Talk, text = fresh()): Promise<void> {
  await ann.say(text);
  await bob.hears?.(text);
}

/** A text in a chat at rest: the alarm of its spell is armed afterwards, and does not go off meanwhile. */
async function begin(talk: Talk): Promise<void> {
  await runDurableObjectAlarm(chatObject(talk.chat));
  await atRest(() => said(talk));
  await holdAlarm(talk.chat);
}

/** Somebody is on each of the Gateways, so that none of them begins or ends with the connection. */
async function fillGateways(dialect: Dialect): Promise<void> {
  spreadFrom(0);
  for (let there = 0; there < GATEWAY.spread; there += 2) {
    const { ann, bob } = await talkIn(dialect);
    await ann.connect?.();
    await bob.connect?.();
  }
}

async function connectionOf(dialect: Dialect): Promise<Act> {
  await fillGateways(dialect);
  const talk = await talkIn(dialect);
  const { ann, bob, people: both } = talk;
  spreadFrom(0);
  await atRest(async () => bob.connect?.());
  const comeAndGo = async (meter: Meter): Promise<void> => {
    spreadFrom(1);
    await ann.connect?.();
    await meter.quiet();
    await goOffline([{ person: both[0], voice: ann }], meter);
  };
  // They have been online before.
  await atRest(comeAndGo);
  return { act: comeAndGo };
}

/** What is counted, by the name of the act. */
function actsOf(talk: Talk): Record<Exclude<keyof typeof ACTS, "connection">, Act> {
  const { ann, bob, chat } = talk;
  const prepare = (): Promise<void> => begin(talk);
  const does = (act: (() => Promise<void>) | undefined): Act => ({ prepare, act: async () => act?.() });
  let typed = 0;
  return {
    text: { prepare, act: () => said(talk) },
    afterSilence: {
      prepare: async () => {
        await begin(talk);
        await runDurableObjectAlarm(chatObject(chat));
        await evictDurableObject(chatObject(chat));
      },
      act: async (meter) => {
        await said(talk);
        await meter.quiet();
        await runDurableObjectAlarm(chatObject(chat));
      },
    },
    read: does(() => bob.read?.() ?? Promise.resolve()),
    edit: does(() => ann.edit?.(fresh()) ?? Promise.resolve()),
    delete: does(() => ann.delete?.() ?? Promise.resolve()),
    typing: does(async () => {
      await ann.type?.();
      await bob.hearsTyping?.(++typed);
    }),
  };
}

for (const [dialect, title] of Object.entries(DIALECTS) as [Dialect, string][]) {
  describe(`what it costs in ${title}`, () => {
    let talk: Talk;
    beforeAll(async () => {
      talk = await talkIn(dialect);
      spreadFrom(0);
      await Promise.all([talk.ann.connect?.(), talk.bob.connect?.()]);
      await Promise.all([talk.ann.listenToTyping?.(), talk.bob.listenToTyping?.()]);
    });

    for (const [name, does] of Object.entries(ACTS) as [keyof typeof ACTS, string][]) {
      const figure = COUNTS[dialect][name];
      if (figure === undefined) continue;
      it(`${dialect}.${name}: ${does}`, async (context) => {
        await expectCount(context, figure, name === "connection" ? await connectionOf(dialect) : actsOf(talk)[name]);
      });
    }
  });
}

/** The next commit of the chat takes until so many texts have come behind it. */
async function holdCommit(chat: number, come: () => number): Promise<void> {
  await runInDurableObject(chatObject(chat), (_, { storage }) => {
    const sync = storage.sync.bind(storage);
    storage.sync = async () => {
      storage.sync = sync;
      while (come() < BURST) await new Promise((resolve) => setTimeout(resolve, 1));
      await sync();
    };
  });
}

describe("what a burst costs", () => {
  for (const [dialect, by] of [
    ["own", "CHAT.webSocketMessage"],
    ["rest", "CHAT.execute"],
  ] as const) {
    it(`${dialect}.burst: ${BURST} texts that come while a commit is under way`, async (context) => {
      let talk: Talk;
      await expectCount(context, COUNTS[dialect].burst, {
        prepare: async () => {
          talk = await talkIn(dialect);
          spreadFrom(0);
          await Promise.all([talk.ann.connect?.(), talk.bob.connect?.()]);
          await begin(talk);
        },
        act: async (meter) => {
          await holdCommit(talk.chat, () => meter.taken.get(by) ?? 0);
          const texts = Array.from({ length: BURST }, fresh);
          await Promise.all(texts.map((text) => said(talk, text)));
        },
      });
    });
  }
});

describe("the meter", () => {
  it("sees what the directory is asked and what it writes", async () => {
    const [ann, bob] = await people("ann", "bob");
    const { bill } = await atRest(async (meter) => {
      await ann.group("Counted", bob);
      return meter;
    });
    expect(bill.requests).toBe(1);
    expect(bill.queries).toBeGreaterThan(0);
    expect(bill.directoryRows).toBeGreaterThan(2);
  });
});
