/** The requests of `messenger`: its Socket.IO path, and `/api` for accounts and uploads. */

import { Hono } from "hono";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { failureOf, invalid, isFailure } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Caller } from "../../service/auth.ts";
import { fieldsOf, wholeBody } from "../body.ts";
import type { Http } from "../http.ts";
import { addressOf, appOf, callerOf, everyOrigin } from "../http.ts";
import { answerSocketIo } from "../socket-io.ts";
import { describe } from "./describe.ts";
import { bodyTooLarge, errorResponse, forbidden, MessengerError, noRoute, unauthorized, unreadable } from "./errors.ts";
import type { Render } from "./render.ts";
import { accountBody, accountInput, createdOutput, tokenOutput, uploadedOutput } from "./schemas.ts";

/** @throws 403 */
async function bearerOf(c: Context<Http>): Promise<Caller> {
  try {
    return await callerOf(c);
  } catch (thrown) {
    if (isFailure(thrown, "auth.required") || isFailure(thrown, "auth.invalid")) throw forbidden();
    throw thrown;
  }
}

const bodyOf = async (c: Context<Http>) => accountBody.parse(await fieldsOf(c, unreadable));

function accountRoutes(): Hono<Http> {
  const routes = new Hono<Http>();

  routes.post(
    "/auth/register",
    describe("Make an account", { 201: createdOutput }, [400, 404, 409], { body: accountInput, open: true }),
    async (c) => {
      const account = await bodyOf(c);
      await c.get("service").auth.register(await appOf(c), account);
      return c.json({ message: "Created" }, 201);
    },
  );

  routes.post(
    "/auth/login",
    describe("Log in", { 200: tokenOutput }, [401, 404, 429], { body: accountInput, open: true }),
    async (c) => {
      const { username, password } = await bodyOf(c);
      const app = await appOf(c);
      // What can be nobody's is not worth a guess.
      if (username === "" || username.length > LIMITS.email || password.length > 4 * LIMITS.passwordMax) {
        throw unauthorized();
      }
      const { token } = await c.get("service").auth.login(app, username, password, addressOf(c.req.raw));
      return c.json({ token });
    },
  );

  routes.delete(
    "/auth/account",
    describe("Delete one's account", { 204: "The account is gone; its messages stay." }, [403]),
    async (c) => {
      await c.get("service").auth.erase(await bearerOf(c));
      return c.body(null, 204);
    },
  );

  return routes;
}

function uploadRoutes(render: Render): Hono<Http> {
  const routes = new Hono<Http>();
  routes.post(
    "/upload/files",
    describe("Upload 1 to 4 files, for a message to take up", { 200: uploadedOutput }, [400, 403], {
      form: { type: "object", required: ["files"], properties: { files: FILES } },
    }),
    async (c) => {
      const { session } = await bearerOf(c);
      const { body } = c.req.raw;
      if (body === null) throw invalid("files", "is missing");
      const length = c.req.header("content-length");
      const upload = {
        body,
        contentType: c.req.header("content-type") ?? null,
        contentLength: length === undefined ? null : Number(length),
        name: null,
      };
      const stored = c.get("service").attachments.uploadForm(session, upload, "files", LIMITS.messengerFiles);
      // A client that hangs up cancels its request; what was begun is brought to its end, or cleared away, all the same.
      c.executionCtx.waitUntil(stored.catch(() => undefined));
      const files = (await stored).map(({ id }) => render.link(c.get("origin"), id));
      return c.json({ message: "Uploaded successfully", files });
    },
  );
  return routes;
}

const FILES = {
  type: "array",
  minItems: 1,
  maxItems: LIMITS.messengerFiles,
  items: { type: "string", format: "binary" },
} as const;

/** `report` hears of what is a fault of ours. */
export function messengerRoutes(render: Render, report: (fault: unknown) => void): Hono<Http> {
  const api = new Hono<Http>();
  api.use(
    everyOrigin({
      allowHeaders: ["authorization", "content-type", "x-app-id"],
      allowMethods: ["POST", "DELETE"],
      exposeHeaders: ["retry-after", "x-request-id"],
    }),
  );
  api.use(
    "/auth/*",
    wholeBody((thrown) => errorResponse(isFailure(thrown, "too_large") ? bodyTooLarge() : thrown)),
  );
  api.route("/", accountRoutes());
  api.route("/", uploadRoutes(render));
  api.all("*", () => errorResponse(noRoute()));
  api.onError((thrown) => {
    const known = thrown instanceof MessengerError || thrown instanceof HTTPException;
    if (!known && failureOf(thrown).code === "internal") report(thrown);
    return errorResponse(thrown);
  });

  const routes = new Hono<Http>();
  const socket = (c: Context<Http>): Promise<Response> =>
    answerSocketIo("messenger", c.req.raw, (gateways, key) =>
      c.get("sockets").carried(gateways, key, c.req.raw, c.get("origin")),
    );
  routes.all("/ws", socket);
  routes.all("/ws/", socket);
  routes.route("/api", api);
  return routes;
}
