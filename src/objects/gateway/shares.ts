/**
 * Connections of one user by one token, in one Gateway. The first is known to the user's Inbox by itself, so that nobody is
 * told what only they said; those that come while it stands share one entry there. Knows ids; knows no socket and no object.
 */

import type { Session } from "../../core/people.ts";
import { connectionId } from "../sockets.ts";

/** Connections that the Inbox knows as one. */
export interface Share {
  /** What it is known by, as if it were a connection. */
  readonly id: string;
  readonly session: Session;
  /** By their own ids; also those that are being opened. */
  readonly members: Set<string>;
  /** The Inbox has let it stand before. */
  isEntered: boolean;
  /** What the Inbox has said, or is being asked: the user's name; null: the token has ended. */
  asked: { readonly at: number; readonly answer: Promise<string | null> } | undefined;
}

/** What stands by one token. */
interface Standing {
  readonly key: string;
  alone: number;
  /** Takes those that come. */
  share: Share | undefined;
}

interface Place {
  readonly standing: Standing;
  readonly share: Share | null;
}

export class Shares {
  readonly #place: string;
  readonly #byToken = new Map<string, Standing>();
  readonly #byId = new Map<string, Share>();
  readonly #places = new Map<string, Place>();

  /** @param place the Gateway's name */
  constructor(place: string) {
    this.#place = place;
  }

  /** A connection is being opened: what it shares; null: it is entered by itself. */
  join(id: string, session: Session): Share | null {
    const standing = this.#standing(session);
    const isFirst = standing.alone === 0 && standing.share === undefined;
    const share = isFirst ? null : (standing.share ?? this.#share(connectionId(this.#place), session));
    standing.share = share ?? undefined;
    this.#put(id, { standing, share });
    return share;
  }

  /** One that there was before the object was evicted. @param share the id of what it shares, if it does @param isOpen it has not been closed since */
  restore(id: string, session: Session, share: string | null, isOpen: boolean): void {
    const standing = this.#standing(session);
    const shared = share === null ? null : (this.#byId.get(share) ?? this.#share(share, session));
    if (shared !== null) shared.isEntered = true;
    if (shared !== null && isOpen) standing.share = shared;
    this.#put(id, { standing, share: shared });
  }

  #standing({ userId, tokenId }: Session): Standing {
    const key = `${userId}/${tokenId}`;
    const known = this.#byToken.get(key) ?? { key, alone: 0, share: undefined };
    this.#byToken.set(key, known);
    return known;
  }

  #share(id: string, session: Session): Share {
    const share: Share = { id, session, members: new Set(), isEntered: false, asked: undefined };
    this.#byId.set(id, share);
    return share;
  }

  #put(id: string, place: Place): void {
    this.#places.set(id, place);
    if (place.share === null) place.standing.alone++;
    else place.share.members.add(id);
  }

  get(id: string): Share | undefined {
    return this.#byId.get(id);
  }

  /** A connection is gone. What the Inbox has to be told is gone, by its id; null: others share it, or it was told. */
  leave(id: string): string | null {
    const place = this.#places.get(id);
    if (place === undefined) return id;
    const { standing, share } = place;
    this.#places.delete(id);
    if (share === null) standing.alone--;
    else share.members.delete(id);
    const wasLast = share?.members.size === 0 && this.end(share.id) !== undefined;
    this.#tidy(standing);
    if (share === null) return id;
    return wasLast ? share.id : null;
  }

  /** Nobody shares it any more, whoever is still there; undefined: nobody did. */
  end(id: string): Share | undefined {
    const share = this.#byId.get(id);
    if (share === undefined) return undefined;
    this.#byId.delete(id);
    const standing = this.#standing(share.session);
    if (standing.share === share) standing.share = undefined;
    this.#tidy(standing);
    return share;
  }

  #tidy(standing: Standing): void {
    const isEmpty = standing.alone === 0 && standing.share === undefined;
    if (isEmpty && this.#byToken.get(standing.key) === standing) this.#byToken.delete(standing.key);
  }
}
