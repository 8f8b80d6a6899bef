/** Who may connect: whoever brings an app's secret key, and anyone where the app is open. Knows no event. */

import { z } from "zod";
import { isFailure } from "../../core/errors.ts";
import type { App } from "../../core/ports.ts";
import type { Connection } from "../../core/wire.ts";
import type { Service } from "../../service/service.ts";
import type { Handshake } from "../../socketio/protocol/handlers.ts";

/** What a client brings: in `auth` only version 4. */
type Brought = Pick<Handshake, "auth" | "query">;

const authInput = z.object({ key: z.unknown() });

/** The key that a client brings, of whatever type; null: none. */
function keyOf({ auth, query }: Brought): unknown {
  const given = authInput.safeParse(auth).data?.key ?? query["key"] ?? "";
  return given === "" ? null : given;
}

export function createAccess({ auth }: Service) {
  /** The app that a connection may act for, or null. Without a key: the app of the query `app`, else the default one. */
  async function appOf(handshake: Brought): Promise<App | null> {
    const key = keyOf(handshake);
    if (key !== null) return typeof key === "string" ? auth.appByKey(key) : null;
    try {
      const app = await auth.app(handshake.query["app"] || null);
      return app.open ? app : null;
    } catch (thrown) {
      if (isFailure(thrown, "not_found")) return null;
      throw thrown;
    }
  }

  /** Whether `connection` may act for the app that it names; it does from now on. */
  return async function admit(handshake: Brought, connection: Connection): Promise<boolean> {
    const app = await appOf(handshake);
    if (app === null) return false;
    // What it hears it hears for one app alone.
    if (connection.app !== null && connection.app !== app.id) return false;
    await connection.serve(app.id);
    // From here on a change of the key ends it; one that came just before is seen now.
    return (await appOf(handshake))?.id === app.id;
  };
}
