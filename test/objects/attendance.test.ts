// Who is in a room is told in order, however slowly a Gateway takes it, and whatever another Gateway does.

import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { UserEvent } from "../../src/core/events.ts";
import type { UserId } from "../../src/core/ids.ts";
import { appId, chatId, userId } from "../../src/core/ids.ts";
import { Attendance } from "../../src/objects/chat/attendance.ts";
import { Listeners } from "../../src/objects/chat/listeners.ts";
import { CHAT_SCHEMA } from "../../src/objects/chat/schema.ts";
import { Room } from "../../src/objects/chat/room.ts";
import type { GatewayCalls } from "../../src/objects/rpc.ts";
import { migrate } from "../../src/objects/sql.ts";

interface Told {
  readonly place: string;
  readonly connections: readonly string[];
  readonly said: readonly string[];
}

/** An event in short: `+1` came, `-1` left, `=1,2` who is there. */
function short({ event, origin }: UserEvent): string {
  const but = origin == null ? "" : `!${origin}`;
  if (event.type === "room.entered") return `+${event.userId}${but}`;
  if (event.type === "room.left") return `-${event.userId}`;
  return event.type === "room.present" ? `=${event.present.map(({ userId }) => userId).join()}` : event.type;
}

/** A room with Gateways whose answers the test gives. */
async function inRoom(
  gateway: (told: Told) => Promise<string[]>,
  work: (
    attendance: Attendance,
    listeners: Listeners,
    reopened: () => Listeners,
    done: () => Promise<void>,
  ) => Promise<void>,
  faults: unknown[] = [],
): Promise<Told[]> {
  const all: Told[] = [];
  const stub = env.CHAT.getByName(`chat:${Math.floor(Math.random() * 2 ** 28)}`);
  await runInDurableObject(stub, async (_, { storage }) => {
    migrate(storage, CHAT_SCHEMA);
    const id = chatId(7);
    const chat = { id, appId: appId(1), kind: "room", title: "r", name: "r", createdBy: 0 as UserId } as const;
    Room.found(storage, { ...chat, createdAt: 0, props: {}, members: [] });
    const calls = (place: string): Pick<GatewayCalls, "deliver"> => ({
      deliver: ([push]) => {
        const { connections = [], events = [] } = push ?? {};
        const told = { place, connections, said: events.map(short) };
        all.push(told);
        return gateway(told);
      },
    });
    const open = (): Listeners => new Listeners(storage.sql, calls, (fault) => faults.push(fault));
    const listeners = open();
    const under: Promise<void>[] = [];
    const attendance = new Attendance(new Room(storage), listeners, (telling) => under.push(telling));
    const done = async (): Promise<void> => {
      for (const telling of under) await telling;
    };
    await work(attendance, listeners, open, done);
    await done();
  });
  return all;
}

const [ann, bob, eve] = [userId(1), userId(2), userId(3)];
const nobodyIsGone = (): Promise<string[]> => Promise.resolve([]);

describe("who is in a room", () => {
  it("is told to each Gateway once, to all of its connections", async () => {
    const told = await inRoom(nobodyIsGone, async (attendance, _, __, done) => {
      attendance.enter("g1#a", ann, "A");
      await done();
      attendance.enter("g1#b", bob, "B");
      await done();
      attendance.enter("g2#e", eve, "E");
    });
    expect(told).toEqual([
      { place: "g1", connections: ["g1#a"], said: ["+1!g1#a", "=1"] },
      { place: "g1", connections: ["g1#a", "g1#b"], said: ["+2!g1#b", "=1,2"] },
      { place: "g1", connections: ["g1#a", "g1#b"], said: ["+3!g2#e", "=1,2,3"] },
      { place: "g2", connections: ["g2#e"], said: ["+3!g2#e", "=1,2,3"] },
    ]);
  });

  it("waits for the telling before: what happens meanwhile goes together, and the newest list is the last", async () => {
    const { promise: slowly, resolve: go } = Promise.withResolvers<string[]>();
    let first = true;
    const told = await inRoom(
      () => {
        const answer = first ? slowly : nobodyIsGone();
        first = false;
        return answer;
      },
      async (attendance, listeners) => {
        attendance.enter("g1#a", ann, "A");
        attendance.enter("g1#b", bob, "B");
        attendance.enter("g1#e", eve, "E");
        attendance.left(listeners.remove((connection) => connection === "g1#b"));
        go([]);
        await slowly;
      },
    );
    expect(told.map(({ said }) => said)).toEqual([
      ["+1!g1#a", "=1"],
      ["+2!g1#b", "+3!g1#e", "-2", "=1,3"],
    ]);
  });

  it("is put right where a Gateway says that it does not have a connection", async () => {
    let lost = ["g2#b"];
    const told = await inRoom(
      ({ place }) => {
        const gone = place === "g2" ? lost : [];
        if (place === "g2") lost = [];
        return Promise.resolve(gone);
      },
      async (attendance) => {
        attendance.enter("g2#b", bob, "B");
        attendance.enter("g1#a", ann, "A");
      },
    );
    expect(told.at(-1)).toEqual({ place: "g1", connections: ["g1#a"], said: ["+1!g1#a", "-2", "=1"] });
  });

  it("is told to the others where one Gateway is out of reach", async () => {
    const faults: unknown[] = [];
    const told = await inRoom(
      ({ place }) => (place === "g2" ? Promise.reject(new Error("out of reach")) : nobodyIsGone()),
      async (attendance, _, __, done) => {
        attendance.enter("g2#b", bob, "B");
        await done();
        attendance.enter("g1#a", ann, "A");
      },
      faults,
    );
    expect(told.filter(({ place }) => place === "g1").map(({ said }) => said)).toEqual([["+1!g1#a", "=2,1"]]);
    expect(faults).toHaveLength(2);
  });

  it("is known again after an eviction; who only listens is not there", async () => {
    await inRoom(nobodyIsGone, async (attendance, listeners, reopened, done) => {
      listeners.add("g1#x", eve);
      attendance.enter("g1#a", ann, "A");
      attendance.enter("g1#b", bob, "B");
      await done();
      attendance.left(listeners.remove((connection) => connection === "g1#a"));
      expect(reopened().present()).toEqual([{ userId: bob, shownAs: "B" }]);
    });
  });
});
