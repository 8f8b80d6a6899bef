/**
 * Brings what a Chat has committed to its members' Inboxes, in order and without fail: one call under way for
 * each Inbox, what comes meanwhile goes with the next. Where the Inbox has said which connections its user has, these
 * hear it from the chat itself, and the Inbox gets the row. Who could not be reached is noted and served again from
 * the log. Knows lanes and clocks; knows nothing of sockets.
 */

import type { UserId } from "../../core/ids.ts";
import { DELIVERY, LARGE_CHAT } from "../../core/limits.ts";
import { isDurable } from "../../core/wire.ts";
import type { Delivered, Delivery, Push, Told } from "../rpc.ts";
import { placeOf } from "../rpc.ts";
import { Bucket } from "../sockets.ts";
import { Meta } from "../sql.ts";
import type { Commit } from "./commit.ts";
import { NOTHING } from "./commit.ts";
import { deliveredClock } from "./delivered.ts";
import type { Pending } from "./gateways.ts";
import { Gateways, pendingOf } from "./gateways.ts";
import { Lagging } from "./lagging.ts";
import type { Heard, Lane } from "./lane.ts";
import {
  alike,
  errandsOf,
  eventsUpTo,
  finished,
  gathered,
  heardOf,
  hurried,
  isDirect,
  isMissed,
  isSame,
  isWaiting,
  newLane,
  portion,
  release,
  whenBegun,
} from "./lane.ts";
import { replay, replayMessages } from "./replay.ts";
import type { Room } from "./room.ts";

/** The directory follows the chat in a lane of its own; no user has this id. */
export const DIRECTORY = 0 as UserId;
/** So do the connections that act for the app and listen to this chat. */
export const SUBSCRIBERS = -1 as UserId;

/** What an Inbox that was not called any more has taken. */
const NOTHING_TAKEN: Delivered = { written: false, refused: true, ears: null };

export interface DeliveryPorts {
  readonly deliver: (user: UserId, delivery: Delivery) => Promise<Delivered>;
  /** Tells connections on a Gateway; those that are gone. */
  readonly push: (place: string, pushes: readonly Push[]) => Promise<readonly string[]>;
  readonly unreached: (place: string, fault: unknown) => void;
  /** The clock up to which this chat's row is written in an Inbox, once it is; undefined: there is none. */
  readonly written: (user: UserId) => Promise<number | undefined>;
  /** Brings the directory up to date with what changed after `from`. */
  readonly follow: (from: number) => Promise<void>;
  /** Whether connections of the app listen to this chat, and how they are told; does not fail. */
  readonly subscribed: () => boolean;
  readonly publish: (events: readonly Told[]) => Promise<void>;
  readonly failed: (user: UserId, fault: unknown) => void;
  /** A delivery is put off to a later try. */
  readonly late: () => void;
  /** The connection that asked for the chat to be made: it has the answer, and is not told. */
  readonly creator: string | null;
  readonly waitUntil: (work: Promise<void>) => void;
  readonly now: () => number;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

export class Outbox {
  readonly #sql: SqlStorage;
  readonly #meta: Meta;
  readonly #room: Room;
  readonly #ports: DeliveryPorts;
  readonly #lanes = new Map<UserId, Lane>();
  readonly #lagging: Lagging;
  readonly #attached = new Set<UserId>();
  /** Each user's connections on Gateways, as the Inbox said last; unknown of those who must hear by the Inbox. */
  readonly #ears = new Map<UserId, readonly string[]>();
  readonly #gateways: Gateways;
  /** Those whose Inboxes know that what goes there may be gathered, and since when. */
  readonly #gathering = new Map<UserId, number>();
  /** Calls in quick succession: with more than these, what goes to the quiet is gathered. */
  readonly #pace: Bucket;
  #isBusy = false;
  /** Soon so, if it goes on like this. */
  #isNearlyBusy = false;
  /** The clock that is stored as delivered. */
  #stored: number;
  #stopped = false;

  constructor(sql: SqlStorage, room: Room, ports: DeliveryPorts) {
    this.#sql = sql;
    this.#meta = new Meta(sql);
    this.#room = room;
    this.#ports = ports;
    this.#gateways = new Gateways({
      push: ports.push,
      failed: (place, fault) => {
        ports.unreached(place, fault);
        for (const [user, ears] of this.#ears) if (ears.some((id) => placeOf(id) === place)) this.#ears.delete(user);
      },
      waitUntil: ports.waitUntil,
    });
    this.#lagging = new Lagging(sql);
    this.#pace = new Bucket(DELIVERY.calls, DELIVERY.callsPerSecond, ports.now());
    this.#stored = deliveredClock(sql, room);
    for (const row of sql.exec<{ user_id: number }>("SELECT user_id FROM attached")) {
      this.#attached.add(row.user_id as UserId);
    }
    this.#resume();
  }

