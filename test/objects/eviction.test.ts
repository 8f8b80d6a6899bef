// An object may be evicted between any two steps of a conversation, and nobody can tell.

import { evictAllDurableObjects } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import type { Body, Person, Socket } from "../support/people.ts";
import { silence } from "../support/patience.ts";
import { people } from "../support/people.ts";

interface Cast {
  readonly people: readonly Person[];
  readonly sockets: { readonly [name: string]: Socket };
  readonly chat: number;
}

type Step = (cast: Cast) => Promise<unknown>;

const message = (chat: number, seq: number): number => chat * 2 ** 24 + seq;
const at = (cast: Cast, n: number): Person => {
  const one = cast.people[n];
  if (one === undefined) throw new Error(`no person ${n}`);
  return one;
};
const socket = (cast: Cast, name: string): Socket => {
  const one = cast.sockets[name];
  if (one === undefined) throw new Error(`no socket ${name}`);
  return one;
};

/** Three people: ann and bob on sockets for all their chats, bob and eve on sockets of the chat itself. */
const SCRIPT: readonly Step[] = [
  (cast) => socket(cast, "ann").do("message.send", { chat_id: cast.chat, text: "one", client_id: "c1" }),
  (cast) => socket(cast, "bobHere").do("message.send", { text: "two" }),
  (cast) => socket(cast, "ann").do("chat.join", { chat_id: cast.chat }),
  (cast) => socket(cast, "eveHere").do("typing", { on: true }),
  (cast) => socket(cast, "bob").do("presence.watch", { user_id: at(cast, 2).id }),
  (cast) => socket(cast, "bob").do("read", { chat_id: cast.chat, message_id: message(cast.chat, 1) }),
  (cast) => at(cast, 2).post(`/v1/chats/${cast.chat}/messages`, { text: "three", reply_to: message(cast.chat, 1) }),
  (cast) => socket(cast, "ann").do("message.send", { chat_id: cast.chat, text: "one again", client_id: "c1" }),
  (cast) =>
    socket(cast, "ann").do("message.edit", {
      chat_id: cast.chat,
      message_id: message(cast.chat, 1),
      text: "one, edited",
    }),
  (cast) => socket(cast, "eveHere").do("read", { up_to: message(cast.chat, 2) }),
  (cast) => socket(cast, "bobHere").do("message.delete", { message_id: message(cast.chat, 2) }),
  (cast) => at(cast, 0).patch(`/v1/chats/${cast.chat}`, { title: "Renamed" }),
  (cast) => socket(cast, "ann").do("changes", { chat_id: cast.chat, since: 0 }),
  (cast) => at(cast, 0).put(`/v1/chats/${cast.chat}/members/${at(cast, 1).id}`, { role: "admin" }),
  (cast) => at(cast, 1).delete(`/v1/chats/${cast.chat}/members/${at(cast, 2).id}`),
  (cast) => socket(cast, "eve").until(() => socket(cast, "eve").events.some((event) => event.event === "chat.removed")),
  (cast) => socket(cast, "bob").do("message.send", { chat_id: cast.chat, text: "without eve" }),
  (cast) => socket(cast, "bob").do("read", { chat_id: cast.chat }),
  (cast) => at(cast, 1).get("/v1/chats"),
  (cast) => at(cast, 0).get(`/v1/chats/${cast.chat}/messages`),
];

/** What everybody saw, with the ids, names and times that differ from run to run taken out. */
function transcript(cast: Cast, answers: readonly unknown[]): string {
  let text = JSON.stringify({
    answers,
    heard: Object.entries(cast.sockets).map(([name, one]) => [name, one.frames, one.closed?.code]),
  });
  cast.people.forEach((one, n) => {
    text = text
      .replaceAll(one.username, `name${n}`)
      .replaceAll(new RegExp(`(\\\\*"(?:id|user_id)\\\\*":)${one.id}\\b`, "g"), `$1person${n}`);
  });
  for (let seq = 1; seq < 9; seq++) text = text.replaceAll(String(message(cast.chat, seq)), `message${seq}`);
  return text
    .replaceAll(new RegExp(`(\\\\*"(?:id|chat_id)\\\\*":)${cast.chat}\\b`, "g"), "$1chat")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "time")
    .replaceAll(/"headers":\{\}/g, "");
}

/** Plays the script; `between` runs before each step. */
async function play(between: (step: number) => Promise<void>): Promise<string> {
  const cast0 = await people("ann", "bob", "eve");
  const [ann, bob, eve] = cast0;
  if (ann === undefined || bob === undefined || eve === undefined) throw new Error("no people");
  const chat = (await ann.group("Script", bob, eve)).id;
  await expect.poll(() => eve.unread(chat)).toBe(0);
  const sockets = {
    ann: await ann.socket(),
    bob: await bob.socket(),
    eve: await eve.socket(),
    bobHere: await bob.socket(chat),
    eveHere: await eve.socket(chat),
  };
  const cast: Cast = { people: cast0, sockets, chat };
  const answers: unknown[] = [];
  for (const [n, step] of SCRIPT.entries()) {
    await between(n);
    answers.push(bodyOf(await step(cast)));
    await quiet(Object.values(sockets));
  }
  return transcript(cast, answers);
}

const bodyOf = (answer: Body): unknown =>
  answer !== null && typeof answer === "object" && "body" in answer ? answer.body : answer;

/** Waits until nothing new has come to any socket for a while: what a step set off has arrived. */
const quiet = (sockets: readonly Socket[]): Promise<void> =>
  silence(() => sockets.reduce((sum, one) => sum + one.frames.length, 0));

// People and chats count their ids from 1: these keep the two apart, so that a transcript can name them.
beforeAll(() => people(...Array.from({ length: 30 }, () => "extra")));

describe("eviction", () => {
  it("of every object between any two steps changes nothing for anyone", async () => {
    const straight = await play(() => Promise.resolve());
    expect(straight).toContain("without eve");
    expect(await play(() => evictAllDurableObjects())).toBe(straight);
  });

  it("of the objects before some steps only changes nothing either", async () => {
    const straight = await play(() => Promise.resolve());
    for (const every of [2, 3, 5]) {
      const evicted = await play((step) => (step % every === 0 ? evictAllDurableObjects() : Promise.resolve()));
      expect(evicted, `evicted before every ${every}th step`).toBe(straight);
    }
  });
});
