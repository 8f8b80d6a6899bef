/**
 * Knows which of two states of a chat says what about it.
 * Must not know where they come from.
 */

import type { Chat } from "../api/shapes.ts";

/**
 * A chat as the server tells it, where a state of it is known: the list may have been on its way while messages came, and
 * says nothing of them. About those, what is known is newer.
 */
export const newest = (told: Chat, known: Chat): Chat =>
  known.last_seq <= told.last_seq
    ? told
    : {
        ...told,
        last_message: known.last_message,
        last_seq: known.last_seq,
        updated_at: known.updated_at,
        unread: known.unread,
      };
