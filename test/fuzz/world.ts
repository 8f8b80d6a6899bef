/**
 * Who takes part: victims with canaries in two apps, and attackers beside them. App 1 is closed for those without a
 * login; app 2 is the attackers' own and open; app 3 is another tenant's.
 */

import type { Findings } from "./findings.ts";
import { CANARY } from "./findings.ts";
import { ask, must } from "./http.ts";
import { SETTINGS } from "./server.ts";
import type { Random } from "./random.ts";
import type { Known } from "./schema.ts";

export interface User {
  id: number;
  username: string;
  token: string;
}

export interface Tenant {
  readonly id: number;
  readonly uuid: string;
  readonly key: string;
  readonly room: string;
  readonly roomId: number;
  readonly users: readonly User[];
}

export interface World {
  readonly port: number;
  readonly victims: readonly [User, User];
  /** The direct chat of the two. */
  readonly victimChat: number;
  readonly victimGroup: number;
  /** Users of app 1 whose tokens are used on sockets and never ended. */
  readonly attackers: readonly User[];
  /** Users of app 1 that delete themselves now and then. */
  readonly mortals: User[];
  readonly chats: number[];
  /** The chat whose own sockets the attackers use; its owner attacks nobody, so it stays. */
  readonly socketsChat: number;
  readonly keeper: User;
  readonly attackersApp: Tenant;
  readonly victimsApp: Tenant;
  /** The operator of app 2, who is no admin. */
  readonly operator: string;
  /** An app that may be changed and deleted by who attacks, and its operator. */
  readonly doomed: { readonly operator: string; readonly app: Tenant };
}

const PASSWORD = "password-aWq7";
const SEQUENCE = 2 ** 24;
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

let made = 0;
async function register(port: number, name: string): Promise<User> {
  const username = `${name}${++made}`;
  const { token, user } = await must(port, "POST", "/v1/auth/register", { body: { username, password: PASSWORD } });
  return { id: user.id, username, token };
}

async function tenant(port: number, operator: string, name: string): Promise<Tenant> {
  // Who knows an app's UUID may know the app's name: that one is no secret.
  const app = await must(port, "POST", "/app", { body: { name: "Some app" }, headers: bearer(operator) });
  const headers = { "x-app-key": app.key };
  const users: User[] = [];
  for (const external of ["1", "2"]) {
    const token = `tenant-token-${name}-${external}-aWq7`;
    const body = { appUserId: external, firstName: name, lastName: name, token };
    const { id } = await must(port, "POST", "/user", { body, headers });
    users.push({ id, username: external, token });
  }
  // Nor is a room's name: an attacker who guesses it makes a room of that name in their own app, and is shown it.
  const room = `room-of-${app.id}`;
  const { id: roomId } = await must(port, "POST", "/room", { body: { room, users: ["1", "2"] }, headers });
  return { id: app.id, uuid: app.applicationId, key: app.key, room, roomId, users };
}

export async function buildWorld(port: number, findings: Findings): Promise<World> {
  const body = { email: SETTINGS.OPERATOR_EMAIL, password: SETTINGS.OPERATOR_PASSWORD };
  const { token: admin } = await must(port, "POST", "/auth/login", { body });
  const hire = async (email: string): Promise<string> =>
    (await must(port, "POST", "/auth/register", { body: { email, password: PASSWORD }, headers: bearer(admin) })).token;
  const operator = await hire("other@fuzz");
  const doomedOperator = await hire("doomed@fuzz");
  const doomed = { operator: doomedOperator, app: await tenant(port, doomedOperator, "doomed") };
  const victimsApp = await tenant(port, admin, `${CANARY}-tenant`);
  const attackersApp = await tenant(port, operator, "scrooge");
  await must(port, "PATCH", `/app/${attackersApp.uuid}`, { body: { open: true }, headers: bearer(operator) });

  const victims = [await register(port, "victim"), await register(port, "victim")] as const;
  const say = (by: User, chat: number, text: string) =>
    must(port, "POST", `/v1/chats/${chat}/messages`, { body: { text }, headers: bearer(by.token) });
  const chat = async (by: User, members: readonly User[], title?: string): Promise<number> => {
    const wanted = { members: members.map(({ id }) => id), ...(title === undefined ? {} : { title }) };
    return (await must(port, "POST", "/v1/chats", { body: wanted, headers: bearer(by.token) })).id;
  };
  const [one, two] = victims;
  const victimChat = await chat(one, [two]);
  const victimGroup = await chat(one, [two], `${CANARY} group`);
  await say(one, victimChat, `${CANARY} hello`);
  await say(two, victimGroup, `${CANARY} hello`);

  const attackers = [
    await register(port, "attacker"),
    await register(port, "attacker"),
    await register(port, "attacker"),
  ] as const;
  const mortals = [await register(port, "mortal"), await register(port, "mortal")];
  const [first, second, third] = attackers;
  const chats = [
    await chat(first, [second, third, ...mortals], "attackers' group"),
    await chat(first, [second]),
    await chat(second, [third]),
    await chat(first, mortals.slice(0, 1)),
  ];
  const keeper = await register(port, "keeper");
  const socketsChat = await chat(keeper, [first, second, third], "sockets' group");
  for (const id of chats) await say(id === chats[2] ? second : first, id, "hello");

  for (const [name, user] of Object.entries({ one, two })) findings.keepSecret(`token of victim ${name}`, user.token);
  for (const user of victimsApp.users) findings.keepSecret("token of a tenant's user", user.token);
  findings.keepSecret("key of an app", victimsApp.key);
  findings.keepSecret("token of the admin", admin);
  findings.keepSecret("server's secret", SETTINGS.TOKEN_SECRET);
  findings.keepSecret("operator's password", SETTINGS.OPERATOR_PASSWORD);
  return {
    port,
    victims,
    victimChat,
    victimGroup,
    attackers,
    mortals,
    chats,
    socketsChat,
    keeper,
    attackersApp,
    victimsApp,
    operator,
    doomed,
  };
}

