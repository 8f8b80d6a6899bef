// What fails on the way to a connection that acts for an app: it hears each message once all the same, or is closed and asks.

import { afterEach, describe, expect, it } from "vitest";
import { EventsClient } from "../support/events.ts";
import { patch } from "../support/meter.ts";
import type { Person } from "../support/people.ts";
import { people } from "../support/people.ts";
import { anHourLater } from "../support/alarms.ts";

const undo: (() => void)[] = [];
afterEach(() => {
  for (const one of undo.splice(0)) one();
});

/** The Inbox of `who` refuses deliveries until the returned function is called. */
async function cutOff(who: Person): Promise<() => void> {
  const heal = await patch("INBOX", `user:${who.id}`, ["deliver"], (old) => {
    return function (this: { ctx: DurableObjectState }, ...args: unknown[]) {
      if (this.ctx.id.name === `user:${who.id}`) throw new Error("cut off for a while");
      return old.apply(this, args);
    };
  });
  undo.push(heal);
  return heal;
}

const texts = (client: EventsClient, chat: number): string[] => client.messages(chat).map(({ msg }) => msg);
const name = (client: EventsClient, { id }: Person) => client.call("list-chats", { user: { id } });

describe("an Inbox that fails for a while", () => {
  it("costs who listens to it alone nothing but time, and who listens to others too not even that", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const [alone, both] = [await EventsClient.connect(), await EventsClient.connect()];
    for (const client of [alone, both]) await name(client, bob);
    await name(both, ann);
    const heal = await cutOff(bob);
    const sent = ["one", "two", "three"];
    for (const text of sent) await ann.say(chat.id, text);
    await expect.poll(() => texts(both, chat.id)).toEqual(sent);
    expect(texts(alone, chat.id)).toEqual([]);
    heal();
    await anHourLater(chat.id);
    await expect.poll(() => texts(alone, chat.id)).toEqual(sent);
    await ann.say(chat.id, "four");
    for (const client of [alone, both]) await expect.poll(() => texts(client, chat.id)).toEqual([...sent, "four"]);
  });

  it("and misses very much has who listens closed: nothing that they hear would show the hole", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const client = await EventsClient.connect();
    await name(client, bob);
    const heal = await cutOff(bob);
    for (let n = 0; n < 240; n++) await ann.say(chat.id, `m${n}`);
    heal();
    await anHourLater(chat.id);
    await client.until(() => client.closed, "the close");
    expect(texts(client, chat.id)).toEqual([]);
    const back = await EventsClient.connect();
    expect(await back.list(chat.id)).toHaveLength(240);
  });
});

describe("a Gateway that fails", () => {
  it.each(["user", "chat"])("has the connection given up that listens to a %s", async (kind) => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const client = await EventsClient.connect();
    if (kind === "user") await name(client, bob);
    else await client.list(chat.id);
    const sid: string = JSON.parse(client.frames[0]?.slice(1) ?? "").sid;
    const [place, number] = sid.split("-");
    const heal = await patch("GATEWAY", `events/${place}/${number}`, ["deliver"], () => () => {
      throw new Error("broken");
    });
    undo.push(heal);
    await ann.say(chat.id, "lost on the wire");
    await client.until(() => client.closed, "the close");
    heal();
    const back = await EventsClient.connect();
    expect((await back.list(chat.id)).map(({ msg }) => msg)).toEqual(["lost on the wire"]);
    await ann.say(chat.id, "heard");
    await expect.poll(() => texts(back, chat.id)).toEqual(["heard"]);
  });
});
