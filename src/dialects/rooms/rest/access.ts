/**
 * Who calls the REST of `rooms`: an operator by their token, or a tenant's server by its app's key. Knows headers; what an
 * operator may do the service says.
 */

import type { Context } from "hono";
import { isFailure } from "../../../core/errors.ts";
import { appId } from "../../../core/ids.ts";
import type { AppId } from "../../../core/ids.ts";
import type { AppRecord, Operator } from "../../../core/operators.ts";
import type { Http } from "../../http.ts";
import { badInput, badKey, badToken, noApp, noToken } from "./errors.ts";
import { appNamed, idIn } from "./input.ts";

/** Whoever may speak for apps. */
export interface Manager {
  /** The app of a UUID or number, if the caller may speak for it. Undefined: the one that the request names elsewhere. @throws App Not Found */
  app(named: string | undefined): Promise<AppRecord>;
  /** The app of this id, where the caller may speak for it. */
  appById(id: AppId): Promise<AppRecord | null>;
}

/** The operator of `Authorization: <jwt>`, with or without `Bearer`. @throws No token provided, Invalid token */
export async function operatorOf(c: Context<Http>): Promise<Operator> {
  const token = (c.req.header("authorization") ?? "").replace(/^Bearer(\s+|$)/i, "").trim();
  if (token === "") throw noToken();
  try {
    return await c.get("service").operators.authenticate(token);
  } catch (thrown) {
    throw isFailure(thrown, "auth.invalid") ? badToken() : thrown;
  }
}

/** An app by what names it: its UUID, or its number. */
export const appIn = (named: string): AppId | string => {
  const id = idIn(named);
  return id === null ? named : appId(id);
};

/** The operator's app that a path names. @throws App Not Found */
export const operatorsApp = (c: Context<Http>, operator: Operator, named: string): Promise<AppRecord> =>
  c.get("service").apps.find(operator, appIn(named));

/** By `X-App-Key`, else by an operator's token. @throws No token provided, Invalid token, Invalid key */
export async function managerOf(c: Context<Http>): Promise<Manager> {
  const { apps } = c.get("service");
  const key = c.req.header("x-app-key");
  if (key !== undefined) {
    const app = await apps.findByKey(key);
    if (app === null) throw badKey();
    const own = (fits: boolean): AppRecord => {
      if (!fits) throw noApp();
      return app;
    };
    return {
      async app(named = appNamed(c)) {
        return own(named === undefined || [app.uuid, String(app.id)].includes(named.toLowerCase()));
      },
      appById: async (id) => (id === app.id ? app : null),
    };
  }
  const operator = await operatorOf(c);
  return {
    async app(named = appNamed(c)) {
      if (named === undefined || named === "") throw badInput("appId: is missing");
      return operatorsApp(c, operator, named);
    },
    appById: (id) => apps.ifManaged(operator, id),
  };
}