/** Somebody who has deleted themselves comes back as somebody else. */
export async function revive(world: World, mortal: User): Promise<void> {
  Object.assign(mortal, await register(world.port, "mortal"));
  await mend(world);
}

/** Chats that attackers have left or erased are made again, and all are in the first one. */
export async function mend(world: World): Promise<void> {
  const { port, chats, attackers, mortals, socketsChat, keeper } = world;
  const [first, second, third] = attackers;
  const letIn = async (by: User, chat: number, users: readonly (User | undefined)[]): Promise<void> => {
    const headers = { ...bearer(by.token), "content-type": "application/json" };
    for (const user of users) {
      if (user === undefined) continue;
      await ask(port, { method: "PUT", path: `/v1/chats/${chat}/members/${user.id}`, headers, body: "{}" });
    }
  };
  await letIn(keeper, socketsChat, attackers);
  for (const [at, id] of chats.entries()) {
    const [owner, other] = at === 2 ? [second, third] : [first, at === 3 ? mortals[0] : second];
    if (owner === undefined || other === undefined) continue;
    const headers = bearer(owner.token);
    const seen = await ask(port, { method: "GET", path: `/v1/chats/${id}`, headers });
    if (seen.status !== 200) {
      const body = { members: [other.id], ...(at === 0 ? { title: "attackers' group" } : {}) };
      // A mortal who is to be in it may have deleted themselves just now: who revives them mends it.
      const made = await must(port, "POST", "/v1/chats", { body, headers, orGone: other === mortals[0] });
      chats[at] = made?.id ?? id;
    }
    if (at === 0) await letIn(owner, chats[at] ?? id, [second, third, ...mortals]);
  }
}

/**
 * What there is under a name of a field or parameter: mostly one's own, sometimes a victim's, sometimes what is not there.
 * @param inOwnApp of app 2, where the attackers act for the app
 */
export function knownIn(world: World, random: Random, inOwnApp: boolean): Known {
  const { victims, attackers, mortals, chats, attackersApp, victimsApp } = world;
  const idsOf = (people: readonly User[]): number[] => people.map(({ id }) => id);
  const ownUsers = inOwnApp ? idsOf(attackersApp.users) : idsOf([...attackers, ...mortals]);
  const ownChats = inOwnApp ? [attackersApp.roomId] : chats;
  const mine = (own: readonly number[], others: readonly number[]): number =>
    random.of(
      random.weighted([
        [85, own],
        [12, others],
        [3, [999_999]],
      ]),
    );
  const users = () => mine(ownUsers, idsOf([...victims, ...victimsApp.users, ...attackers]));
  const chat = () => mine(ownChats, [world.victimChat, world.victimGroup, victimsApp.roomId, ...chats]);
  const as = (id: number): number | string => (random.is(0.2) ? String(id) : id);
  const message = () => chat() * SEQUENCE + 1 + random.below(random.of([3, 200]));

  return (name, parent) => {
    if (/^(message|message_?id|reply_to|up_to|before|after)$/i.test(name))
      return random.is(0.8) ? as(message()) : undefined;
    if (name === "since") return random.below(50);
    if (name === "room")
      return random.of([attackersApp.room, attackersApp.room, attackersApp.room, victimsApp.room, "nowhere"]);
    if (/^(appId|app)$/.test(name))
      return random.of([attackersApp.uuid, attackersApp.uuid, attackersApp.id, victimsApp.uuid, 1]);
    if (name === "appUserId") return random.of(["1", "2", "3", 4]);
    if (/^(username|user_name)$/.test(name)) return random.of([...attackers, ...victims, ...mortals]).username;
    if (name === "user" && parent === "" && random.is(0.5))
      return random.of([...attackers, ...victims, ...mortals]).username;
    if (name === "password") return random.of([PASSWORD, "wrong password"]);
    if (/^(users|members|user|user_?id|receiver_id|a|b)$/i.test(name) || (name === "id" && parent === "user"))
      return as(users());
    if (name === "external_id") return random.of(["1", "2", "3"]);
    if (/^(chat|chat_?id|chat_room_id|id)$/i.test(name))
      return as(random.is(0.9) ? chat() : random.is(0.5) ? users() : message());
    return undefined;
  };
}
