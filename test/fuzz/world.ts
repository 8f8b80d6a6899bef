/**
 * Who takes part: victims with canaries in two apps, and attackers beside them. One app is closed for those without a
 * login, and has both; one is the attackers' own and open; one is another tenant's; the default app is open by its setting.
 */

import type { Dialect } from "./cases.ts";
import type { Findings } from "./findings.ts";
import { CANARY } from "./findings.ts";
import { ask, must } from "./http.ts";
import { SETTINGS } from "./server.ts";

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
  /** The UUID of the app that victims and attackers are in. */
  readonly app: string;
  readonly victims: readonly [User, User];
  /** The direct chat of the two. */
  readonly victimChat: number;
  readonly victimGroup: number;
  /** A group of the victims' that the attackers are in too, and whose own sockets they use. Nothing said in it is secret. */
  readonly sharedChat: number;
  /** What the victims have sent there and elsewhere. */
  readonly files: readonly string[];
  /** Those whose tokens are used on sockets and never ended. */
  readonly attackers: readonly User[];
  /** Those that delete themselves now and then. */
  readonly mortals: User[];
  readonly chats: number[];
  readonly attackersApp: Tenant;
  readonly victimsApp: Tenant;
  /** In the default app: whoever brings no key may act for it. */
  readonly openApp: Tenant;
  readonly admin: string;
  /** The operator of the attackers' app, who is no admin. */
  readonly operator: string;
  /** An app that may be changed and deleted by who attacks, and its operator. */
  readonly doomed: { readonly operator: string; readonly app: Tenant };
}

export const PASSWORD = "password-aWq7";
const PROFILE = { name: "Victoria", photo: "https://victims.example/photo.png" };
export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

let made = 0;
async function register(port: number, app: string, name: string): Promise<User> {
  const username = `${name}${++made}`;
  const wish = { body: { username, password: PASSWORD }, headers: { "x-app-id": app } };
  const { token, user } = await must(port, "POST", "/v1/auth/register", wish);
  return { id: user.id, username, token };
}

async function tenant(port: number, operator: string, name: string): Promise<Tenant> {
  // Who knows an app's UUID may know the app's name: that one is no secret.
  const app = await must(port, "POST", "/app", { body: { name: "Some app" }, headers: bearer(operator) });
  return populated(port, app, { "x-app-key": app.key }, name);
}

/** Two users and a room for them, in an app that `headers` may speak for. */
async function populated(
  port: number,
  app: { readonly id: number; readonly applicationId: string; readonly key: string },
  headers: Readonly<Record<string, string>>,
  name: string,
): Promise<Tenant> {
  const appId = app.applicationId;
  const users: User[] = [];
  for (const external of ["1", "2"]) {
    const token = `tenant-token-${name}-${external}-aWq7`;
    const body = { appId, appUserId: external, firstName: name, lastName: name, token };
    const { id } = await must(port, "POST", "/user", { body, headers });
    users.push({ id, username: external, token });
  }
  // Nor is a room's name: an attacker who guesses it makes a room of that name in their own app, and is shown it.
  const room = `room-of-${app.id}`;
  const { id: roomId } = await must(port, "POST", "/room", { body: { appId, room, users: ["1", "2"] }, headers });
  return { id: app.id, uuid: appId, key: app.key, room, roomId, users };
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
  const defaultApp = await must(port, "GET", "/app/1", { headers: bearer(admin) });
  const openApp = await populated(port, { ...defaultApp, key: "" }, bearer(admin), "commoner");

  const { applicationId: app } = await must(port, "POST", "/app", { body: { name: "App" }, headers: bearer(admin) });
  const victims = [await register(port, app, "victim"), await register(port, app, "victim")] as const;
  const say = (by: User, chat: number, text: string) =>
    must(port, "POST", `/v1/chats/${chat}/messages`, { body: { text }, headers: bearer(by.token) });
  const chat = async (by: User, members: readonly User[], title?: string): Promise<number> => {
    const wanted = { members: members.map(({ id }) => id), ...(title === undefined ? {} : { title }) };
    return (await must(port, "POST", "/v1/chats", { body: wanted, headers: bearer(by.token) })).id;
  };
  const [one, two] = victims;
  const victimChat = await chat(one, [two]);
  const victimGroup = await chat(one, [two], `${CANARY} group`);

  const attackers = [
    await register(port, app, "attacker"),
    await register(port, app, "attacker"),
    await register(port, app, "attacker"),
  ] as const;
  const mortals = [await register(port, app, "mortal"), await register(port, app, "mortal")];
  const [first, second, third] = attackers;
  const chats = [
    await chat(first, [second, third, ...mortals], "attackers' group"),
    await chat(first, [second]),
    await chat(second, [third]),
    await chat(first, mortals.slice(0, 1)),
  ];
  for (const id of chats) await say(id === chats[2] ? second : first, id, "hello");
  const sharedChat = await chat(one, [two, ...attackers], "shared group");

  await must(port, "PATCH", "/v1/me", { body: PROFILE, headers: bearer(one.token) });
  const files = [
    await talk(port, victims, victimChat, `${CANARY} `, true),
    await talk(port, victims, victimGroup, `${CANARY} `, true),
    await talk(port, victims, sharedChat, "", false),
  ];
  for (const attacker of attackers) await say(attacker, sharedChat, "hello, Victoria");

  for (const [name, user] of Object.entries({ one, two })) findings.keepSecret(`token of victim ${name}`, user.token);
  for (const user of victimsApp.users) findings.keepSecret("token of a tenant's user", user.token);
  findings.keepSecret("key of an app", victimsApp.key);
  findings.keepSecret("token of the admin", admin);
  findings.keepSecret("server's secret", SETTINGS.TOKEN_SECRET);
  findings.keepSecret("operator's password", SETTINGS.OPERATOR_PASSWORD);
  return {
    port,
    app,
    victims,
    victimChat,
    victimGroup,
    sharedChat,
    files,
    attackers,
    mortals,
    chats,
    attackersApp,
    victimsApp,
    openApp,
    admin,
    operator,
    doomed,
  };
}

