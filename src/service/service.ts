/** The use cases: the only thing that dialects call. Puts them together over the ports; does nothing itself. */

import { createApps } from "./apps.ts";
import { createAttachments } from "./attachments.ts";
import { createAuth } from "./auth.ts";
import { createChats } from "./chats.ts";
import { createOperators } from "./operators.ts";
import type { ServicePorts } from "./ports.ts";
import { createRooms } from "./rooms.ts";
import { createTenants } from "./tenants.ts";
import { createUsers } from "./users.ts";

export function createService(ports: ServicePorts) {
  const auth = createAuth(ports);
  return {
    auth,
    users: createUsers(ports),
    chats: createChats(ports),
    rooms: createRooms(ports),
    operators: createOperators(ports),
    apps: createApps(ports),
    tenants: createTenants(ports, auth),
    attachments: createAttachments(ports),
  };
}

export type Service = ReturnType<typeof createService>;
