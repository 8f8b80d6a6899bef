/** The objects as the use cases call them. Knows stubs and how failures travel; decides nothing. */

import type { Command, CommandName, CommandOf, ResultOf } from "../core/commands.ts";
import { unwrap } from "../core/errors.ts";
import type { ChatId } from "../core/ids.ts";
import type { Actor } from "../core/people.ts";
import type { Objects } from "../core/ports.ts";
import type { ObjectBindings } from "./rpc.ts";
import { chatStub, inboxStub, lobbyStub } from "./rpc.ts";

export function createObjects(env: ObjectBindings): Objects {
  return {
    async command<Name extends CommandName>(
      chat: ChatId,
      actor: Actor,
      command: CommandOf<Name>,
      origin: string | null = null,
    ): Promise<ResultOf<Name>> {
      // A chat answers each command with the result of that command.
      const result: unknown = unwrap(await chatStub(env, chat).execute(actor, command as Command, origin));
      return result as ResultOf<Name>;
    },
    commands: (chat, actor, commands, origin) => chatStub(env, chat).executeAll(actor, commands, origin),
    async readLog(chat, actor, query, origin) {
      return unwrap(await chatStub(env, chat).readLog(actor, query, origin));
    },
    async open(chat, actor, origin) {
      return unwrap(await chatStub(env, chat).open(actor, origin));
    },
    isMember: (chat, actor) => chatStub(env, chat).isMember(actor),
    async list(user, page) {
      return unwrap(await inboxStub(env, user).list(page));
    },
    unreadSum: (user) => inboxStub(env, user).unreadSum(),
    watch: (user, watcher) => inboxStub(env, user).watch(watcher),
    unwatch: (user, watcher) => inboxStub(env, user).unwatch(watcher),
    lastSeen: (user) => inboxStub(env, user).lastSeen(),
    async hear(chat, actor, listener, on) {
      unwrap(await chatStub(env, chat).hear(actor, listener, on));
    },
    async enter(chat, actor, listener, shownAs) {
      unwrap(await chatStub(env, chat).enter(actor, listener, shownAs));
    },
    async online(app, users) {
      return users.length === 0 ? new Set() : new Set(await lobbyStub(env, app).online(users));
    },
    sweepLater: (user, what) => inboxStub(env, user).sweepLater(what),
    endSessions: (session) => inboxStub(env, session.userId).endSessions(session.tokenId, session.expiresAt),
    endAllSessions: (user) => inboxStub(env, user).endAllSessions(),
    profileChanged: (person) => inboxStub(env, person.id).profileChanged(person),
    eraseUser: (actor, ghost) => inboxStub(env, actor.userId).erase(actor, ghost),
    announce: (app, news) => lobbyStub(env, app).announce(app, news),
    allOnline: (app) => lobbyStub(env, app).allOnline(),
    figures: (app) => lobbyStub(env, app).figures(),
    eraseApp: (app) => lobbyStub(env, app).eraseApp(app),
    retain: (app) => lobbyStub(env, app).retain(app),
    closeApp: (app) => lobbyStub(env, app).closeApp(app),
  };
}
