/**
 * The Inbox object: one user's chat list, the connections they have open and those who watch for them. Takes what the
 * Chats bring, in the order of their clocks, and passes it to the Gateways. Knows no dialect and decides on nothing in a chat.
 */

import type { ListedChat } from "../../core/chat.ts";
import type { Result } from "../../core/errors.ts";
import { unwrapIfFound } from "../../core/errors.ts";
import type { FaultPlace } from "../../core/faults.ts";
import type { AppId, ChatId, UserId } from "../../core/ids.ts";
import { userId } from "../../core/ids.ts";
import { leasesLapse } from "../../core/leases.ts";
import { DELIVERY, PRESENCE } from "../../core/limits.ts";
import type { Actor, Person } from "../../core/people.ts";
import type { Directory, Files, ListPage, Sweep } from "../../core/ports.ts";
import { isDurable } from "../../core/wire.ts";
import type { Env } from "../../env.ts";
import { logFault } from "../../log.ts";
import { CalledObject } from "../called-object.ts";
import { ObjectFigures } from "../figures.ts";
import { triedInBatches } from "../in-batches.ts";
import type { ConnectionInfo, Delivered, Delivery, InboxCalls, Told } from "../rpc.ts";
import { attempt, byPlace, chatStub, gatewayStub, isGateway, lobbyStub, placeOf, placeStub } from "../rpc.ts";
import { Bucket, CLOSE } from "../sockets.ts";
import { KeptMeta, isEmpty, migrate, nameOf, stored } from "../sql.ts";
import { Subscribers } from "../subscribers.ts";
import { ChatsAhead } from "./ahead.ts";
import { ChatList } from "./chat-list.ts";
import { Closings } from "./closings.ts";
import { Connections } from "./connections.ts";
import { LargeChats } from "./large-chats.ts";
import { PresenceTelling } from "./presence.ts";
import { Profile } from "./profile.ts";
import { Pushes } from "./pushes.ts";
import { INBOX_SCHEMA } from "./schema.ts";
import { Standing } from "./standing.ts";
import { Sweeps } from "./sweeps.ts";

export interface InboxPorts {
  readonly directory: Directory;
  readonly files: Files;
}

interface Open {
  readonly user: UserId;
  readonly meta: KeptMeta;
  readonly list: ChatList;
  readonly large: LargeChats;
  readonly connections: Connections;
  readonly closings: Closings;
  readonly presence: PresenceTelling;
  readonly profile: Profile;
  readonly pushes: Pushes;
  readonly subscribers: Subscribers;
  readonly sweeps: Sweeps;
}

const RETRY_MS = 5_000;

/** Named values of an Inbox; those of its sweeps, of presence and of the profile are theirs. */
const KEY = {
  /** The app and name of the user: `{appId, username}`. */
  owner: "owner",
  /** When the user goes offline, unless they come back. */
  offlineAt: "offline_at",
  /** When the last connection closed. */
  seenAt: "seen_at",
  /** The account is being erased: the ghost that stays. */
  erasing: "erasing",
  /** The account is gone. */
  gone: "gone",
} as const;