/**
 * All that a message can be, so that whatever is done to one of them shows. The file that is sent.
 * @param isRead one of them by who has not written it
 */
async function talk(
  port: number,
  [one, two]: World["victims"],
  chat: number,
  word: string,
  isRead: boolean,
): Promise<string> {
  // oxlint-disable-next-line typescript/no-explicit-any -- a JSON object, read loosely
  const as = (by: User, method: string, path: string, body?: object): Promise<any> =>
    must(port, method, `/v1/chats/${chat}/${path}`, { body, headers: bearer(by.token) });
  const edited = await as(one, "POST", "messages", { text: `${word}hello` });
  const file = await upload(port, one, `${word}file`);
  const rich = { text: `${word}look`, attachments: [file], data: { mood: word }, client_id: "1" };
  await as(one, "POST", "messages", rich);
  await as(two, "POST", "messages", { text: `${word}what?`, reply_to: edited.id });
  const read = await as(two, "POST", "messages", { text: `${word}ah` });
  const deleted = await as(two, "POST", "messages", { text: `${word}oh` });
  await as(one, "PATCH", `messages/${edited.id}`, { text: `${word}hello, Victor` });
  await as(two, "DELETE", `messages/${deleted.id}`);
  if (isRead) await as(one, "POST", "read", { message_id: read.id });
  return file;
}

/** A file of somebody's, which is yet to be sent; its id. */
async function upload(port: number, by: User, text: string): Promise<string> {
  const headers = { ...bearer(by.token), "content-type": "text/plain" };
  const { status, text: said } = await ask(port, {
    method: "POST",
    path: "/v1/attachments?name=file.txt",
    headers,
    body: text,
  });
  if (status !== 201) throw new Error(`a file was not taken: ${status} ${said}`);
  return (JSON.parse(said) as { id: string }).id;
}

/** The app that the attackers act for in a dialect; undefined: they act for themselves. Of the two who speak `events` one has no key. */
export function actedFor({ attackersApp, openApp }: World, dialect: Dialect, as: number): Tenant | undefined {
  if (dialect === "rooms") return attackersApp;
  return dialect === "events" || dialect === "events2" ? [attackersApp, openApp][as] : undefined;
}

/** Somebody who has deleted themselves comes back as somebody else. */
export async function revive(world: World, mortal: User): Promise<void> {
  Object.assign(mortal, await register(world.port, world.app, "mortal"));
  await mend(world);
}

/** Chats that attackers have left or erased are made again, and all are in the first one. */
export async function mend(world: World): Promise<void> {
  const { port, chats, attackers, mortals, sharedChat, victims } = world;
  const [first, second, third] = attackers;
  const letIn = async (by: User, chat: number, users: readonly (User | undefined)[]): Promise<void> => {
    const headers = { ...bearer(by.token), "content-type": "application/json" };
    for (const user of users) {
      if (user === undefined) continue;
      await ask(port, { method: "PUT", path: `/v1/chats/${chat}/members/${user.id}`, headers, body: "{}" });
    }
  };
  await letIn(victims[0], sharedChat, attackers);
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
