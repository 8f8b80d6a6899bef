// Who talks in the kills, where, and in which dialect. Knows nobody's wire.

import { EventsTalker } from "./clients/events.ts";
import { MessengerTalker } from "./clients/messenger.ts";
import { MethodsTalker } from "./clients/methods.ts";
import { MobileTalker } from "./clients/mobile.ts";
import { NativeTalker } from "./clients/native.ts";
import { RoomsTalker } from "./clients/rooms.ts";
import type { Talker } from "./clients/talker.ts";
import type { Account, Chat, World } from "./clients/world.ts";
import { register, rest } from "./clients/world.ts";

const NAMES = ["ann", "bea", "cat", "dan", "eve", "fay", "gus", "hal", "ian", "joe", "kim", "lea"] as const;
type Name = (typeof NAMES)[number];

/** `messenger` has direct chats alone, so eve and fay have one with somebody of each dialect. */
const PAIRS: readonly (readonly [Name, Name])[] = [
  ["eve", "ann"],
  ["eve", "cat"],
  ["eve", "fay"],
  ["eve", "gus"],
  ["eve", "ian"],
  ["eve", "lea"],
  ["fay", "dan"],
  ["fay", "hal"],
  ["fay", "joe"],
  ["ian", "joe"],
];

export interface Population {
  readonly chats: readonly Chat[];
  readonly talkers: readonly Talker[];
}

export async function populate(world: World): Promise<Population> {
  const accounts = new Map<string, Account>();
  for (const name of NAMES) {
    accounts.set(name, await register(world, name));
  }
  const who = (name: Name): Account => accounts.get(name) as Account;

  const everyone = NAMES.filter((name) => name !== "eve" && name !== "fay").map(who);
  const make = async (kind: Chat["kind"], members: readonly Account[], more: object): Promise<Chat> => {
    const [owner, ...others] = members;
    if (owner === undefined) throw new Error("a chat of nobody");
    const made = await rest(world, owner, "POST", "/v1/chats", { members: others.map(({ id }) => id), ...more });
    return { id: made.id, kind, members, owner };
  };
  const group = await make("group", everyone, { title: "everyone" });
  const directs: Chat[] = [];
  for (const [one, other] of PAIRS) directs.push(await make("direct", [who(one), who(other)], {}));
  const chats = [group, ...directs];
  const of = (name: Name): Chat[] => chats.filter(({ members }) => members.includes(who(name)));

  const files = { lanes: 2, readShare: 0.25, fileShare: 0.05 };
  const plain = { lanes: 2, readShare: 0.25, fileShare: 0 };
  return {
    chats,
    talkers: [
      new NativeTalker(world, who("ann"), of("ann"), { ...files, lanes: 4, changeShare: 0.3 }),
      new NativeTalker(world, who("bea"), of("bea"), { ...files, changeShare: 0.3 }, group),
      new MethodsTalker(world, who("cat"), of("cat"), files),
      new MethodsTalker(world, who("dan"), of("dan"), files),
      new MessengerTalker(world, who("eve"), of("eve"), { ...files, lanes: 3, readShare: 0.5 }),
      new MessengerTalker(world, who("fay"), of("fay"), { ...files, readShare: 0.5 }),
      new EventsTalker(world, who("gus"), of("gus"), plain, "4"),
      new EventsTalker(world, who("hal"), of("hal"), plain, "2"),
      new MobileTalker(world, who("ian"), of("ian"), plain),
      new MobileTalker(world, who("joe"), of("joe"), plain),
      new RoomsTalker(world, who("kim"), group, plain),
      new RoomsTalker(world, who("lea"), of("lea").find(({ kind }) => kind === "direct") ?? group, plain),
    ],
  };
}
