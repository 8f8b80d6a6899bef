/** The Hono app: what every request passes through, and where each dialect is mounted. Knows no use case. */

import { waitUntil } from "cloudflare:workers";
import { Hono } from "hono";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { createAsyncApi } from "./api-docs/asyncapi.ts";
import { createOpenApi } from "./api-docs/openapi.ts";
import { serverOf } from "./compose.ts";
import type { Server } from "./compose.ts";
import type { Failure } from "./core/errors.ts";
import { failureOf, notFound } from "./core/errors.ts";
import { LIMITS } from "./core/limits.ts";
import { defaultPathRoutes } from "./dialects/default-path.ts";
import { eventsSockets } from "./dialects/events/socket-api.ts";
import type { Http, Sockets } from "./dialects/http.ts";
import { answerWith } from "./dialects/http.ts";
import { messengerExamples } from "./dialects/messenger/examples.ts";
import { createRender as createMessengerRender } from "./dialects/messenger/render.ts";
import { messengerRoutes } from "./dialects/messenger/routes.ts";
import { messengerSockets } from "./dialects/messenger/socket-api.ts";
import { methodsRoutes } from "./dialects/methods/route.ts";
import { methodsSockets } from "./dialects/methods/socket-api.ts";
import { mobileExamples } from "./dialects/mobile/examples.ts";
import { createRender as createMobileRender } from "./dialects/mobile/render.ts";
import { mobileRoutes } from "./dialects/mobile/routes.ts";
import { problem } from "./dialects/native/problems.ts";
import { nativeExamples } from "./dialects/native/examples.ts";
import { createRender } from "./dialects/native/render.ts";
import { nativeRoutes } from "./dialects/native/rest.ts";
import { nativeSockets } from "./dialects/native/socket-api.ts";
import { roomsRestRoutes } from "./dialects/rooms/rest/routes.ts";
import { roomsSockets } from "./dialects/rooms/socket-api.ts";
import type { Env } from "./env.ts";
import { log, logFault, within } from "./log.ts";
import { carryToGateway, connectGateway } from "./objects/gateway/choose.ts";
import { upgradeRequest } from "./objects/identity.ts";
import { chatStub } from "./objects/rpc.ts";

/** What stays the same for as long as the isolate lives. */
interface Mounted {
  readonly server: Server;
  readonly app: Hono<Http>;
}

/**
 * Takes the answer to an upgrade also where the client has vanished meanwhile, which cancels its request: a socket that is made
 * for it after that would stand, with nobody at its other end, until its object is evicted. Taken, it ends with the request.
 */
function taken(answer: Promise<Response>): Promise<Response> {
  waitUntil(answer.catch(() => undefined));
  return answer;
}

function socketsOf(env: Env): Sockets {
  return {
    gateway: (dialect, request, session, origin) => taken(connectGateway(env, dialect, request, { session, origin })),
    // These have a heartbeat by which they are missed, and most of them are polls, which may be cancelled.
    carried: (dialect, key, request, origin) => carryToGateway(env, dialect, key, request, { session: null, origin }),
    chat: (chat, request, session, origin) =>
      taken(chatStub(env, chat).fetch(upgradeRequest(request, { session, origin }))),
  };
}

/** What Hono itself refuses (a body that is no JSON, say) is a wrong input; the rest is the catalogue's or a fault. */
function failureOfThrown(thrown: unknown): Failure {
  if (!(thrown instanceof HTTPException) || thrown.status >= 500) return failureOf(thrown);
  if (thrown.status === 413) return { code: "too_large", detail: `A body may have at most ${LIMITS.body} bytes.` };
  return { code: "input.invalid", detail: thrown.message, errors: [{ path: "", message: thrown.message }] };
}

const REQUEST_ID = "x-request-id";

/** The id that the client, or Cloudflare, has given the request; else a new one. */
function requestIdOf(headers: Headers): string {
  for (const given of [headers.get(REQUEST_ID), headers.get("cf-ray")])
    if (given !== null && /^[\w.-]{8,64}$/.test(given)) return given;
  return crypto.randomUUID();
}

/** An answer that Hono has not made, such as an object's or one of R2, does not bear yet what every answer bears. */
function complete(c: Context<Http>): void {
  const made = c.res;
  // The answer to an upgrade is not ours to change: its object gives it the id.
  if (made.webSocket !== null || made.headers.has(REQUEST_ID)) return;
  // An object's answer can't be changed, so it is copied. Without the first line Hono would copy it once more, with its old headers.
  c.res = undefined;
  c.res = new Response(made.body, made);
  for (const [name, value] of Object.entries(c.get("answerHeaders"))) c.res.headers.set(name, value);
}

function mount(env: Env): Mounted {
  const server = serverOf(env);
  const sockets = socketsOf(env);
  const app = new Hono<Http>();

  app.use(async (c, next) => {
    const started = Date.now();
    const requestId = requestIdOf(c.req.raw.headers);
    c.set("service", server.service);
    c.set("sockets", sockets);
    c.set("origin", env.PUBLIC_URL ?? new URL(c.req.url).origin);
    c.set("requestId", requestId);
    c.set("answerHeaders", {});
    answerWith(c, { [REQUEST_ID]: requestId });
    await within(requestId, next);
    complete(c);
    // The route's pattern, never its address: an address may hold a signature.
    log("request", {
      id: requestId,
      method: c.req.method,
      route: c.req.routePath,
      status: c.res.status,
      ms: Date.now() - started,
    });
  });

  app.onError((thrown, c) => {
    const failure = failureOfThrown(thrown);
    if (failure.code === "internal") logFault("request", thrown, { route: c.req.routePath });
    return problem(failure);
  });
  app.notFound(() => problem(notFound("route").failure));

  app.get("/health", (c) => c.json({ status: "ok" }));
  app.route("/", methodsRoutes());
  app.route("/", defaultPathRoutes({ withToken: "rooms", withoutToken: "events" }));
  app.route(
    "/",
    mobileRoutes(createMobileRender(server.linkTo), (fault) => logFault("mobile", fault)),
  );
  app.route(
    "/",
    messengerRoutes(createMessengerRender(server.linkTo), (fault) => logFault("messenger", fault)),
  );
  app.route(
    "/",
    roomsRestRoutes((fault) => logFault("rooms", fault)),
  );
  app.route("/v1", nativeRoutes(createRender(server.linkTo)));
  let asyncApi: object | undefined;
  app.get("/asyncapi.json", (c) =>
    c.json(
      (asyncApi ??= createAsyncApi([nativeSockets, methodsSockets, messengerSockets, eventsSockets, roomsSockets])),
    ),
  );
  const openApi = createOpenApi(app, { ...nativeExamples, ...mobileExamples, ...messengerExamples });
  app.get("/openapi.json", async (c) => c.json(await openApi()));
  return { server, app };
}

const mounted = new WeakMap<Env, Mounted>();

/** The Worker's `fetch`. Without a secret nothing is served, and the answer says why. */
export function handle(request: Request, env: Env, ctx: ExecutionContext): Response | Promise<Response> {
  let known = mounted.get(env);
  if (known === undefined) {
    try {
      known = mount(env);
    } catch (fault) {
      logFault("start", fault);
      const detail =
        fault instanceof Error && fault.message.startsWith("TOKEN_SECRET") ? fault.message : "Misconfigured.";
      return Response.json({ status: "misconfigured", detail }, { status: 503 });
    }
    mounted.set(env, known);
  }
  return known.app.fetch(request, env, ctx);
}
