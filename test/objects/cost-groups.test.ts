// What a text costs in groups, in every dialect that has them: with two members online, and with all of them.

import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { beforeAll, describe, it } from "vitest";
import { appId } from "../../src/core/ids.ts";
import { LIMITS } from "../../src/core/limits.ts";
import type { Dialect, Size } from "../cost/counts.ts";
import { COUNTS, DIALECTS, SIZES } from "../cost/counts.ts";
import type { Connected } from "../support/counting.ts";
import { atRest, chatObject, expectCount, goOffline, holdAlarm, spreadFrom } from "../support/counting.ts";
import type { Person } from "../support/people.ts";
import { person, service } from "../support/people.ts";
import { appRoom } from "../support/rooms.ts";
import type { Place, Voice } from "../support/voices.ts";
import { VOICES } from "../support/voices.ts";

interface Group {
  readonly place: Place;
  readonly members: readonly Person[];
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

const portions = <T>(all: readonly T[], size: number): T[][] =>
  numbers(Math.ceil(all.length / size)).map((n) => all.slice(n * size, (n + 1) * size));

/** Many things, some at the same time. */
async function inPortions<T, Made>(all: readonly T[], make: (one: T) => Promise<Made>): Promise<Made[]> {
  const made: Made[] = [];
  for (const some of portions(all, 50)) made.push(...(await Promise.all(some.map(make))));
  return made;
}

async function groupOf(size: number): Promise<Group> {
  const members = await inPortions(numbers(size), (n) => person(`m${n}`));
  const [founders = [], ...more] = portions(members, LIMITS.membersAtOnce);
  const { id, name } = await appRoom(founders);
  for (const some of more) {
    const users = some.map((one) => one.id);
    await service().rooms.addMembers(appId(1), name, users);
  }
  return { place: { id, name, peer: null }, members };
}

/** The first says something, and all the others who are connected hear it. */
async function said([first, ...others]: readonly Voice[]): Promise<void> {
  const text = crypto.randomUUID();
  await first?.say(text);
  await Promise.all(others.map(async (one) => one.hears?.(text)));
}

/** A text in a chat that was at rest: nothing is gathered because of what came before. */
async function begin(voices: readonly Voice[], { id }: Place): Promise<void> {
  await runDurableObjectAlarm(chatObject(id));
  await evictDurableObject(chatObject(id));
  await atRest(() => said(voices));
  await holdAlarm(id);
}

/** A thousand objects are made, on a machine that others use too. */
const SETUP_MS = 180_000;

/** Who is connected from the test before. */
const there: Connected[] = [];

function counts(size: Size, which: "groupOf" | "everyoneOf", group: () => Group): void {
  for (const dialect of Object.keys(DIALECTS) as Dialect[]) {
    const figure = COUNTS[dialect][`${which}${size}`];
    if (figure === undefined) continue;
    it(`${dialect}.${which}${size}`, async (context) => {
      const { place, members } = group();
      const those = which === "groupOf" ? members.slice(0, 2) : members;
      const all = those.map((one) => ({ person: one, voice: VOICES[dialect](one, place) }));
      const voices = all.map(({ voice }) => voice);
      await atRest((meter) => goOffline(there.splice(0), meter));
      there.push(...all);
      spreadFrom(0);
      await atRest(() => inPortions(voices, async (voice) => voice.connect?.()));
      await expectCount(context, figure, { prepare: () => begin(voices, place), act: () => said(voices) });
    });
  }
}

for (const size of SIZES) {
  describe(`what a text costs in a group of ${size}`, () => {
    let group: Group;
    beforeAll(async () => {
      group = await groupOf(size);
    }, SETUP_MS);
    // Those with two online first: a large chat still brings things to those who have just left.
    counts(size, "groupOf", () => group);
    counts(size, "everyoneOf", () => group);
  });
}
