/** Who may do what in a chat: pure rules over kind and roles. Knows nothing of storage. */

import { denied, refused } from "./errors.ts";
import type { ChatKind } from "./chat.ts";
import type { UserId } from "./ids.ts";
import type { Role } from "./people.ts";

const RANK: Record<Role, number> = { member: 0, admin: 1, owner: 2 };

function refuseDirect(kind: ChatKind): void {
  if (kind === "direct") {
    throw refused("direct", "A direct chat is between its two people: it has no title and no other members.");
  }
}

/** Any member may rename a group. @throws access.denied */
export function checkRename(kind: ChatKind): void {
  refuseDirect(kind);
}

/** Any member may add people; only the owner may add them as admins. There is one owner: the role passes on. @throws access.denied */
export function checkAdd(kind: ChatKind, actor: Role, role: Role): void {
  refuseDirect(kind);
  if (role === "owner") throw denied("Only a member becomes the owner: add them first.");
  if (role !== "member" && actor !== "owner") throw denied("Only the owner gives roles.");
}

/** Only the owner changes roles. @throws access.denied */
export function checkRole(kind: ChatKind, actor: Role): void {
  refuseDirect(kind);
  if (actor !== "owner") throw denied("Only the owner gives roles.");
}

/** Everyone may leave; the owner and admins remove those below them. @throws access.denied */
export function checkRemove(
  kind: ChatKind,
  actor: { id: UserId; role: Role },
  target: { id: UserId; role: Role },
): void {
  refuseDirect(kind);
  if (actor.id === target.id) return;
  if (RANK[actor.role] < RANK.admin || RANK[actor.role] <= RANK[target.role]) {
    throw denied("Only the owner or an admin removes others.");
  }
}

/** Either side erases a direct chat; only the owner erases another. @throws access.denied */
export function checkErase(kind: ChatKind, actor: Role): void {
  if (kind !== "direct" && actor !== "owner") throw denied("Only the owner erases this chat.");
}

/** Only the author edits. @throws access.denied */
export function checkEdit(actor: UserId, author: UserId): void {
  if (actor !== author) throw denied("Only its author edits a message.", "message");
}

/** The author deletes a message; in a group its owner and admins do too. @throws access.denied */
export function checkDelete(kind: ChatKind, actor: { id: UserId; role: Role }, author: UserId): void {
  if (actor.id === author) return;
  if (kind === "direct" || RANK[actor.role] < RANK.admin) throw denied("Only its author deletes a message.", "message");
}

/** Who owns the chat when the owner has left: the first of the highest role among those in the order in which they came. */
export function heir<M extends { readonly role: Role }>(remaining: readonly M[]): M | undefined {
  return remaining.find((member) => member.role === "admin") ?? remaining[0];
}
