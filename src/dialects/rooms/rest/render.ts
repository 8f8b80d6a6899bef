/** Operators and apps as the REST of `rooms` shows them. Pure. */

import type { AppRecord, Operator } from "../../../core/operators.ts";

export const renderSession = ({ token, operator }: { token: string; operator: Operator }) => ({
  token,
  firstName: operator.firstName ?? "",
  lastName: operator.lastName ?? "",
  email: operator.email,
});

export const renderApp = (app: AppRecord) => ({
  id: app.id,
  applicationId: app.uuid,
  name: app.name,
  verifyUrl: app.verifyUrl,
  jwksUrl: app.jwksUrl,
  open: app.open,
  readBeforeSend: app.readBeforeSend,
  retentionDays: app.retentionDays,
  hasKey: app.hasKey,
  createdAt: new Date(app.createdAt).toISOString(),
});

/** With its key, which is told this once. */
export const renderKeyed = ({ app, key }: { app: AppRecord; key: string }) => ({ ...renderApp(app), key });
