// The object may be evicted between any two frames, and nobody can tell.

import { describe, expect, it } from "vitest";
import { Place } from "./session.ts";

/** What the client sends, and how many frames answer it. */
const SCRIPT: readonly (readonly [send: string | readonly number[], answers: number])[] = [
  ['40{"token":"mine"}', 2],
  ['421["remember","a thing"]', 1],
  ['422["join","den"]', 1],
  ["40/custom,", 2],
  ['42/custom,["message","there"]', 1],
  ['452-3["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', 0],
  [[1, 2, 3], 0],
  [[4, 5], 3],
  ['42["ask-me",7]', 1],
  ['431["well"]', 1],
  ['424["recall"]', 1],
  ["41/custom,", 0],
  ['425["leave","den"]', 1],
  ['42["kick",false]', 1],
  ["40", 2],
];

/** Ids are new each time. */
const steady = (frame: unknown): unknown =>
  typeof frame === "string" ? frame.replaceAll(/[0-9a-f]{32}/g, "<id>") : frame;

/** What the client hears; the object is evicted before the frames whose numbers `evicts` holds true for. */
async function transcript(place: Place, evicts: (n: number) => boolean): Promise<unknown[]> {
  const socket = await place.socket("EIO=4&transport=websocket");
  const heard = [steady(String(await socket.next()).replace(/local-\d+/, "local"))];
  for (const [n, [frame, answers]] of SCRIPT.entries()) {
    if (evicts(n)) await place.evict();
    socket.send(frame);
    for (let i = 0; i < answers; i++) heard.push(steady(await socket.next()));
  }
  socket.close();
  await socket.closed();
  return heard;
}

describe("a session over WebSocket", () => {
  it("says the same wherever it is evicted", async () => {
    const whole = await transcript(new Place("calm", 0), () => false);
    expect(whole).toHaveLength(1 + SCRIPT.reduce((sum, [, answers]) => sum + answers, 0));
    expect(whole).toContain('434["a thing","<id>",["den"],{"token":"mine"}]');
    for (const at of SCRIPT.keys()) {
      expect(await transcript(new Place("calm", 1 + at), (n) => n === at)).toEqual(whole);
    }
    expect(await transcript(new Place("calm", 40), () => true)).toEqual(whole);
  });
});

describe("a session that polls, and upgrades", () => {
  async function run(place: Place, evict: () => Promise<void>): Promise<unknown[]> {
    const open = await (await place.fetch("EIO=4&transport=polling")).text();
    const { sid } = JSON.parse(open.slice(1)) as { sid: string };
    const query = `EIO=4&transport=polling&sid=${sid}`;
    const post = async (body: string): Promise<void> => {
      await evict();
      expect(await (await place.fetch(query, { method: "POST", body })).text()).toBe("ok");
    };
    const heard: unknown[] = [];
    const poll = async (): Promise<void> => {
      await evict();
      heard.push(steady(await (await place.fetch(query)).text()));
    };
    await post("40");
    await poll();
    await post('42["message",1]\u001e42["message",2]');
    await post('451-["message",{"_placeholder":true,"num":0}]');
    await post("bAQID");
    await poll();
    await post('42["message","for the socket"]');
    await evict();
    const socket = await place.socket(`EIO=4&transport=websocket&sid=${sid}`);
    await evict();
    socket.send("2probe");
    heard.push(await socket.next());
    await evict();
    socket.send("5");
    heard.push(await socket.next());
    await evict();
    socket.send('42["message","after"]');
    heard.push(await socket.next());
    socket.close();
    await socket.closed();
    return heard;
  }

  it("says the same wherever it is evicted", async () => {
    const whole = await run(new Place("calm", 50), async () => {});
    const place = new Place("calm", 51);
    expect(await run(place, () => place.evict())).toEqual(whole);
  });
});
