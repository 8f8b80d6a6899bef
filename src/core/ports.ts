/**
 * What the use cases need from outside: the directory, files, password hashing, tokens and the objects.
 * Shapes only; the adapters (`directory/`, `attachments/`, `auth/`, `objects/`) implement them.
 */

import type { ChatKind, DetailedChat, ListedChat } from "./chat.ts";
import type { Command, CommandName, CommandOf, LogQuery, ResultOf } from "./commands.ts";
import type { Result } from "./errors.ts";
import type { Figure } from "./figures.ts";
import type { AppId, ChatId, UserId } from "./ids.ts";
import type { Attachment, Json } from "./message.ts";
import type { Actor, Person, Role, Session } from "./people.ts";

export interface App {
  readonly id: AppId;
  readonly uuid: string;
  readonly name: string;
  /** Whether the `events` dialect may be spoken without a key. */
  readonly open: boolean;
}

/** A user as the directory keeps them. */
export interface User extends Person {
  readonly appId: AppId;
}

export interface NewUser {
  readonly username: string;
  readonly name?: string | null | undefined;
  readonly photo?: string | null | undefined;
  readonly email?: string | null | undefined;
  readonly firstName?: string | null | undefined;
  readonly lastName?: string | null | undefined;
  readonly middleName?: string | null | undefined;
  readonly externalId?: string | null | undefined;
  /** In PHC form; without one nobody logs in as this user by password. */
  readonly passwordHash?: string | undefined;
}

export interface UserPatch {
  readonly name?: string | null | undefined;
  readonly photo?: string | null | undefined;
  readonly firstName?: string | null | undefined;
  readonly middleName?: string | null | undefined;
  readonly lastName?: string | null | undefined;
}

export interface Users {
  /** @throws conflict where the username (subject `username`) or the external id (subject `user`) is taken in this app, the former without regard to case; not_found where the app is gone */
  create(app: AppId, user: NewUser): Promise<User>;
  find(app: AppId, id: UserId): Promise<User | null>;
  /** The users of this app among `ids`, in no order. */
  findMany(app: AppId, ids: readonly UserId[]): Promise<User[]>;
  findByUsername(app: AppId, username: string): Promise<User | null>;
  findByExternalId(app: AppId, externalId: string): Promise<User | null>;
  /** Those of `ids`, in no order. */
  findByExternalIds(app: AppId, ids: readonly string[]): Promise<User[]>;
  /** Of whatever app. */
  findAnywhere(id: UserId): Promise<User | null>;
  /** The user who logs in by `login` (username, or e-mail address where it is no username) and their password's hash. */
  credential(app: AppId, login: string): Promise<{ user: User; hash: string } | null>;
  setPassword(id: UserId, hash: string): Promise<void>;
  update(id: UserId, patch: UserPatch): Promise<User | null>;
  /** The account is gone: names and credentials are forgotten, the username is free again, the id stays for old messages. */
  erase(id: UserId): Promise<void>;
  /** By username; `query` matches the beginning of the username or of the name. `after`: the last username of the page before. */
  search(app: AppId, page: { query: string; after: string | null; limit: number }): Promise<User[]>;
}

/** A user, with those settings of their app that hold for each request. */
export interface TokenUser extends User {
  /** A send is refused while its sender has unread messages in the chat. */
  readonly readBeforeSend: boolean;
}

export interface Tokens {
  add(session: Session): Promise<void>;
  /** The user that this token still speaks for, or null: ended, expired, or the account is gone. One query. */
  user(tokenId: string): Promise<TokenUser | null>;
  end(tokenId: string): Promise<void>;
  /** Ends all tokens of a user; those that were ended. `expiresAt`: milliseconds since 1970. */
  endAll(user: UserId): Promise<{ tokenId: string; expiresAt: number }[]>;
}

export interface NewChat {
  readonly appId: AppId;
  readonly kind: "group" | "room";
  readonly title: string | null;
  readonly createdBy: UserId;
  /** With the creator, who owns it. */
  readonly members: readonly UserId[];
  readonly props?: { readonly [key: string]: Json } | undefined;
}

/** A room that belongs to its app: made by it, under a name that is unique there, with the people it puts in. */
export interface NewAppRoom {
  readonly appId: AppId;
  readonly name: string;
  readonly members: readonly UserId[];
  readonly props: { readonly [key: string]: Json };
}

