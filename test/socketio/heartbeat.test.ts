// One alarm wakes a Gateway for a round of pings, however many connections it holds.

import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { Place } from "./session.ts";

const CONNECTIONS = 200;
const ROUNDS = 3;

describe("a Gateway with two hundred connections", () => {
  it("wakes once for each round of pings", async () => {
    const place = new Place("rounds", 0);
    const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, () => place.joined()));
    let alarms = 0;
    await runInDurableObject(place.stub, (gateway: DurableObject) => {
      const alarm = gateway.alarm?.bind(gateway);
      gateway.alarm = (info) => {
        alarms++;
        return alarm?.(info);
      };
    });
    const pings = sockets.map(async (socket) => {
      for (let n = 0; n < ROUNDS;) {
        const frame = await socket.next();
        if (frame === undefined) return 0;
        if (frame !== "2") continue;
        n++;
        socket.send("3");
      }
      return ROUNDS;
    });
    expect(await Promise.all(pings)).toEqual(Array.from({ length: CONNECTIONS }, () => ROUNDS));
    expect(alarms).toBe(ROUNDS);
    for (const socket of sockets) socket.close();
  });

  it("lets go of those that do not answer, and of them only", async () => {
    const place = new Place("rounds", 1);
    const [silent, lively] = [await place.joined(), await place.joined()];
    void silent.closed().then(() => lively.send('42["message","still here"]'));
    for (let frame = await lively.next(); frame !== '42["message-back","still here"]'; frame = await lively.next()) {
      if (frame === "2") lively.send("3");
    }
    expect(silent.isClosed).toBe(true);
    expect(lively.isClosed).toBe(false);
    lively.close();
  });
});
