/** A short run at the limits that a deployment has: floods are refused and closed, and nobody else feels them. */

import type { Belongings } from "./belongings.ts";
import type { Callers } from "./callers.ts";
import type { Dialect } from "./cases.ts";
import type { Findings } from "./findings.ts";
import { Probes } from "./probes.ts";
import type { Server } from "./server.ts";
import { Talker } from "./talker.ts";
import type { World } from "./world.ts";

/** Far more than a burst. A connection that acts for a whole app may send as much as many users: it only has to wait. */
const FRAMES = 1_000;
const CASES_PER_FLOOD = 10_000;
const MAX_TIMES = 20;
const PATIENCE_MS = 20_000;

const FRAME: Readonly<Record<Dialect, string>> = {
  native: '{"do":"typing"}',
  chat: '{"do":"typing"}',
  methods: '{"method":"auth"}',
  messenger: '42/chat,["fetch-users",{}]',
  events: '42["list-chats",{}]',
  events2: '42["list-chats",{}]',
  rooms: '42["typing",1]',
};

/** @param cases of the run: a longer one floods more often */
export async function flood(
  server: Server,
  world: World,
  findings: Findings,
  callers: Callers,
  belongings: Belongings,
  cases: number,
): Promise<void> {
  const times = Math.ceil(cases / CASES_PER_FLOOD);
  await server.stop();
  await server.launch({});
  const probes = new Probes(world, findings, callers, belongings);
  await probes.open();
  const { attackers, attackersApp, sharedChat } = world;
  const [token = ""] = attackers.map((user) => user.token);
  const asUser = { token, chat: sharedChat };
  for (let time = 0; time < Math.min(times, MAX_TIMES); time++) {
    for (const dialect of Object.keys(FRAME) as Dialect[]) {
      const entry = dialect.startsWith("events")
        ? { token: attackersApp.key }
        : dialect === "rooms"
          ? { token: attackersApp.users[0]?.token ?? "", app: attackersApp.uuid, room: attackersApp.room }
          : asUser;
      const place = { surface: `flood ${dialect}` };
      const started = performance.now();
      const talker = await Talker.open(world.port, dialect, entry);
      talker.listen((text) => findings.check(place, "flood", text));
      const isApp = dialect.startsWith("events");
      const ended = isApp ? undefined : talker.hears(() => false, PATIENCE_MS);
      for (let frame = 0; frame < FRAMES; frame++) talker.send(FRAME[dialect]);
      const talking = probes.talk(undefined);
      if (isApp && !(await talker.sync(PATIENCE_MS)))
        findings.add("no answer", place, `after a flood (${talker.closed})`);
      await ended;
      if (!isApp && talker.closed === undefined) findings.add("no answer", place, "a flood goes on");
      talker.close();
      await talking;
      findings.count(place.surface, isApp ? "answered" : "closed", performance.now() - started);
    }
  }
  probes.close();
}
