/** What a connection of `events` hears unasked: messages, each on both of its names. Knows no connection. */

import type { Encode } from "../../core/wire.ts";
import { encodeEvent } from "../../socketio/protocol/codec.ts";
import type { Render } from "./render.ts";

const NOTHING = { for: () => [] };

export function createEncode(render: Render): Encode {
  return (event, origin) => {
    if (event.type !== "message.created") return NOTHING;
    const body = render.message(event.message, origin);
    const packets = ["new-message", `/chat/${event.chatId}/new-message`].map(
      (name) => encodeEvent("/", name, [body])[0],
    );
    return { for: () => packets };
  };
}
