// What is counted while people talk, as an operator's Prometheus fetches it: the format, exact numbers, and who may look.

import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { appId } from "../../src/core/ids.ts";
import { patch } from "../support/meter.ts";
import { admin, anyone, operator, Rest, tenant } from "../support/operators.ts";
import type { Person } from "../support/people.ts";
import { call, person } from "../support/people.ts";
import { MessengerClient } from "../support/messenger.ts";
import { MessengerSpeaker } from "../support/story/messenger.ts";
import { MethodsSpeaker } from "../support/story/methods.ts";
import { MobileSpeaker } from "../support/story/mobile.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Samples by their name and labels, as they are printed. @throws where a line is none of the format */
function parse(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  expect(text.endsWith("\n")).toBe(true);
  for (const line of text.slice(0, -1).split("\n")) {
    const comment = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line);
    if (comment !== null) {
      if (comment[1] === "TYPE") types.set(comment[2] ?? "", comment[3] ?? "");
      continue;
    }
    const sample = /^([a-z_]+)(\{(?:[a-z]+="[^"\\]*",?)+\}) (\d+)$/.exec(line);
    if (sample === null) throw new Error(`no sample: ${line}`);
    const [, name = "", labels = "", value] = sample;
    expect([...types.keys()].some((type) => name === type || name.replace(/_(bucket|sum|count)$/, "") === type)).toBe(
      true,
    );
    expect(samples.has(name + labels)).toBe(false);
    samples.set(name + labels, Number(value));
  }
  return samples;
}

/** The figures of one app, without its label. */
async function figuresOf(by: Rest, app: string): Promise<Record<string, number>> {
  const { status, headers, body } = await by.get("/metrics");
  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(headers.get("cache-control")).toBe("no-store");
  const own = [...parse(body)].filter(([key]) => key.includes(`app="${app}"`));
  return Object.fromEntries(own.map(([key, value]) => [key.replace(/app="[^"]+",?/, "").replace("{}", ""), value]));
}

const all = (figures: Record<string, number>, name: string): Record<string, number> =>
  Object.fromEntries(
    Object.entries(figures).flatMap(([key, value]) => (key.startsWith(name) ? [[key.slice(name.length), value]] : [])),
  );

/** Those that are not 0. */
const only = (figures: Record<string, number>, name: string): Record<string, number> =>
  Object.fromEntries(
    Object.entries(all(figures, name)).filter(([key, value]) => value !== 0 || key.startsWith("bucket")),
  );

let shift = 0;

/** The objects hand over what they have counted, by an alarm that they have anyway, some time later each time: a minute and more. */
async function handOver(...objects: (readonly [namespace: "CHAT" | "GATEWAY", name: string])[]): Promise<void> {
  await handOverLater(61_000, ...objects);
}

async function handOverLater(
  ms: number,
  ...objects: (readonly [namespace: "CHAT" | "GATEWAY", name: string])[]
): Promise<void> {
  const now = Date.now.bind(Date);
  shift += ms;
  const later = vi.spyOn(Date, "now").mockImplementation(() => now() + shift);
  for (const [namespace, name] of objects) await runDurableObjectAlarm(env[namespace].getByName(name));
  later.mockRestore();
}

const gatewaysOf = (name: string) => [0, 1, 2, 3].map((number) => ["GATEWAY", `${name}/local/${number}`] as const);

/** Where no alarm will come, objects hand over after a second or a few. */
const PATIENT = { timeout: 15_000, interval: 100 };

const shop = async (
  by: Rest,
): Promise<{ uuid: string; app: number; ann: Person; bob: Person; eve: Person; server: Rest }> => {
  const { app, server } = await tenant(by);
  const [ann, bob, eve] = await Promise.all(["ann", "bob", "eve"].map((name) => person(name, appId(app.id))));
  if (ann === undefined || bob === undefined || eve === undefined) throw new Error("no people");
  return { uuid: app.applicationId, app: app.id, ann, bob, eve, server };
};

describe("GET /metrics", () => {
  it("counts what was sent, to how many, refused, resumed and late, exactly", async () => {
    const olga = await operator();
    const { uuid, ann, bob, eve } = await shop(olga);
    const chat = (await ann.group("The three", bob, eve)).id as number;
    await ann.say(chat, "by a request", { client_id: "one" });
    await ann.say(chat, "by a request", { client_id: "one" });
    const [socket, own] = [await ann.socket(), await bob.socket(chat)];
    for (const text of ["a", "b", "c"]) await socket.do("message.send", { chat_id: chat, text });
    for (const text of ["d", "e"]) await own.do("message.send", { text });
    await own.do("message.edit", { message_id: chat * 10_000_000 + 999, text: "there is none" });
    await own.do("sing");
    await ann.post(`/v1/chats/${chat}/members`, { members: "nobody" });
    await eve.get(`/v1/chats/${chat}/changes?since=0`);
    await handOver(["CHAT", `chat:${chat}`]);

    const figures = await figuresOf(olga, uuid);
    expect(only(figures, "parlance_messages_sent_total")).toEqual({
      '{via="http"}': 1,
      '{via="native"}': 3,
      '{via="chat"}': 2,
    });
    expect(only(figures, "parlance_commit_messages_")).toMatchObject({
      sum: 6,
      count: 6,
      'bucket{le="1"}': 6,
      'bucket{le="+Inf"}': 6,
    });
    expect(only(figures, "parlance_commit_fan_out_")).toMatchObject({
      sum: 18,
      count: 6,
      'bucket{le="1"}': 0,
      'bucket{le="2"}': 0,
      'bucket{le="5"}': 6,
      'bucket{le="2500"}': 6,
    });
    expect(only(figures, "parlance_refused_total")).toEqual({ '{code="not_found"}': 1, '{code="input.invalid"}': 1 });
    expect(only(figures, "parlance_resumes_total")).toEqual({ '{outcome="changes"}': 1 });
    expect(only(figures, "parlance_deliveries_late_total")).toEqual({});
    expect(only(figures, "parlance_connections_open")).toEqual({ '{via="chat"}': 1 });

    // What is handed over next is added; who has gone is no longer open.
    own.close();
    const stop = await patch("INBOX", `user:${eve.id}`, ["deliver"], (old) => {
      return function (this: unknown, ...args: unknown[]) {
        if ((this as { ctx: DurableObjectState }).ctx.id.name === `user:${eve.id}`) throw new Error("out of order");
        return old.apply(this, args);
      };
    });
    const log = vi.spyOn(console, "log");
    await ann.say(chat, "late for one");
    await expect.poll(() => log.mock.calls.some(([line]) => String(line).includes('"delivery"'))).toBe(true);
    stop();
    await handOver(["CHAT", `chat:${chat}`]);
    const next = await figuresOf(olga, uuid);
    expect(only(next, "parlance_messages_sent_total")).toMatchObject({ '{via="http"}': 2, '{via="chat"}': 2 });
    expect(only(next, "parlance_deliveries_late_total")).toEqual({ "": 1 });
    expect(only(next, "parlance_faults_total")).toEqual({ '{where="delivery"}': 1 });
    expect(only(next, "parlance_connections_open")).toEqual({});
  });

  it("counts a fault for which a chat gives up what it has in memory", async () => {
    const olga = await operator();
    const { app } = await tenant(olga);
    const ann = await person("ann", app.id);
    const chat = (await ann.group("Faults")).id;
    await ann.say(chat, "before");
    const turn = (sql: string) =>
      runInDurableObject(env.CHAT.getByName(`chat:${chat}`), (_, { storage }) => void storage.sql.exec(sql));
    await turn("ALTER TABLE messages RENAME TO hidden");
    expect((await ann.get(`/v1/chats/${chat}/messages`)).status).toBe(500);
    await turn("ALTER TABLE hidden RENAME TO messages");
    await ann.say(chat, "after");
    await handOver(["CHAT", `chat:${chat}`]);
    expect(only(await figuresOf(olga, app.applicationId), "parlance_faults_total")).toEqual({ '{where="commit"}': 1 });
  });

  it("loses nothing of what happened in spells of a few seconds, each of which may be the last of this life", async () => {
    const olga = await operator();
    const { uuid, ann, bob } = await shop(olga);
    const chat = (await ann.direct(bob)).id as number;
    for (let n = 1; n <= 4; n++) {
      await ann.say(chat, `hello ${n}`);
      await handOverLater(5_000, ["CHAT", `chat:${chat}`]);
      await evictDurableObject(env.CHAT.getByName(`chat:${chat}`));
      const sent = async () => only(await figuresOf(olga, uuid), "parlance_messages_sent_total");
      await expect.poll(sent, PATIENT).toEqual({ '{via="http"}': n });
    }
  });

  it("has what was only looked at or refused, and faults, though no alarm will come", async () => {
    const olga = await operator();
    const { uuid, ann, bob, eve } = await shop(olga);
    const chat = (await ann.direct(bob)).id as number;
    await ann.say(chat, "hello");
    await handOver(["CHAT", `chat:${chat}`]);
    await abortAllDurableObjects();
    await ann.get(`/v1/chats/${chat}/changes?since=0`);
    await eve.get(`/v1/chats/${chat}/messages`);
    await expect
      .poll(async () => {
        const figures = await figuresOf(olga, uuid);
        return [only(figures, "parlance_resumes_total"), only(figures, "parlance_refused_total")];
      }, PATIENT)
      .toEqual([{ '{outcome="changes"}': 1 }, { '{code="access.denied"}': 1 }]);
  });

  it("goes on handing over where the clock has gone back", async () => {
    const olga = await operator();
    const { uuid, ann, bob } = await shop(olga);
    const chat = (await ann.direct(bob)).id as number;
    const object = ["CHAT", `chat:${chat}`] as const;
    await ann.say(chat, "before");
    await handOver(object);
    await ann.say(chat, "after");
    await handOverLater(-3_600_000, object);
    expect(only(await figuresOf(olga, uuid), "parlance_messages_sent_total")).toEqual({ '{via="http"}': 2 });
    shift += 3_600_000;
  });

  it("shows what has not happened as 0, so that the first time makes a rate", async () => {
    const olga = await operator();
    const { uuid } = await shop(olga);
    const figures = await figuresOf(olga, uuid);
    expect(all(figures, "parlance_deliveries_late_total")).toEqual({ "": 0 });
    expect(all(figures, "parlance_connections_closed_slow_total")).toMatchObject({
      '{via="chat"}': 0,
      '{via="native"}': 0,
    });
    expect(all(figures, "parlance_commit_fan_out_count")).toEqual({ "": 0 });
    expect(all(figures, "parlance_connections_open")).toMatchObject({ '{via="rooms"}': 0 });
  });

  it("leaves out an app that can not be asked, says so, and shows the others", async () => {
    const olga = await operator();
    const [one, two] = [await shop(olga), await shop(olga)];
    const chat = (await two.ann.direct(two.bob)).id as number;
    await two.ann.say(chat, "hello");
    await handOver(["CHAT", `chat:${chat}`]);
    await olga.get("/metrics");
    const stop = await patch("LOBBY", `app:${one.app}`, ["figures"], (old) => {
      return function (this: unknown, ...args: unknown[]) {
        if ((this as { ctx: DurableObjectState }).ctx.id.name === `app:${one.app}`) throw new Error("out of order");
        return old.apply(this, args);
      };
    });
    expect(await figuresOf(olga, one.uuid)).toEqual({ parlance_app_up: 0 });
    const figures = await figuresOf(olga, two.uuid);
    stop();
    expect(figures).toMatchObject({ parlance_app_up: 1, 'parlance_messages_sent_total{via="http"}': 1 });
  });

  it("says which dialect sent, in chats of all of them", async () => {
    const olga = await operator();
    const { uuid, app, ann, bob, eve, server } = await shop(olga);
    const dan = await person("dan", appId(app));
    const speakers = [new MethodsSpeaker(ann), new MessengerSpeaker(bob), new MobileSpeaker(eve)];
    const chats: number[] = [];
    for (const speaker of speakers) {
      await speaker.connect();
      const place = await speaker.begin(dan, "hello");
      await speaker.say(place, "again");
      chats.push(place.id);
    }
    await handOver(...chats.map((chat) => ["CHAT", `chat:${chat}`] as const));
    const sent = { '{via="http"}': 2, '{via="messenger"}': 2, '{via="methods"}': 2 };
    expect(only(await figuresOf(olga, uuid), "parlance_messages_sent_total")).toEqual(sent);
    expect(only(await figuresOf(server, uuid), "parlance_messages_sent_total")).toEqual(sent);
  });

  it("knows how many connections are open", async () => {
    const olga = await operator();
    const { uuid, ann, bob } = await shop(olga);
    const open = async (): Promise<Record<string, number>> =>
      only(await figuresOf(olga, uuid), "parlance_connections_open");
    const [first, second] = [await ann.socket(), await ann.socket()];
    const clients = [await MessengerClient.of(bob), await MessengerClient.of(bob)];
    // These have never handed over, and a minute later a Socket.IO connection that has not answered a ping is dead.
    for (const [namespace, name] of gatewaysOf("messenger"))
      await runDurableObjectAlarm(env[namespace].getByName(name));
    await handOver(...gatewaysOf("native"));
    expect(await open()).toEqual({ '{via="messenger"}': 2, '{via="native"}': 2 });
    first.close();
    await expect
      .poll(async () => {
        await handOver(...gatewaysOf("native"));
        return open();
      })
      .toEqual({ '{via="messenger"}': 2, '{via="native"}': 1 });
    for (const one of [second, ...clients]) one.close();
  });

  it("knows that nobody is left at an object that was evicted meanwhile", async () => {
    const olga = await operator();
    const { uuid, ann, bob } = await shop(olga);
    const chat = (await ann.direct(bob)).id as number;
    const [own, socket] = [await ann.socket(chat), await bob.socket()];
    const open = async (): Promise<Record<string, number>> =>
      only(await figuresOf(olga, uuid), "parlance_connections_open");
    await handOver(["CHAT", `chat:${chat}`], ...gatewaysOf("native"));
    await expect.poll(open, PATIENT).toEqual({ '{via="chat"}': 1, '{via="native"}': 1 });
    for (const [namespace, name] of [["CHAT", `chat:${chat}`] as const, ...gatewaysOf("native")])
      await evictDurableObject(env[namespace].getByName(name));
    for (const one of [own, socket]) one.close();
    await expect.poll(open, PATIENT).toEqual({});
  });

  it("knows that nobody is left at a chat that was erased", async () => {
    const olga = await operator();
    const { uuid, ann, bob } = await shop(olga);
    const chat = (await ann.group("Group", bob)).id as number;
    await ann.socket(chat);
    await handOver(["CHAT", `chat:${chat}`]);
    const open = async (): Promise<Record<string, number>> =>
      only(await figuresOf(olga, uuid), "parlance_connections_open");
    expect(await open()).toEqual({ '{via="chat"}': 1 });
    expect((await ann.delete(`/v1/chats/${chat}`)).status).toBe(204);
    await expect.poll(open, PATIENT).toEqual({});
  });

  it("is for operators and holders of a key: strangers get 401, others see nothing of this app", async () => {
    const [olga, otto] = [await operator(), await operator("otto")];
    const { uuid, ann, bob } = await shop(olga);
    const chat = (await ann.direct(bob)).id as number;
    await ann.say(chat, "counted");
    await handOver(["CHAT", `chat:${chat}`]);

    expect(await anyone.get("/metrics")).toMatchObject({
      status: 401,
      body: { status: 401, message: "No token provided" },
    });
    for (const token of ["x", ann.token]) {
      const answer = await new Rest({ authorization: `Bearer ${token}` }).get("/metrics");
      expect(answer).toMatchObject({ status: 401, body: { status: 401, message: "Invalid token" } });
    }
    expect(await new Rest({ "x-app-key": "x" }).get("/metrics")).toMatchObject({
      status: 401,
      body: { message: "Invalid key" },
    });
    expect(await figuresOf(otto, uuid)).toEqual({});
    expect(all(await figuresOf(olga, uuid), "parlance_app_up")).toEqual({ "": 1 });
    expect((await otto.get(`/metrics?app=${uuid}`)).status).toBe(404);
    expect((await call("POST", "/metrics")).status).toBe(404);
    for (const by of [olga, await admin()]) {
      expect(only(await figuresOf(by, uuid), "parlance_messages_sent_total")).toEqual({ '{via="http"}': 1 });
      expect((await by.get(`/metrics?app=${uuid}`)).body).toContain(`app="${uuid}",via="http"} 1`);
    }
  });
});
