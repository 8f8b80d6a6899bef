/** Who may connect: whoever brings an app's secret key, and anyone where the app is open. Knows no event. */

import { isFailure } from "../../core/errors.ts";
import type { App } from "../../core/ports.ts";
import type { Connection } from "../../core/wire.ts";
import type { Service } from "../../service/service.ts";
import type { Handshake } from "../../socketio/protocol/handlers.ts";

/** The key that a client brings: in `auth` (version 4) or in the query; null: none. What is no string is no key of anyone's. */
function keyOf({ auth, query }: Pick<Handshake, "auth" | "query">): string | null {
  const given =
    typeof auth === "object" && auth !== null && !Array.isArray(auth) && Object.hasOwn(auth, "key")
      ? (auth as { readonly key?: unknown }).key
      : undefined;
  const key = given ?? query["key"] ?? "";
  if (typeof key !== "string") return "\0";
  return key === "" ? null : key;
}

export function createAccess({ auth }: Service) {
  /** The app that a connection may act for, or null. Without a key: the app of the query `app`, else the default one. */
  async function appOf(handshake: Pick<Handshake, "auth" | "query">): Promise<App | null> {
    const key = keyOf(handshake);
    if (key !== null) return auth.appByKey(key);
    try {
      const app = await auth.app(handshake.query["app"] || null);
      return app.open ? app : null;
    } catch (thrown) {
      if (isFailure(thrown, "not_found")) return null;
      throw thrown;
    }
  }

  /** Whether `connection` may act for the app that it names; it does from now on. */
  return async function admit(handshake: Pick<Handshake, "auth" | "query">, connection: Connection): Promise<boolean> {
    const app = await appOf(handshake);
    if (app === null) return false;
    // What it hears it hears for one app alone.
    if (connection.app !== null && connection.app !== app.id) return false;
    await connection.serve(app.id);
    // From here on a change of the key ends it; one that came just before is seen now.
    return (await appOf(handshake))?.id === app.id;
  };
}