export function createInboxObject(portsOf: (env: Env) => InboxPorts) {
  return class Inbox extends CalledObject implements InboxCalls {
    readonly #ports: InboxPorts;
    readonly #figures: ObjectFigures;
    readonly #standing: Standing;
    readonly #ahead: ChatsAhead;
    #open: Open | undefined;
    #alarmAt: number | null | undefined;
    #verifiedAt = 0;
    readonly #pace = new Bucket(DELIVERY.burst, 1_000 / DELIVERY.gatherMs, Date.now());
    #gathering: Promise<void> | undefined;

    constructor(ctx: DurableObjectState, env: Env) {
      super(ctx, env);
      this.#ports = portsOf(env);
      this.#standing = new Standing(this.#ports.directory.tokens);
      this.#ahead = new ChatsAhead({
        activeSince: (time) => this.#load().list.activeSince(time),
        settle: (chat) => chatStub(env, chat).settle(this.#user),
        failed: (chat, fault) => logFault("settle", fault, { chat, user: this.#user }),
      });
      this.#figures = new ObjectFigures({
        hand: (app, handed) => lobbyStub(env, app).count(ctx.id.name ?? "", handed),
        waitUntil: (work) => ctx.waitUntil(work),
        open: () => new Map(),
        isAwaited: () => false,
      });
    }

    #load(): Open {
      if (this.#open === undefined) {
        const { storage } = this.ctx;
        migrate(storage, INBOX_SCHEMA);
        const name = nameOf(this.ctx);
        const user = userId(Number(name.slice(name.indexOf(":") + 1)));
        const meta = new KeptMeta(storage.sql);
        const list = new ChatList(storage.sql);
        const connections = new Connections(storage.sql);
        const large = new LargeChats(list, {
          attach: (chat, on, since) => chatStub(this.env, chat).attach(user, on, since),
          ask: (chat) => chatStub(this.env, chat).summary(user),
        });
        this.#open = {
          user,
          meta,
          list,
          connections,
          large,
          presence: new PresenceTelling(user, meta, connections, large, {
            owner: () => this.#owner(),
            isOnline: () => this.#isOnline(),
            isHeard: () => this.#isHeard(),
            tellLobby: (app, online) => lobbyStub(this.env, app).setOnline(user, online),
            tellWatchers: (place, watchers, presence) =>
              gatewayStub(this.env, place).deliver([{ connections: watchers, events: [{ event: presence }] }]),
            failed: (what, fault) => this.#fault(what, fault, { user }),
            schedule: () => this.#schedule(),
          }),
          closings: new Closings(meta),
          profile: new Profile(meta, (chat, person) => chatStub(this.env, chat).personChanged(person)),
          pushes: new Pushes(connections, {
            deliver: (place, ids, events) => gatewayStub(this.env, place).deliver([{ connections: ids, events }]),
            close: (place, ids, code, reason) => placeStub(this.env, place).close(ids, code, reason),
            gone: (ids) => this.#closed(ids),
            failed: (where, fault, place) => this.#fault(where, fault, { user, place }),
            waitUntil: (work) => this.ctx.waitUntil(work),
          }),
          subscribers: new Subscribers(storage.sql, (place) => gatewayStub(this.env, place)),
          sweeps: new Sweeps(meta, user, {
            ...this.#ports,
            open: (chat) => chatStub(this.env, chat).open(null, null),
          }),
        };
      }
      return this.#open;
    }

    get #user(): UserId {
      return this.#load().user;
    }

    #owner(): { appId: AppId; username: string } | undefined {
      const owner = this.#load().meta.get(KEY.owner);
      return owner === undefined ? undefined : stored(owner);
    }

    /** Logs it, and counts it for the user's app, which is known of those who have been online. */
    #fault(where: FaultPlace, fault: unknown, fields: Parameters<typeof logFault>[2]): void {
      logFault(where, fault, fields);
      const owner = this.#owner();
      if (owner !== undefined) this.#figures.of(owner.appId).add("faults", where);
    }

    // ---- what chats bring -------------------------------------------------------------------------------------

    async deliver(delivery: Delivery): Promise<Delivered> {
      const { list, meta, large, pushes, subscribers } = this.#load();
      const done: Delivered = { written: true, ears: [] };
      if (meta.get(KEY.gone) !== undefined) return done;
      const gathers = delivery.gathers === true;
      this.#ahead.note(delivery.chatId, gathers || this.#ears()?.length !== 0, gathers);
      if (delivery.rowOnly === true && !this.#isHeardAt(delivery.heardAt ?? []))
        return { written: false, refused: true, ears: this.#ears() };
      const known = list.clock(delivery.chatId);
      if (known === undefined && !list.isCurrent(delivery.chatId, delivery.clock)) return done;
      if (known === undefined && delivery.row === null) {
        list.put(delivery.chatId, delivery.clock, null);
        list.flush();
        return done;
      }
      const isNew = ({ event, clock }: Told): boolean =>
        delivery.again === true || !isDurable(event) || clock > (known ?? -1);
      const events = delivery.events.filter(isNew);
      if (delivery.row !== undefined) list.put(delivery.chatId, delivery.clock, delivery.row);
      // First the wire, then the row: if we die in between, the Chat brings it again and the wire hears it twice, not never.
      await Promise.all([
        pushes.tell(events, delivery.heardAt, delivery.heardUpTo),
        delivery.hole === true ? subscribers.giveUp() : subscribers.tell(events),
      ]);
      // The user has been erased meanwhile.
      if (meta.get(KEY.gone) !== undefined) return done;
      // A large chat that is new here, or has just become one. If it can't be asked now, it brings its row again.
      if (delivery.row?.large === true && delivery.attached !== true)
        await large.detached(delivery.chatId, delivery.clock, this.#isHeard());
      const ears = this.#ears();
      if (ears?.length !== 0) return { written: this.#write(), ears };
      list.flush();
      return { written: true, ears };
    }

    /** The user's connections on Gateways; null where others hear by this Inbox. */
    #ears(): string[] | null {
      const { connections, subscribers } = this.#load();
      return subscribers.size > 0 ? null : connections.ids().filter((id) => isGateway(placeOf(id)));
    }

    /** Whether nobody is left to be told of what these connections have heard. */
    #isHeardAt(heardAt: readonly string[]): boolean {
      return this.#ears()?.every((id) => heardAt.includes(id)) === true;
    }

    /** Writes the rows; in a burst they are gathered for a moment. Whether they are written. */
    #write(): boolean {
      const { list } = this.#load();
      if (this.#gathering === undefined && this.#pace.take(Date.now())) {
        list.flush();
        return true;
      }
      this.#gathering ??= new Promise((resolve) => {
        setTimeout(() => {
          this.#gathering = undefined;
          try {
            list.flush();
          } catch (fault) {
            // The Chat asks whether they are written.
            this.#fault("rows", fault, { user: this.#user });
          }
          resolve();
        }, DELIVERY.gatherMs);
      });
      this.ctx.waitUntil(this.#gathering);
      return false;
    }

    async written(chat: ChatId): Promise<number | undefined> {
      if (isEmpty(this.ctx.storage.sql)) return undefined;
      await this.#gathering;
      const { list } = this.#load();
      list.flush();
      return list.clock(chat);
    }

    /** Whether a connection on a Gateway hears of things at once. */
    #isLive(): boolean {
      const { connections, subscribers } = this.#load();
      return subscribers.size > 0 || connections.ids().some((id) => isGateway(placeOf(id)));
    }

    // ---- the list ---------------------------------------------------------------------------------------------

    list(page: ListPage): Promise<Result<{ items: ListedChat[]; next: string | null }>> {
      const work = async (): Promise<{ items: ListedChat[]; next: string | null }> => {
        if (isEmpty(this.ctx.storage.sql)) return { items: [], next: null };
        await this.#ahead.settle(false);
        await this.#refreshLarge();
        return this.#load().list.page(page);
      };
      return attempt(work, (fault) => this.#fault("list", fault, { user: this.#user }));
    }

    async unreadSum(): Promise<{ direct: number; room: number; group: number }> {
      if (isEmpty(this.ctx.storage.sql)) return { direct: 0, room: 0, group: 0 };
      await this.#ahead.settle(false);
      await this.#refreshLarge();
      return this.#load().list.unreadSum();
    }

    /** Large chats push only to those who are heard; where they don't, they are asked now. */
    async #refreshLarge(): Promise<void> {
      const { large } = this.#load();
      if (!(large.arePushing ?? this.#isLive())) await large.refresh();
    }

    // ---- connections and presence -----------------------------------------------------------------------------

    async addConnection(actor: Actor, username: string | null, connection: ConnectionInfo): Promise<string | null> {
      const { tokenId } = connection;
      // Who comes hears of what happens from now on.
      const hears = isGateway(placeOf(connection.id));
      if (hears) await this.#ahead.settle(true);
      const holder = username ?? (tokenId === null ? null : await this.#standing.holder(actor, tokenId));
      const { meta, connections, presence } = this.#load();
      if (holder === null || meta.get(KEY.gone) !== undefined || meta.get(KEY.erasing) !== undefined) return null;
      if (connection.expiresAt <= Date.now()) return null;
      if (tokenId !== null && connections.hasEnded(tokenId)) return null;
      if (username === null && tokenId !== null) this.#standing.keep(tokenId, holder);
      const was = this.#isOnline();
      const wasHeard = this.#isHeard();
      connections.add(connection);
      if (meta.get(KEY.offlineAt) !== undefined) meta.delete(KEY.offlineAt);
      const owner = JSON.stringify({ appId: actor.appId, username: holder });
      if (meta.get(KEY.owner) !== owner) meta.set(KEY.owner, owner);
      this.#schedule();
      if (wasHeard !== this.#isHeard()) await presence.attach();
      if (!was) this.#tellPresence();
      // What has been gathered since then has somebody who hears it.
      if (hears) await this.#ahead.settle(true);
      return holder;
    }

    async removeConnections(ids: readonly string[]): Promise<void> {
      this.#closed(ids);
    }

    /** Connections have ended by themselves: the user has a moment to come back before they count as offline. */
    #closed(ids: readonly string[]): void {
      const grace = this.#remove(ids);
      if (grace === undefined) return;
      if (grace === 0) this.#tellPresence();
      else {
        this.#load().meta.set(KEY.offlineAt, String(Date.now() + grace));
        this.#schedule();
      }
    }

    /** The longest grace of these, where they were the last connections. */
    #remove(ids: readonly string[]): number | undefined {
      const { connections, meta, presence } = this.#load();
      const wasHeard = this.#isHeard();
      const grace = connections.remove(ids);
      if (grace === undefined) return undefined;
      if (connections.size > 0) {
        if (wasHeard !== this.#isHeard()) this.ctx.waitUntil(presence.attach());
        return undefined;
      }
      meta.set(KEY.seenAt, String(Date.now()));
      return grace;
    }

    #isOnline(): boolean {
      const { connections, meta } = this.#load();
      return connections.size > 0 || meta.get(KEY.offlineAt) !== undefined;
    }

    /** Whether somebody hears what chats bring here, or may come back in a moment. Sockets of a chat hear it from the chat. */
    #isHeard(): boolean {
      return this.#isLive() || (this.#load().connections.size === 0 && this.#isOnline());
    }

    async subscribe(connection: string, on: boolean): Promise<void> {
      if (on) await this.#ahead.settle(true);
      const { meta, presence, subscribers } = this.#load();
      if (meta.get(KEY.gone) !== undefined || meta.get(KEY.erasing) !== undefined) return;
      const was = this.#isHeard();
      // What was told before is known here by the clock of its chat.
      if (on) {
        subscribers.add(connection, 0);
        await this.#ahead.settle(true);
      } else subscribers.remove([connection]);
      if (was !== this.#isHeard()) await presence.attach();
    }

    async online(): Promise<boolean> {
      if (isEmpty(this.ctx.storage.sql)) return false;
      await this.#verify();
      return this.#isOnline();
    }

    async lastSeen(): Promise<number | null> {
      if (isEmpty(this.ctx.storage.sql)) return null;
      await this.#verify();
      const { connections, meta } = this.#load();
      const seenAt = meta.get(KEY.seenAt);
      return connections.size > 0 || seenAt === undefined ? null : Number(seenAt);
    }

    async watch(watcher: string): Promise<boolean> {
      const online = await this.online();
      this.#load().connections.watch(watcher, online);
      return online;
    }

    async unwatch(watcher: string): Promise<void> {
      if (!isEmpty(this.ctx.storage.sql)) this.#load().connections.unwatch([watcher]);
    }

    /** A crash elsewhere leaves connections behind that nobody closed: before they are believed, their places are asked. */
    async #verify(): Promise<void> {
      const { connections } = this.#load();
      const now = Date.now();
      // Where the clock has gone back, what was verified "later" says nothing.
      const isFresh = this.#verifiedAt <= now && now - this.#verifiedAt < PRESENCE.verifyMs;
      if (connections.size === 0 || isFresh) return;
      this.#verifiedAt = now;
      await Promise.all(
        [...byPlace(connections.ids())].map(async ([place, ids]) => {
          try {
            const alive = new Set(await placeStub(this.env, place).alive(ids));
            this.#closed(ids.filter((id) => !alive.has(id)));
          } catch (fault) {
            this.#fault("verify", fault, { user: this.#user, place });
          }
        }),
      );
    }

    /** Tells those whom it concerns whether the user is online now. */
    #tellPresence(): void {
      if (!this.#isOnline()) this.#standing.end(null);
      this.ctx.waitUntil(this.#load().presence.tell());
    }

    async endSessions(tokenId: string | null, expiresAt: number): Promise<void> {
      const { connections } = this.#load();
      this.#standing.end(tokenId);
      if (tokenId !== null) connections.end(tokenId, expiresAt, Date.now());
      this.#end(connections.ofToken(tokenId), "the token was ended");
    }

    async endAllSessions(): Promise<void> {
      try {
        for (const one of await this.#ports.directory.tokens.endAll(this.#user))
          await this.endSessions(one.tokenId, one.expiresAt);
      } catch (fault) {
        // They may have ended all the same: who is still let in comes back.
        const { connections, pushes } = this.#load();
        this.ctx.waitUntil(pushes.close(connections.ids(), CLOSE.tryLater, "the token is looked at again"));
        throw fault;
      } finally {
        this.#standing.end(null);
      }
    }

    /** Whoever can't be reached for it is tried again by the alarm: nobody goes on by a token that has ended. */
    async #close(ids: readonly string[], reason: string): Promise<void> {
      const { meta, pushes, closings } = this.#load();
      const left = await pushes.close(ids, CLOSE.policy, reason);
      if (meta.get(KEY.gone) !== undefined) return;
      closings.tried(ids, left);
      if (left.length > 0) this.#schedule();
    }

    /** Connections whose token is no more are closed at once, and give no grace. */
    #end(ids: readonly string[], reason: string): void {
      const { meta } = this.#load();
      this.ctx.waitUntil(this.#close(ids, reason));
      if (this.#remove(ids) === undefined) return;
      meta.delete(KEY.offlineAt);
      this.#tellPresence();
    }

    // ---- what takes longer ------------------------------------------------------------------------------------

    async sweepLater(what: Sweep): Promise<void> {
      this.#load().sweeps.later(what);
      this.#schedule();
    }

    async profileChanged(person: Person): Promise<void> {
      const { list, meta, profile } = this.#load();
      if (meta.get(KEY.gone) !== undefined || meta.get(KEY.erasing) !== undefined) return;
      profile.changed(person, list.everIds());
      // Whatever cuts this off, the alarm goes on with it.
      this.#schedule();
      await this.#tried(() => profile.spread());
    }

    async erase(actor: Actor, ghost: Person): Promise<void> {
      const { meta, profile } = this.#load();
      // No chat is to learn of a name any more.
      profile.drop();
      if (meta.get(KEY.owner) === undefined) {
        meta.set(KEY.owner, JSON.stringify({ appId: actor.appId, username: ghost.username }));
      }
      meta.set(KEY.erasing, JSON.stringify(ghost));
      this.#schedule();
      await this.endSessions(null, 0);
      await this.#ports.directory.users.erase(this.#user);
      // Nothing that the user still does comes in between.
      const erased = leasesLapse().then(() => this.#eraseNow());
      this.ctx.waitUntil(erased.catch((fault: unknown) => this.#fault("erase", fault, { user: this.#user })));
    }

    async #eraseNow(): Promise<void> {
      const { meta, list, presence, subscribers, sweeps } = this.#load();
      const value = meta.get(KEY.erasing);
      if (value === undefined) return;
      const ghost = stored<Person>(value);
      await this.#ports.directory.users.erase(this.#user);
      const [fault] = await triedInBatches(list.everIds(), async (chat) =>
        unwrapIfFound(await chatStub(this.env, chat).personErased(ghost)),
      );
      await sweeps.orphans(Infinity);
      if (fault !== undefined) throw fault;
      await presence.told();
      list.clear();
      subscribers.clear();
      meta.set(KEY.gone, "1");
      meta.delete(KEY.erasing);
    }

    async eraseWithApp(): Promise<void> {
      // From here on no connection is taken, and nothing that chats bring.
      this.#load().meta.set(KEY.gone, "1");
      await this.endSessions(null, 0);
      const { list, presence, sweeps } = this.#load();
      await sweeps.orphans(Infinity);
      await presence.told();
      // What is still gathered must not come after it.
      list.drop();
      await this.ctx.storage.deleteAll();
      this.#open = undefined;
      this.#alarmAt = null;
      this.#load().meta.set(KEY.gone, "1");
    }

    // ---- alarm ------------------------------------------------------------------------------------------------

    /** What it throws is logged, and thrown on: the runtime tries it again. */
    override async alarm(): Promise<void> {
      try {
        await this.#alarm();
      } catch (fault) {
        this.#fault("alarm", fault, { user: this.#user });
        throw fault;
      }
    }

    async #alarm(): Promise<void> {
      this.#alarmAt = null;
      const now = Date.now();
      const { meta, connections, closings, presence, profile, sweeps } = this.#load();
      this.#end(connections.expired(now), "the token has expired");
      const offlineAt = meta.get(KEY.offlineAt);
      if (offlineAt !== undefined && Number(offlineAt) <= now) {
        meta.delete(KEY.offlineAt);
        this.#tellPresence();
      }
      const told = presence.again();
      await this.#tried(() => this.#close(closings.ids, "the token was ended"));
      // Each gets its turn, whatever becomes of the others.
      await this.#tried(() => sweeps.run(now));
      await this.#tried(() => profile.spread());
      await this.#tried(() => this.#eraseNow());
      await told;
      this.#schedule();
    }

    /** Does what the alarm does again if it fails. */
    async #tried(work: () => Promise<void>): Promise<void> {
      try {
        await work();
      } catch (fault) {
        this.#fault("alarm", fault, { user: this.#user });
      }
    }

    /** Arms the alarm for the next thing that is due, if it is not armed for then already. */
    #schedule(): void {
      const due = this.#nextDue();
      if (due === undefined) return;
      const arm = async (): Promise<void> => {
        if (this.#alarmAt === undefined) this.#alarmAt = await this.ctx.storage.getAlarm();
        if (this.#alarmAt !== null && this.#alarmAt <= due) return;
        this.#alarmAt = due;
        await this.ctx.storage.setAlarm(due);
      };
      this.ctx.waitUntil(arm());
    }

    #nextDue(): number | undefined {
      const { meta, connections, closings, presence, profile, sweeps } = this.#load();
      const times = [connections.nextExpiry(), sweeps.nextDue(), presence.nextDue()];
      const offlineAt = meta.get(KEY.offlineAt);
      if (offlineAt !== undefined) times.push(Number(offlineAt));
      const isToBeTried = profile.isOnItsWay || closings.ids.length > 0 || meta.get(KEY.erasing) !== undefined;
      if (isToBeTried) times.push(Date.now() + RETRY_MS);
      return times.reduce((first, time) => (time === undefined ? first : Math.min(first ?? time, time)), undefined);
    }
  };
}
