/** The use cases: the only thing that dialects call. Puts them together over the ports; does nothing itself. */

import { createAttachments } from "./attachments.ts";
import { createAuth } from "./auth.ts";
import { createChats } from "./chats.ts";
import type { ServicePorts } from "./ports.ts";
import { createRooms } from "./rooms.ts";
import { createTenants } from "./tenants.ts";
import { createUsers } from "./users.ts";

export function createService(ports: ServicePorts) {
  const auth = createAuth(ports);
  return {
    auth,
    tenants: createTenants(auth),
    users: createUsers(ports),
    chats: createChats(ports),
    rooms: createRooms(ports),
    attachments: createAttachments(ports),
  };
}

export type Service = ReturnType<typeof createService>;
