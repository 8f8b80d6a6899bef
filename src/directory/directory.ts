/**
 * The directory over D1: its parts put together. Knows which part keeps what; holds no statement of its own.
 */

import type { OperatorDirectory } from "../core/operators.ts";
import type { Directory } from "../core/ports.ts";
import { createAppErasure } from "./app-erasure.ts";
import { createAppRecords } from "./app-records.ts";
import { createApps } from "./apps.ts";
import { createAttachments } from "./attachments.ts";
import { createChats } from "./chats.ts";
import { createOperators } from "./operators.ts";
import { createRooms } from "./rooms.ts";
import { createTenantTokens } from "./tenant-tokens.ts";
import { createTokens } from "./tokens.ts";
import { createUsers } from "./users.ts";

export interface DirectoryOptions {
  /** The default app is open, whatever its row says. */
  readonly defaultAppOpen: boolean;
}

export function createDirectory(db: D1Database, options: DirectoryOptions): Directory & OperatorDirectory {
  return {
    apps: createApps(db, options.defaultAppOpen),
    users: createUsers(db),
    tokens: createTokens(db),
    chats: createChats(db),
    rooms: createRooms(db),
    attachments: createAttachments(db),
    operators: createOperators(db),
    appRecords: createAppRecords(db, options.defaultAppOpen),
    appErasure: createAppErasure(db),
    tenantTokens: createTenantTokens(db),
  };
}
