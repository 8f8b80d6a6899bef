/** What the victims see of what is theirs, as plain JSON: of what they say in two chats, and of what nobody is to change. Judges nothing. */

import { ask } from "./http.ts";
import { Talker } from "./talker.ts";
import type { User, World } from "./world.ts";
import { bearer } from "./world.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- a JSON object, read loosely
export type Fields = Record<string, any>;

/** A chat as one of those in it sees it. */
export interface SeenChat {
  /** Who looks, by the user's id. */
  readonly by: number;
  /** By their ids. */
  readonly messages: Fields;
  /** All else that is said of it. */
  readonly about: Fields;
}

export interface Sight {
  /** The direct chat of the two, by who looks. */
  readonly pair: Readonly<Record<string, SeenChat>>;
  /** The room of the other tenant, by who looks. */
  readonly room: Readonly<Record<string, SeenChat>>;
  /** All else, by what it is. */
  readonly kept: Fields;
  /** Of each victim's list of chats, the lines of their own, by the chats' ids; undefined: nobody has looked. */
  readonly lists: Fields | undefined;
}

const PAGE = 100;
type Headers = Readonly<Record<string, string>>;

/** Links are signed anew each time. */
const withoutLinks = (key: string, value: unknown): unknown => (key === "url" ? undefined : value);

/** What is no list stays as it is. */
const byId = (items: unknown): unknown =>
  Array.isArray(items) ? Object.fromEntries((items as Fields[]).map((item) => [item["id"], item])) : items;

export const without = (name: string, fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([field]) => field !== name));

/** What is answered; where it is no JSON or no success, that. */
async function get(port: number, path: string, headers: Headers): Promise<Fields> {
  const { status, text } = await ask(port, { method: "GET", path, headers });
  if (status !== 200 || !/^[[{]/.test(text)) return { status, text };
  return JSON.parse(text, withoutLinks) as Fields;
}

/** With `isWhole` also the lists of chats, which attackers make long. */
export async function look(world: World, isWhole: boolean): Promise<Sight> {
  const { victims, victimChat, victimsApp } = world;
  const pair: Record<string, SeenChat> = {};
  const room: Record<string, SeenChat> = {};
  const lists: Fields = {};
  for (const victim of victims) {
    pair[victim.username] = await chatOf(world, victim, victimChat);
    if (isWhole) lists[victim.username] = await linesOf(world, victim);
  }
  for (const user of victimsApp.users) room[`user ${user.username}`] = await roomOf(world, user);
  return { pair, room, kept: await keptIn(world), lists: isWhole ? lists : undefined };
}

/** What nobody is to change, the victims included. */
async function keptIn(world: World): Promise<Fields> {
  const { port, victims, victimGroup, files, victimsApp, admin } = world;
  const kept: Fields = {};
  for (const victim of victims) {
    const { username, token } = victim;
    kept[`profile of ${username}`] = await get(port, "/v1/me", bearer(token));
    kept[`group as ${username} sees it`] = await chatOf(world, victim, victimGroup);
    kept[`shared group as ${username} sees it`] = await sharedOf(world, victim);
    for (const file of files)
      kept[`file ${file} for ${username}`] = await get(port, `/v1/attachments/${file}`, bearer(token));
  }
  const key = { "x-app-key": victimsApp.key };
  const users = await get(port, `/user/${victimsApp.uuid}`, key);
  const isVictim = ({ id }: Fields): boolean => victimsApp.users.some((user) => user.id === id);
  // Whoever knows an app's UUID may register there, and changes nobody by it.
  kept["tenant's users"] = byId(Array.isArray(users) ? (users as Fields[]).filter(isVictim) : users);
  kept["tenant's rooms"] = byId(await get(port, "/room", key));
  for (const app of [1, world.app, victimsApp.uuid]) {
    kept[`app ${app}`] = await get(port, `/app/${app}`, bearer(admin));
  }
  return kept;
}

async function chatOf({ port }: World, { id, token }: User, chat: number): Promise<SeenChat> {
  const { members, ...about } = await get(port, `/v1/chats/${chat}`, bearer(token));
  const messages: Fields[] = [];
  for (let after: number | null = 0; after !== null;) {
    const page = await get(port, `/v1/chats/${chat}/messages?after=${after}&limit=${PAGE}`, bearer(token));
    messages.push(...((page["items"] as Fields[] | undefined) ?? [{ id: "page", ...page }]));
    after = (page["next"] as number | undefined) ?? null;
  }
  return { by: id, messages: byId(messages) as Fields, about: { ...about, members: rolesOf(members) } };
}

const rolesOf = (members: readonly Fields[] = []): Fields =>
  Object.fromEntries(members.map((member) => [member["user"].id, member]));

/** Of a group that the attackers are in: where the victims stand in it, what they have said, and what they have read of the others'. */
async function sharedOf({ port, victims, sharedChat }: World, { token }: User): Promise<Fields> {
  const { kind, members, ...refused } = await get(port, `/v1/chats/${sharedChat}`, bearer(token));
  const page = await get(port, `/v1/chats/${sharedChat}/messages?after=0&limit=${PAGE}`, bearer(token));
  const ids = victims.map(({ id }) => id);
  const all = (page["items"] as Fields[] | undefined) ?? [];
  const isOurs = (message: Fields): boolean => ids.includes(message["user"].id);
  return {
    ...(kind === undefined ? refused : { kind }),
    members: Object.fromEntries(ids.map((id) => [id, rolesOf(members)[id]])),
    // Whether one of these was read is up to the attackers too.
    messages: byId(all.filter(isOurs).map((one) => without("read", one))),
    read: all.filter((one) => !isOurs(one) && one["deleted_at"] === null && one["read"]).map((one) => one["id"]),
  };
}

/** Lines of the list of chats: of the chats that are the victims' own. */
async function linesOf({ port, victimChat, victimGroup }: World, { token }: User): Promise<Fields> {
  const lines: Fields = {};
  for (let cursor: string | null = ""; cursor !== null;) {
    const query: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page = await get(port, `/v1/chats?limit=${PAGE}${query}`, bearer(token));
    for (const line of (page["items"] as Fields[] | undefined) ?? [{ ...page, id: "page" }]) {
      if ([victimChat, victimGroup, "page"].includes(line["id"] as number)) lines[String(line["id"])] = line;
    }
    cursor = (page["next"] as string | undefined) ?? null;
  }
  return lines;
}

/** By a connection of its own, since a room is read on its socket. */
async function roomOf({ port, victimsApp }: World, { id, token }: User): Promise<SeenChat> {
  const { uuid: app, room, key } = victimsApp;
  const talker = await Talker.open(port, "rooms", { token, app, room }).catch(() => undefined);
  const messages: Fields[] = [];
  const pages: Fields[][] = [];
  talker?.listen((text) => {
    if (text.startsWith('42["load_more",'))
      pages.push((JSON.parse(text.slice(2), withoutLinks) as [string, Fields[]])[1]);
  });
  for (let page = 1; ; page++) {
    talker?.send(`42${JSON.stringify(["load_more", { page, limit: PAGE }])}`);
    await talker?.sync();
    const last = pages.at(-1) ?? [];
    if (pages.length < page) messages.push({ id: "page", status: talker?.closed ?? "not answered" });
    messages.push(...last);
    if (pages.length < page || last.length < PAGE) break;
  }
  talker?.close();
  const about = await get(port, `/room/${room}`, { "x-app-key": key });
  return { by: id, messages: byId(messages) as Fields, about: { ...about, users: byId(about["users"]) } };
}
