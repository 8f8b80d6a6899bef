/** What Socket.IO 2 (protocol 4, over Engine.IO 3) wants otherwise than Socket.IO 3 and 4. Knows packets only. */

import type { Version } from "../engine/packets.ts";
import type { Json } from "../ports.ts";
import type { Encoded, Packet } from "./codec.ts";
import { PacketType, encode } from "./codec.ts";

/** Version 2 joins the root namespace without asking. */
export const joinsRootUnasked = (version: Version): boolean => version === 3;

/** What a CONNECT asks for. Version 2 puts what it has to say into a query behind the name. */
export function readConnect({ nsp, data }: Packet, version: Version): { namespace: string; auth: Json } {
  if (version === 4) return { namespace: nsp.split("?")[0] ?? nsp, auth: (data ?? {}) as Json };
  const [namespace = nsp, query = ""] = nsp.split("?", 2);
  return { namespace, auth: Object.fromEntries(new URLSearchParams(query)) };
}

/** The id of a socket: version 2 makes it up by itself, from the session's. */
export function socketId(version: Version, sid: string, namespace: string): string {
  if (version === 4) return crypto.randomUUID().replaceAll("-", "");
  return namespace === "/" ? sid : `${namespace}#${sid}`;
}

/** The answer to a CONNECT that is granted. */
export function connected(version: Version, namespace: string, ids: { sid: string; pid?: string }): Encoded {
  return encode({ type: PacketType.CONNECT, nsp: namespace, ...(version === 4 ? { data: ids } : {}) });
}

/** The answer to a CONNECT that is refused: in version 2 an ERROR that is only the text, or the data instead. */
export function refused(version: Version, namespace: string, error: { message: string; data?: Json }): Encoded {
  const data = version === 4 ? error : (error.data ?? error.message);
  return encode({ type: PacketType.CONNECT_ERROR, nsp: namespace, data });
}
