/** Apps, as their operators make, change and delete them. Knows no transport. */

import { randomUUID } from "node:crypto";
import { denied, invalid, notFound } from "../core/errors.ts";
import type { Figure } from "../core/figures.ts";
import type { AppId } from "../core/ids.ts";
import { appId } from "../core/ids.ts";
import { leasesLapse } from "../core/leases.ts";
import type { AppPatch, AppRecord, Operator } from "../core/operators.ts";
import type { App, User } from "../core/ports.ts";
import { logFault } from "../log.ts";
import { hashOf, newKey } from "./keys.ts";
import { isAdmin } from "./operators.ts";
import type { ServicePorts } from "./ports.ts";

const DEFAULT_APP = appId(1);

/** How many apps are asked for their figures at the same time. */
const AT_ONCE = 16;

export interface AppFigures {
  readonly app: AppRecord;
  /** Null: they could not be read. */
  readonly figures: readonly Figure[] | null;
}

export interface AppInput {
  readonly name: string;
  readonly verifyUrl?: string | null | undefined;
  readonly jwksUrl?: string | null | undefined;
}

export function createApps({ directory, objects, tenantSystems }: ServicePorts) {
  /** @throws input.invalid where a tenant's address may not be asked */
  function checkUrls(input: Pick<AppPatch, "verifyUrl" | "jwksUrl">): void {
    for (const path of ["verifyUrl", "jwksUrl"] as const) {
      const refusal = input[path] == null ? null : tenantSystems.refusalOf(input[path]);
      if (refusal !== null) throw invalid(path, refusal);
    }
  }

  const mayManage = (operator: Operator, app: AppRecord): boolean => isAdmin(operator) || app.owner === operator.id;

  /** The app of this number or UUID, if it is the operator's. */
  async function ifManaged(operator: Operator, app: AppId | string): Promise<AppRecord | null> {
    const record = await directory.appRecords.find(app);
    return record !== null && mayManage(operator, record) ? record : null;
  }

  /** The same. @throws not_found */
  async function find(operator: Operator, app: AppId | string): Promise<AppRecord> {
    const record = await ifManaged(operator, app);
    if (record === null) throw notFound("app");
    return record;
  }

  /** One app that can't be asked does not keep an operator from the figures of all others. */
  const figuresOf = async (app: AppRecord): Promise<AppFigures> => {
    try {
      return { app, figures: await objects.figures(app.id) };
    } catch (fault) {
      logFault("figures", fault, { app: app.id });
      return { app, figures: null };
    }
  };

  return {
    find,
    ifManaged,

    /** The app whose secret key this is. @throws not_found */
    async findByKey(key: string): Promise<AppRecord | null> {
      const app = await directory.apps.byKeyHash(hashOf(key));
      return app && directory.appRecords.find(app.id);
    },

    /** A new app of `operator`'s; its key is told this once. @throws input.invalid */
    async create(operator: Operator, input: AppInput): Promise<{ app: AppRecord; key: string }> {
      checkUrls(input);
      const key = newKey();
      const app = await directory.appRecords.create({
        uuid: randomUUID(),
        name: input.name,
        keyHash: hashOf(key),
        verifyUrl: input.verifyUrl ?? null,
        jwksUrl: input.jwksUrl ?? null,
        owner: operator.id,
      });
      return { app, key };
    },

    /** One's own apps, an admin's with those that nobody owns; `all`: an admin's view of every app. */
    list(operator: Operator, all: boolean): Promise<AppRecord[]> {
      const admin = isAdmin(operator);
      return directory.appRecords.list(all && admin ? null : operator.id, admin);
    },

    /** @throws not_found, input.invalid */
    async update(operator: Operator, app: AppId | string, patch: AppPatch): Promise<AppRecord> {
      checkUrls(patch);
      const before = await find(operator, app);
      const after = await directory.appRecords.update(before.id, patch);
      if (after === null) throw notFound("app");
      // Whoever came in because the app was open has nothing else to show.
      if (patch.open === false && !after.open) await objects.closeApp(after.id);
      if (patch.retentionDays !== undefined) await objects.retain(after.id);
      return after;
    },

    /** Another key, told this once; what the old one opened is closed before the answer. @throws not_found */
    async rotateKey(operator: Operator, app: AppId | string): Promise<{ app: AppRecord; key: string }> {
      const { id } = await find(operator, app);
      const key = newKey();
      if (!(await directory.appRecords.setKey(id, hashOf(key)))) throw notFound("app");
      await objects.closeApp(id);
      return { app: await find(operator, id), key };
    },

    /** The app is gone at once, for everyone; what it had goes in the background. @throws not_found, access.denied for the default app */
    async remove(operator: Operator, app: AppId | string): Promise<void> {
      const { id } = await find(operator, app);
      if (id === DEFAULT_APP) throw denied("The default app can not be deleted.", "app");
      await objects.eraseApp(id);
      await leasesLapse();
    },

    /** How much there is, and how many are online. @throws not_found */
    async stats(operator: Operator, app: AppId | string): Promise<{ users: number; chats: number; online: number }> {
      const { id } = await find(operator, app);
      const [counts, online] = await Promise.all([directory.appRecords.counts(id), objects.allOnline(id)]);
      return { ...counts, online: online.length };
    },

    /**
     * What was counted of the traffic of each of the operator's apps, of every app for an admin; of one, where it is named.
     * @throws not_found
     */
    async figures(operator: Operator, app: AppId | string | undefined): Promise<AppFigures[]> {
      const all =
        app === undefined
          ? await directory.appRecords.list(isAdmin(operator) ? null : operator.id, false)
          : [await find(operator, app)];
      const figures: AppFigures[] = [];
      for (let at = 0; at < all.length; at += AT_ONCE) {
        figures.push(...(await Promise.all(all.slice(at, at + AT_ONCE).map((one) => figuresOf(one)))));
      }
      return figures;
    },

    figuresOf,

    /** Who is online, by username. */
    async online(app: App): Promise<User[]> {
      const users = await directory.users.findMany(app.id, await objects.allOnline(app.id));
      return users.toSorted((a, b) => (a.username < b.username ? -1 : 1));
    },
  };
}