  /** After a crash: what was committed and is not known to have arrived is told again, to everyone whom it concerns. */
  #resume(): void {
    if (this.#stored >= this.#room.clock) return;
    const concerned = new Set(this.#audience());
    let reshaped = false;
    let added = 0;
    for (const change of this.#room.changes.since(this.#stored)) {
      for (const user of change.users) concerned.add(user);
      if (change.type !== "edited" && change.type !== "deleted") reshaped = true;
      if (change.type === "added") added += change.users.length;
    }
    // It may have become large meanwhile: those who are offline have to learn that from now on they must ask.
    if (added > 0 && this.#room.members.size - added <= LARGE_CHAT) {
      for (const user of this.#room.members.ids()) concerned.add(user);
    }
    for (const user of this.#room.members.readSince(this.#stored)) concerned.add(user);
    if (reshaped) concerned.add(DIRECTORY);
    if (this.#ports.subscribed()) concerned.add(SUBSCRIBERS);
    for (const user of concerned) {
      if (this.#lagging.get(user) !== undefined) continue;
      this.#lanes.set(user, newLane(this.#stored, true));
    }
    const waiting = Array.from(this.#lanes.keys());
    for (const user of waiting) this.#start(user);
  }

  /** The clock up to which everyone has everything, or stands in the list of those who lag. */
  delivered(): number {
    let floor = this.#room.clock;
    for (const lane of this.#lanes.values()) floor = Math.min(floor, lane.floor);
    return floor;
  }

  /** Whether everything has arrived everywhere and that is stored: nothing is left for an alarm to do. */
  settle(): boolean {
    if (this.#lanes.size > 0 || this.#lagging.size > 0) return false;
    if (this.#stored < this.#room.clock) this.#store(this.#room.clock);
    return true;
  }

  #store(delivered: number): void {
    this.#stored = delivered;
    this.#meta.set("delivered", String(delivered));
  }

  /** When the next of those who lag is to be tried again; undefined where none lags. */
  nextDue(): number | undefined {
    return this.#lagging.nextDue();
  }

  attach(user: UserId, on: boolean): void {
    if (on === this.#attached.has(user)) return;
    if (on) {
      this.#sql.exec("INSERT OR IGNORE INTO attached (user_id) VALUES (?)", user);
      this.#attached.add(user);
    } else {
      this.#sql.exec("DELETE FROM attached WHERE user_id = ?", user);
      this.#attached.delete(user);
    }
  }

  /** Brings what happened after `since` to `user`, who was not attached then. */
  replayTo(user: UserId, since: number): void {
    if (since >= this.#room.clock) return;
    const lane = this.#lane(user, since);
    if (lane === undefined) return;
    lane.replay = true;
    this.#start(user);
  }

  /** Brings a commit on its way. `before`: the clock that the chat had before it. */
  send(commit: Commit, origin: string | null, before: number): void {
    this.start(this.gather(commit, origin, before));
  }

  /**
   * Brings rows that look different now, though the clock stands: as if what moved it last had yet to arrive. So a crash does
   * not forget it; to be called in the same turn as what is written of it.
   */
  renew(rows: readonly UserId[]): void {
    const before = this.#room.clock - 1;
    if (this.#stored > before) this.#store(before);
    this.send({ ...NOTHING, rows }, null, before);
  }

  /** Puts a commit into the lanes, as the chat is right after it; which lanes these are. They move with `start`. */
  gather(commit: Commit, origin: string | null, before: number): Set<UserId> {
    const room = this.#room;
    const reach = room.large && !commit.resized ? this.#attached : undefined;
    const rows = new Set(commit.rows);
    const touched = new Set<UserId>();
    const settled = this.delivered() >= before;
    for (const telling of commit.tellings) {
      const shared = telling.shared ? telling.event(room.createdBy) : undefined;
      if (shared?.type === "message.created" && this.#ports.subscribed()) {
        this.#lane(SUBSCRIBERS, before)?.events.push(pendingOf({ clock: room.clock, event: shared, settled }));
        touched.add(SUBSCRIBERS);
      }
      for (const user of telling.to) {
        if (rows.has(user) && this.#leftOut(user)) continue;
        // Whose row has not gone yet may not know that the chat is large, and has not asked to be told.
        const isReached = reach === undefined || reach.has(user) || this.#lanes.get(user)?.row === true;
        if (!isReached && telling.personal !== true) continue;
        const event = shared ?? telling.event(user);
        const told: Told = {
          clock: room.clock,
          event,
          settled,
          origin,
          unread: room.members.has(user) ? room.unread(user) : undefined,
          read: event.type === "message.updated" ? room.isReadFor(event.message, user) : undefined,
          peer: room.kind === "direct" ? room.peer(user) : undefined,
        };
        const lane = this.#lane(user, before);
        if (lane === undefined) continue;
        const pending = pendingOf(told);
        lane.events.push(pending);
        touched.add(user);
        this.#gateways.add(this.#ears.get(user) ?? [], pending);
      }
    }
    for (const user of rows) {
      if (reach !== undefined && !reach.has(user) && !touched.has(user)) continue;
      const lane = this.#lane(user, before);
      if (lane !== undefined) lane.row = true;
      touched.add(user);
    }
    for (const user of commit.removed) {
      const lane = this.#lane(user, before);
      if (lane !== undefined) lane.row = true;
      touched.add(user);
      this.attach(user, false);
    }
    if (commit.directory) {
      const lane = this.#lane(DIRECTORY, before);
      if (lane !== undefined) lane.row = true;
      touched.add(DIRECTORY);
    }
    return touched;
  }

  /** Leaves an event out where what goes to `user` is being gathered, and nobody hears it: the row will do. False: it is to be told. */
  #leftOut(user: UserId): boolean {
    const lane = this.#lanes.get(user);
    if (lane?.hurry === undefined || this.#ears.get(user)?.length !== 0) return false;
    lane.isUntold = true;
    lane.row = true;
    return true;
  }

  start(lanes: ReadonlySet<UserId>): void {
    if (this.#stopped) return;
    this.#isBusy = !this.#pace.take(this.#ports.now(), lanes.size);
    this.#isNearlyBusy = !this.#pace.has(lanes.size);
    // In this order, and in one go: who has heard an event and asks for their list finds it there.
    for (const user of lanes) this.#start(user);
    this.#gateways.start();
  }

  /** The chat is being erased, or is read anew: from here nothing more is brought to anyone. */
  stop(): void {
    this.#stopped = true;
    this.#gateways.stop();
    for (const lane of this.#lanes.values()) {
      release(lane, Infinity);
      lane.hurry?.();
    }
  }

  /** Serves again those whose time has come. */
  retry(now: number): void {
    for (const user of this.#lagging.due(now)) this.#again(user);
  }

  /** Those whose Inbox hears of everything: all members, of a large chat those who are online. */
  #audience(): UserId[] {
    return this.#room.large ? [...this.#attached] : this.#room.members.ids();
  }

  /** The lane of `user`; none while they lag, since the log will serve them. */
  #lane(user: UserId, floor: number): Lane | undefined {
    const known = this.#lanes.get(user);
    if (known !== undefined) return known;
    if (this.#lagging.get(user) !== undefined) return undefined;
    const lane = newLane(floor, false);
    this.#lanes.set(user, lane);
    return lane;
  }

  /** Resolves once everything up to `clock` has been told to `user`, as far as they can be reached, and soon in any case. */
  async told(user: UserId, clock: number): Promise<void> {
    const lane = this.#lanes.get(user);
    if (lane === undefined || lane.told >= clock) return;
    if (await this.#toldDirectly(eventsUpTo(lane, clock))) return;
    await hurried(lane, clock);
  }

  /** The same of what the connection `origin` of `user` hears of it, and no more. */
  async heard(user: UserId, clock: number, origin: string): Promise<void> {
    const lane = this.#lanes.get(user);
    if (lane === undefined || lane.told >= clock) return;
    const events = eventsUpTo(lane, clock).filter(({ told }) => told.origin !== origin);
    if (events.length === 0 && !lane.replay) return;
    if (await this.#toldDirectly(events)) return;
    await hurried(lane, clock);
  }

  /** Resolves once these have been told directly, and soon in any case; false where some of them go by the Inbox, or there are none. */
  async #toldDirectly(events: readonly Pending[]): Promise<boolean> {
    if (events.length === 0 || !events.every(isDirect)) return false;
    if (errandsOf(events).length > 0) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise((resolve) => {
        timer = setTimeout(resolve, DELIVERY.inOrderMs);
      });
      await Promise.race([finished(events), late]);
      clearTimeout(timer);
    }
    return events.every(isDirect);
  }

  #start(user: UserId): void {
    const lane = this.#lanes.get(user);
    if (lane === undefined || lane.running) return;
    lane.running = true;
    this.#ports.waitUntil(this.#run(user, lane));
  }

  async #run(user: UserId, lane: Lane): Promise<void> {
    if (this.#mayGather(user, lane)) await gathered(lane);
    while (!this.#stopped && isWaiting(lane)) {
      const important = lane.replay || lane.row || lane.events.some(({ told }) => isDurable(told.event));
      try {
        await this.#bring(user, lane);
      } catch (fault) {
        this.#ports.failed(user, fault);
        if (this.#stopped) break;
        if (important) {
          await this.#lag(user, lane);
          break;
        }
      }
      if (this.#stopped) break;
      release(lane, lane.told);
      if (lane.floor === lane.told) this.#lagging.remove(user);
      if (this.#mayGather(user, lane)) await gathered(lane);
    }
    lane.running = false;
    release(lane, Infinity);
    if (lane.floor < lane.told) this.#ports.waitUntil(this.#confirm(user, lane));
    else if (this.#lanes.get(user) === lane) this.#lanes.delete(user);
  }

  /** In a burst, what goes to an Inbox that has nobody to tell is gathered for a moment, if the Inbox knows that it is. */
  #mayGather(user: UserId, { events }: Lane): boolean {
    // The Inbox forgets it after a spell.
    const isKnown = (this.#gathering.get(user) ?? 0) > this.#ports.now() - DELIVERY.spellMs / 2;
    return this.#isBusy && isKnown && events.every(({ lost }) => lost.length === 0);
  }

  /** Brings what is gathered for `user` at once: resolves once they have it, and soon in any case. */
  async settleFor(user: UserId): Promise<void> {
    // Their Inbox asks, so it can be reached.
    this.#again(user);
    const lane = this.#lanes.get(user);
    if (lane !== undefined) await hurried(lane, this.#room.clock);
  }

  /** Serves somebody from the log, if they lag. */
  #again(user: UserId): void {
    const lag = this.#lagging.get(user);
    if (lag === undefined || this.#lanes.has(user)) return;
    this.#lanes.set(user, newLane(lag.from, true));
    this.#start(user);
  }

  /** What was told last is gathered in the Inbox: it counts as delivered once it is written there. */
  async #confirm(user: UserId, lane: Lane): Promise<void> {
    if (lane.confirming) return;
    lane.confirming = true;
    while (!this.#stopped && !lane.running && lane.floor < lane.told) {
      const { told } = lane;
      let written: number | undefined = -1;
      try {
        written = await this.#ports.written(user);
      } catch (fault) {
        this.#ports.failed(user, fault);
      }
      if (written === undefined || written >= told) lane.floor = Math.max(lane.floor, told);
      else if (!lane.running) {
        // It was lost before it was written. The events were heard; the row says how the chat stands.
        lane.row = true;
        this.#start(user);
      }
    }
    lane.confirming = false;
    if (this.#stopped || lane.running || isWaiting(lane) || this.#lanes.get(user) !== lane) return;
    this.#lanes.delete(user);
    this.#lagging.remove(user);
  }

  /** Brings what the lane has by now, as far as it fits into one call; what comes meanwhile goes with the next. */
  async #bring(user: UserId, lane: Lane): Promise<void> {
    const { floor } = lane;
    const isRowOnly = !lane.replay && this.#isRowOnly(user, lane);
    const isReplay = lane.replay || (lane.isUntold && !isRowOnly);
    const isWhole = user === SUBSCRIBERS || isRowOnly || isReplay;
    const some = isWhole ? lane.events : alike(portion(lane.events));
    const left = lane.events.slice(some.length);
    const to = left.length === 0 ? this.#room.clock : (some.at(-1)?.told.clock ?? floor);
    const hasRow = lane.row && left.length === 0;
    const before = heardOf(lane.events);
    const { isUntold } = lane;
    lane.replay = false;
    lane.isUntold = false;
    lane.row &&= !hasRow;
    lane.events = left;
    lane.current = some;
    let written = true;
    if (user === DIRECTORY) await this.#ports.follow(floor);
    else if (user === SUBSCRIBERS)
      await this.#ports.publish(isReplay ? replayMessages(this.#room, floor) : some.map(({ told }) => told));
    else {
      const content = { events: isRowOnly ? [] : some, to, hasRow, heard: isReplay ? before : undefined };
      const delivery = this.#delivery(user, floor, isReplay, content);
      for (const pending of some) pending.lost = [];
      if (isRowOnly) delivery.rowOnly = true;
      if (this.#attached.has(user)) delivery.attached = true;
      // What is told directly is on its way before the Inbox counts it as told.
      const done = await whenBegun(some, async () =>
        this.#stopped ? NOTHING_TAKEN : this.#ports.deliver(user, delivery),
      );
      await finished(some);
      if (delivery.gathers === true && done.refused !== true && done.ears !== null)
        this.#gathering.set(user, this.#ports.now());
      else this.#gathering.delete(user);
      lane.current = [];
      const missed = done.refused === true ? some : some.filter((one) => isMissed(one, done.ears));
      lane.events.unshift(...missed);
      if (done.refused === true && hasRow) lane.row = true;
      if (done.refused === true && isUntold) lane.replay = true;
      this.#learn(user, lane, done.ears);
      if (missed.length > 0 || done.refused === true) return;
      ({ written } = done);
    }
    lane.current = [];
    lane.told = to;
    if (written) lane.floor = to;
  }

  /** Everyone hears it from the chat itself, or, in a burst, there is nobody who would. */
  #isRowOnly(user: UserId, { row, isUntold, events }: Lane): boolean {
    const ears = this.#ears.get(user);
    if (ears === undefined || (ears.length === 0 && !isUntold && !(row && this.#isBusy))) return false;
    return (isUntold || events.length > 0) && events.every(({ at, lost }) => lost.length === 0 && isSame(at, ears));
  }

  /** Which connections the user has. What still waits for the Inbox is told them directly, so that nothing overtakes it. */
  #learn(user: UserId, lane: Lane, ears: readonly string[] | null): void {
    const isLost = lane.events.some((one) => isMissed(one, ears));
    if (ears === null || isLost || lane.replay || !this.#room.members.has(user)) {
      this.#ears.delete(user);
      return;
    }
    this.#ears.set(user, ears);
    for (const pending of lane.events) {
      pending.lost = [];
      const { at } = pending;
      const untold = ears.filter((id) => !at.includes(id));
      if (untold.length > 0) this.#gateways.add(untold, pending);
      if (at.length > 0) pending.at = pending.at.filter((id) => ears.includes(id));
    }
    this.#gateways.start();
  }

  #delivery(
    user: UserId,
    floor: number,
    isReplay: boolean,
    {
      events,
      to,
      hasRow,
      heard,
    }: { events: readonly Pending[]; to: number; hasRow: boolean; heard: Heard | undefined },
  ): Mutable<Delivery> {
    const room = this.#room;
    if (isReplay) {
      const { at, upTo } = this.#lagging.get(user)?.heard ?? heard ?? { at: [], upTo: 0 };
      const replayed = replay(room, user, floor, this.#ports.creator);
      return at.length === 0 ? replayed : { ...replayed, heardAt: at, heardUpTo: upTo };
    }
    const row = hasRow ? (room.members.has(user) ? room.row(user) : null) : undefined;
    const delivery: Mutable<Delivery> = { chatId: room.id, clock: to, row, events: events.map(({ told }) => told) };
    if (this.#isNearlyBusy) delivery.gathers = true;
    const at = events[0]?.at ?? this.#ears.get(user) ?? [];
    if (at.length > 0) delivery.heardAt = at;
    if (events.some(({ lost }) => lost.length > 0)) delivery.again = true;
    return delivery;
  }

  /** From here on the log serves them: with all that they have not heard, which is known once nothing of it is under way any more. */
  async #lag(user: UserId, lane: Lane): Promise<void> {
    this.#ears.delete(user);
    const told = [...lane.current, ...lane.events];
    await finished(told);
    if (this.#stopped) return;
    this.#lagging.add(user, lane.floor, heardOf(told), this.#ports.now());
    lane.current = [];
    lane.floor = lane.told;
    this.#ports.late();
  }
}
