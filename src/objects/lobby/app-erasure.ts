/**
 * Deletes an app with all that is its own, in steps that may be done twice: cut off anywhere, the Lobby's alarm goes on.
 * Objects and files go before the rows that lead to them. Knows the order of the steps; holds no state.
 */

import type { AppId, ChatId, UserId } from "../../core/ids.ts";
import { chatId } from "../../core/ids.ts";
import type { AppErasure } from "../../core/operators.ts";
import { inBatches } from "../in-batches.ts";

export interface AppErasurePorts {
  readonly directory: AppErasure;
  /** Chats whose erasing was begun: their rows go first, so that nothing else leads to what is left of them. */
  readonly begun: { get(): ChatId[]; set(chats: readonly ChatId[]): void };
  /** @throws Error where it could not be finished */
  readonly eraseChat: (chat: ChatId) => Promise<void>;
  readonly eraseInbox: (user: UserId) => Promise<void>;
  /** Removes up to a thousand of the app's files, whatever the directory knows of them. False: there are none left. */
  readonly removeFiles: (app: AppId) => Promise<boolean>;
}

/** How many objects are called at the same time: each has others to call. */
const AT_ONCE = 10;

/** Does a bounded piece of the work, because one run of an object may only call so many others. True: all is gone. */
export async function eraseSomeOfApp(app: AppId, ports: AppErasurePorts): Promise<boolean> {
  const found = (await ports.directory.chats(app)).map(chatId);
  const chats = [...new Set([...ports.begun.get(), ...found])];
  if (chats.length > 0) {
    ports.begun.set(chats);
    // Before the users, because they still have something to tell their members' Inboxes.
    await inBatches(chats, ports.eraseChat, AT_ONCE);
    ports.begun.set([]);
    return false;
  }
  const users = await ports.directory.users(app);
  await inBatches(users, ports.eraseInbox, AT_ONCE);
  if (users.length > 0) {
    await ports.directory.forgetUsers(users);
    return false;
  }
  if (await ports.removeFiles(app)) return false;
  return ports.directory.forgetApp(app);
}
