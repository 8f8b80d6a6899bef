/**
 * Knows what the socket is to tell besides messages: who writes in the chats at the top of the list, and whether people are
 * connected. Asks for it in small portions, since a connection may send only so much.
 * Must not know what is done with it.
 */

import { computed, effect } from "@preact/signals";
import type { KnownPerson } from "../api/shapes.ts";
import { chatList, current } from "./chats.ts";
import { command, connected } from "./connection.ts";
import { notePresence, presences } from "./people.ts";
import { rosters } from "./rosters.ts";
import { ask, selfId } from "./session.ts";

/** Members of the open chat of whom it is asked when they were last there. */
const ASKED = 20;
/** Chats at the top of the list where one hears who is writing. */
const CHATS = 20;
/** People of direct chats at the top of the list, and of the open chat, whose presence is shown. */
const PEERS = 60;
const MEMBERS = 100;
const PORTION = 12;
const PAUSE_MS = 700;

const key = (what: "chat" | "user", id: number): string => `${what}/${id}`;

const wanted = computed((): ReadonlySet<string> => {
  const list = chatList.value;
  const open = current.value;
  const peers = list.flatMap(({ kind, peer }) => (kind === "direct" && peer !== null ? [peer.id] : []));
  const members = open === undefined ? [] : [...(rosters.value.get(open.id)?.keys() ?? [])];
  return new Set([
    ...(open?.peer ? [key("user", open.peer.id)] : []),
    ...list.slice(0, CHATS).map((chat) => key("chat", chat.id)),
    ...peers.slice(0, PEERS).map((id) => key("user", id)),
    ...members.slice(0, MEMBERS).map((id) => key("user", id)),
  ]);
});

let told = new Set<string>();
let timer: ReturnType<typeof setTimeout> | undefined;

function change(interest: string, on: boolean): void {
  const [what, id] = interest.split("/");
  if (what === "chat") {
    void command(on ? "chat.join" : "chat.leave", { chat_id: Number(id) }).catch(() => undefined);
  } else {
    void command<{ readonly online: boolean }>(on ? "presence.watch" : "presence.unwatch", { user_id: Number(id) })
      .then(({ online }) => on && notePresence(Number(id), { online }))
      .catch(() => undefined);
  }
}

function portion(): void {
  clearTimeout(timer);
  timer = undefined;
  if (!connected.peek()) return;
  const now = wanted.peek();
  const fresh = [...now].filter((one) => !told.has(one));
  const stale = [...told].filter((one) => !now.has(one));
  const steps = [...fresh.map((one) => [one, true] as const), ...stale.map((one) => [one, false] as const)];
  for (const [one, on] of steps.slice(0, PORTION)) {
    if (on) told.add(one);
    else told.delete(one);
    change(one, on);
  }
  if (steps.length > PORTION) timer = setTimeout(portion, PAUSE_MS);
}

/** Those in the open chat who are away, and of whom it is not known since when. */
const unknown = computed((): readonly number[] => {
  const open = current.value;
  const ids = open?.peer ? [open.peer.id] : [...(rosters.value.get(open?.id ?? 0)?.keys() ?? [])];
  return ids.slice(0, ASKED).filter((id) => {
    const presence = presences.value.get(id);
    return id !== selfId() && presence?.online === false && presence.lastSeen === undefined;
  });
});

async function learn(id: number): Promise<void> {
  notePresence(id, { online: false, lastSeen: null });
  const { online, last_seen } = await ask<KnownPerson>("GET", `/users/${id}`);
  if (presences.peek().get(id)?.online === false) notePresence(id, { online, lastSeen: last_seen });
}

export function followInterests(): void {
  effect(() => {
    for (const id of unknown.value) void learn(id).catch(() => undefined);
  });
  effect(() => {
    // A new connection knows nothing of what the last one was asked for.
    if (!connected.value) told = new Set();
  });
  effect(() => {
    if (connected.value && wanted.value.size >= 0 && timer === undefined) timer = setTimeout(portion, 0);
  });
}