/** Such a room as the directory lists it, without its members. */
export interface AppRoom {
  readonly id: ChatId;
  readonly appId: AppId;
  readonly name: string;
  readonly props: { readonly [key: string]: Json };
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** A chat as it stands in the directory: what its object begins with. */
export interface ChatRecord {
  readonly id: ChatId;
  readonly appId: AppId;
  readonly kind: "direct" | "group" | "room";
  readonly title: string | null;
  /** Of a room that belongs to its app. */
  readonly name: string | null;
  readonly createdBy: UserId;
  readonly createdAt: number;
  readonly props: { readonly [key: string]: Json };
  readonly members: readonly { readonly user: Person; readonly role: Role }[];
}

export interface ChatDirectory {
  /** The one direct chat of two people (or of one with themselves): found or made, also when many ask at the same instant. */
  direct(app: AppId, by: UserId, other: UserId): Promise<{ id: ChatId; created: boolean }>;
  findDirect(app: AppId, a: UserId, b: UserId): Promise<ChatId | null>;
  create(chat: NewChat): Promise<ChatId>;
  load(id: ChatId): Promise<ChatRecord | null>;
  /** Who is in each of `ids`, in the order of joining. */
  membersOf(ids: readonly ChatId[]): Promise<Map<ChatId, UserId[]>>;
  /** The chat's object has taken it over. */
  opened(id: ChatId): Promise<void>;
  /** Chats whose creation by `user` began before `before` (milliseconds) and was cut off. */
  unopened(user: UserId, before: number): Promise<ChatId[]>;
  rename(id: ChatId, title: string | null): Promise<void>;
  /** Sets these members' roles, and makes them members where they are not. */
  setMembers(id: ChatId, members: readonly { user: UserId; role: Role }[]): Promise<void>;
  removeMembers(id: ChatId, users: readonly UserId[]): Promise<void>;
  /** The chat and its memberships are forgotten; its attachments' rows stay until `Attachments.forget`. */
  erase(id: ChatId): Promise<void>;
}

/** The rooms that belong to an app; they are chats besides. */
export interface AppRooms {
  /** @throws conflict where the app has a room of this name, not_found where a member is no user of the app */
  create(room: NewAppRoom): Promise<ChatId>;
  find(app: AppId, name: string): Promise<AppRoom | null>;
  findById(app: AppId, id: ChatId): Promise<AppRoom | null>;
  /** All of an app's, the newest first. */
  list(app: AppId): Promise<AppRoom[]>;
}

/** An attachment as the directory keeps it. */
export interface AttachmentRecord extends Attachment {
  readonly appId: AppId;
  /** Who uploaded it. */
  readonly userId: UserId;
  /** Where it was sent to; null until then. */
  readonly chatId: ChatId | null;
}

export interface AttachmentDirectory {
  add(record: AttachmentRecord): Promise<void>;
  find(id: string): Promise<AttachmentRecord | null>;
  /** Those of `ids` that exist, in no order. */
  findMany(ids: readonly string[]): Promise<AttachmentRecord[]>;
  /**
   * Those of `ids` that `user` uploaded and may send to `chat`: they were sent nowhere, and are held for no other chat. If that
   * is all of them, they are held for it from now on.
   */
  hold(ids: readonly string[], user: UserId, chat: ChatId): Promise<AttachmentRecord[]>;
  /** Notes that these were sent to `chat`; those that are already elsewhere stay there. */
  claim(ids: readonly string[], chat: ChatId): Promise<void>;
  /** At most 500 of what this user uploaded before `before` (milliseconds) and never sent. */
  orphans(user: UserId, before: number): Promise<AttachmentRecord[]>;
  /** At most 500 of a chat's. */
  ofChat(chat: ChatId): Promise<AttachmentRecord[]>;
  forget(ids: readonly string[]): Promise<void>;
}

export interface Directory {
  readonly apps: {
    byUuid(uuid: string): Promise<App | null>;
    byId(id: AppId): Promise<App | null>;
    /** `hash`: SHA-256 of the app's secret key, in lower-case hex. */
    byKeyHash(hash: string): Promise<App | null>;
  };
  readonly users: Users;
  readonly tokens: Tokens;
  readonly chats: ChatDirectory;
  readonly rooms: AppRooms;
  readonly attachments: AttachmentDirectory;
}

export interface Passwords {
  /** A PHC string of the strongest settings in force. */
  hash(password: string): Promise<string>;
  /** `stale`: it fits, and was made with weaker settings than those in force. With null for a hash it takes as long as with one, and never fits. */
  verify(password: string, hash: string | null): Promise<{ fits: boolean; stale: boolean }>;
}

export interface TokenSigner {
  sign(session: Session): Promise<string>;
  /** The session that a token names, if we signed it and it has not expired; says nothing of whether it was ended. */
  verify(token: string): Promise<Session | null>;
}

/** Buckets that hold guesses: of one account, and from one address. */
export interface LoginThrottle {
  /** Takes one try from both buckets. @throws rate.limited */
  take(at: AppId | "operators", login: string, address: string): Promise<void>;
  /** The try succeeded: the account's bucket is full again, and the address gets its try back. */
  succeeded(at: AppId | "operators", login: string, address: string): Promise<void>;
}

/** Bytes of attachments, under `app/attachment`. */
export interface Files {
  remove(records: readonly { appId: AppId; id: string }[]): Promise<void>;
  /** Removes up to a thousand of an app's. False: there were none. */
  removeSome(app: AppId): Promise<boolean>;
}

/** The objects, as the use cases call them. */
export interface Objects {
  /** Asks a chat to do `command` for `actor`; `origin` is the connection that will have the answer. */
  command<Name extends CommandName>(
    chat: ChatId,
    actor: Actor,
    command: CommandOf<Name>,
    origin?: string | null,
  ): Promise<ResultOf<Name>>;
  /** Asks a chat to do these, in this order, in one call; the answer of each. */
  commands(
    chat: ChatId,
    actor: Actor,
    commands: readonly Command[],
    origin: string | null,
  ): Promise<readonly Result<ResultOf<CommandName>>[]>;
  /** A part of a chat's log as `/v1` writes it: JSON, with links that begin with `origin`. */
  readLog(chat: ChatId, actor: Actor, query: LogQuery, origin: string): Promise<string>;
  /** The chat takes over from the directory, and its members' lists learn of it; `origin` is the connection that asked for it. */
  open(chat: ChatId, actor: Actor, origin: string | null): Promise<DetailedChat>;
  isMember(chat: ChatId, actor: Actor): Promise<boolean>;
  list(user: UserId, page: ListPage): Promise<{ items: ListedChat[]; next: string | null }>;
  /** Unread messages of all chats of a kind, added up. */
  unreadSum(user: UserId): Promise<{ direct: number; room: number; group: number }>;
  /** The connection `watcher` hears of this user's presence from now on; whether they are online. */
  watch(user: UserId, watcher: string): Promise<boolean>;
  unwatch(user: UserId, watcher: string): Promise<void>;
  /** When this user's last connection closed (milliseconds since 1970); null while one is open, or where none ever was. */
  lastSeen(user: UserId): Promise<number | null>;
  /** The connection `listener` hears what is ephemeral in a chat (or no longer). */
  hear(chat: ChatId, actor: Actor, listener: string, on: boolean): Promise<void>;
  /** It does, and is in the room: all who are there hear of it. */
  enter(chat: ChatId, actor: Actor, listener: string, shownAs: string): Promise<void>;
  online(app: AppId, users: readonly UserId[]): Promise<Set<UserId>>;
  /** What this user begins now is cleared up, or brought to its end, some time later if it was cut off. */
  sweepLater(user: UserId, what: Sweep): Promise<void>;
  /** Closes at once all connections that this session's token opened. */
  endSessions(session: Session): Promise<void>;
  /** Ends all tokens of a user, and closes at once the connections that they opened. */
  endAllSessions(user: UserId): Promise<void>;
  /** The user's new name and photo reach every chat that they are in. */
  profileChanged(user: Person): Promise<void>;
  /** The account is gone: the directory forgets it, the user leaves every chat, their connections close, their list is gone. */
  eraseUser(actor: Actor, ghost: Person): Promise<void>;
  /** All users of the app who are online. */
  allOnline(app: AppId): Promise<UserId[]>;
  /** The app is deleted: nothing finds it from now on, its connections are closed, and all that is its own goes, whatever interrupts it. */
  eraseApp(app: AppId): Promise<void>;
  /** News for everyone in the app. */
  announce(app: AppId, news: { type: "user.joined" | "user.left"; userId: UserId; username: string }): Promise<void>;
  /** What was counted of the app's traffic so far; what its objects counted in the last minute may be missing. */
  figures(app: AppId): Promise<readonly Figure[]>;
  /** How long messages of the app are kept has been set: soon, and then once a day, the older ones are deleted. */
  retain(app: AppId): Promise<void>;
  /** Closes at once the connections that the app's key opened, or that were opened because the app is open. */
  closeApp(app: AppId): Promise<void>;
}

/** Chats whose creation was cut off, or uploads that no message took up. */
export type Sweep = "chats" | "files";

export interface ListPage {
  /** Only chats of these kinds. */
  readonly kinds?: readonly ChatKind[] | undefined;
  readonly unreadOnly?: boolean | undefined;
  readonly limit: number;
  /** Opaque; from the page before. */
  readonly cursor?: string | undefined;
}
