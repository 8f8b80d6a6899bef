// The server is killed while six dialects talk, and started again on the same state, round after round. After each round it is
// looked whether everything is as it was acknowledged. Knows the rounds; what is right, `stored.ts` and `shown.ts` know.

import { setTimeout as sleep } from "node:timers/promises";
import { NativeTalker } from "./clients/native.ts";
import { eventually } from "./clients/world.ts";
import { Comings } from "./comings.ts";
import { Endings } from "./endings.ts";
import { populate } from "./population.ts";
import { killsTable } from "./report.ts";
import type { Scenario } from "./scenario.ts";
import { newWorld } from "./scenario.ts";
import { Shown } from "./shown.ts";
import { Stored } from "./stored.ts";

/** Milliseconds of talk before the kill. Some rounds begin with the server hardly up. */
const TALK_MS = { least: 100, most: 900, hasty: 300 };
/** Rounds after which nothing is awaited or looked at: the next kill comes while the server still makes good the last one. */
const HASTY = 0.5;
/** Chats in which nobody talks from the kill on until it was looked. */
const RESTING = 0.4;

export const kills: Scenario = async (server, { rounds, seed, tell }) => {
  const world = newWorld(server, seed);
  const { random, findings, ledger } = world;
  const { chats, talkers } = await populate(world);
  const comings = await Comings.make(world);
  const endings = await Endings.make(world);
  const stored = new Stored(world, chats);
  const shown = new Shown(world, stored, talkers);
  const recoveries = new Map<string, number[]>(talkers.map(({ dialect }) => [dialect, []]));
  let checked = 0;

  const everyoneIsBack = async (): Promise<void> => {
    await eventually(() => talkers.every(({ isBack }) => isBack));
    for (const { name, isBack } of talkers) if (!isBack) findings.add("unrecovered", `${name} before look ${checked}`);
  };
  const look = async (isThorough = false): Promise<void> => {
    world.isPaused = true;
    const isFlying = (): boolean => comings.isFlying || endings.isFlying;
    if (!(await eventually(() => !isFlying() && talkers.every(({ flying }) => flying === 0))))
      findings.add("refused", `round ${checked}: not everything came to an end`);
    await stored.check(isThorough);
    await shown.check();
    await comings.check();
    await endings.check();
    checked++;
    world.resting.clear();
    world.isPaused = false;
  };

  for (const talker of talkers) talker.start();
  comings.start();
  endings.start();
  world.isPaused = false;
  await everyoneIsBack();
  let isHasty = false;
  for (let round = 1; round <= rounds; round++) {
    await sleep(isHasty ? random.between(0, TALK_MS.hasty) : random.between(TALK_MS.least, TALK_MS.most));
    world.resting.clear();
    for (const chat of chats) if (random.chance(RESTING)) world.resting.add(chat);
    await server.kill();
    for (const talker of talkers) talker.firstAnswerAt = undefined;
    await server.restart();
    const since = Date.now();
    isHasty = round < rounds && random.chance(HASTY);
    if (!isHasty) {
      await everyoneIsBack();
      for (const { dialect, firstAnswerAt } of talkers)
        if (firstAnswerAt !== undefined) recoveries.get(dialect)?.push(Math.max(0, firstAnswerAt - since));
      await look(round === rounds);
    }
    tell(
      `round ${round} of ${rounds}: ${stored.messages} messages, ${findings.total} findings${isHasty ? ", not awaited" : ""}`,
    );
  }
  for (const talker of talkers) talker.end();
  comings.end();
  endings.end();
  const resent = talkers.reduce((sum, talker) => sum + (talker instanceof NativeTalker ? talker.resent : 0), 0);
  const { changes } = comings;
  const { ended } = endings;
  const text = killsTable({
    rounds,
    checked,
    resent,
    ledger,
    talkers,
    recoveries,
    changes,
    ended,
    files: stored.files,
  });
  return { findings, text };
};
