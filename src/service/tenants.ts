/**
 * Who a token speaks for that a tenant's own system has issued. For now only our own user tokens stand here: registered
 * tokens, verification addresses and key sets take this module's place.
 */

import type { Caller, createAuth } from "./auth.ts";

export function createTenants(auth: Pick<ReturnType<typeof createAuth>, "authenticate">) {
  return {
    /**
     * Who `token` speaks for. `appUuid`: the app in which a token that several apps might have issued is looked for; null:
     * the token itself says. @throws auth.invalid
     */
    authenticate: (token: string, _appUuid: string | null): Promise<Caller> => auth.authenticate(token),
  };
}
