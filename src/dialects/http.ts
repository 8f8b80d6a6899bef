/** What the routes of every dialect share: who calls, from where, and through which parts of the server. Knows Hono; knows no dialect. */

import type { Context, MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { authRequired } from "../core/errors.ts";
import type { Session } from "../core/people.ts";
import type { ChatId } from "../core/ids.ts";
import type { App } from "../core/ports.ts";
import type { Caller } from "../service/auth.ts";
import type { Service } from "../service/service.ts";

/** Hands upgrades to the objects that hold sockets. */
export interface Sockets {
  /**
   * To a Gateway of `dialect`; without a session the dialect asks in band. The session may be by the token's signature alone:
   * the connection is refused where the token has ended.
   */
  gateway(dialect: string, request: Request, session: Session | null, origin: string): Promise<Response>;
  /**
   * A request of a dialect that carries its connections itself, to the Gateway that `key` leads to; without a key, to
   * one that may open a connection. Null: the key leads nowhere.
   */
  carried(dialect: string, key: string | null, request: Request, origin: string): Promise<Response | null>;
  /** To the chat's own object, likewise. */
  chat(chat: ChatId, request: Request, session: Session, origin: string): Promise<Response>;
}

export interface Variables {
  readonly service: Service;
  readonly sockets: Sockets;
  /** The origin that links begin with. */
  readonly origin: string;
  readonly requestId: string;
  /** See {@link answerWith}. */
  readonly answerHeaders: Record<string, string>;
  /** Whose token the request bears, once it was found to stand; and who that is, once the directory was asked. */
  readonly session?: Session;
  readonly caller?: Caller;
}

export interface Http {
  Variables: Variables;
}

/**
 * Every answer to this request bears these headers, whoever makes it. To be called before there is an answer: Hono copies
 * one that it has, and its body becomes a stream.
 */
export function answerWith(c: Context<Http>, headers: Readonly<Record<string, string>>): void {
  const all = c.get("answerHeaders");
  for (const [name, value] of Object.entries(headers)) {
    c.header(name, value);
    all[name] = value;
  }
}

export interface CrossOrigin {
  readonly allowHeaders: string[];
  readonly allowMethods: string[];
  readonly exposeHeaders: string[];
}

/** Lets pages of every origin call: for dialects whose credentials travel in headers that no browser sends by itself. */
export function everyOrigin(allowed: CrossOrigin): MiddlewareHandler<Http> {
  const preflight = cors({ ...allowed, origin: "*", maxAge: 86_400 });
  const headers = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": allowed.exposeHeaders.join(","),
  };
  return (c, next) => {
    if (c.req.method === "OPTIONS") return preflight(c, next);
    answerWith(c, headers);
    return next();
  };
}

/** The token of `Authorization: Bearer …`, or null. */
export function bearer(request: Request): string | null {
  const match = /^Bearer +([\w.~+/=-]+) *$/i.exec(request.headers.get("authorization") ?? "");
  return match?.[1] ?? null;
}

/** @throws auth.required */
function tokenOf(c: Context<Http>): string {
  const token = bearer(c.req.raw);
  if (token === null) throw authRequired();
  return token;
}

/** Who calls by a Bearer token, as the directory has them now. @throws auth.required, auth.invalid */
export async function callerOf(c: Context<Http>): Promise<Caller> {
  const known = c.get("caller");
  if (known !== undefined) return known;
  const caller = await c.get("service").auth.authenticate(tokenOf(c));
  c.set("caller", caller);
  return caller;
}

/** Whose Bearer token the request bears; the directory is asked where it was not a moment ago. @throws auth.required, auth.invalid */
export async function sessionOf(c: Context<Http>): Promise<Session> {
  const known = c.get("session");
  if (known !== undefined) return known;
  const session = c.get("service").auth.recent(tokenOf(c)) ?? (await callerOf(c)).session;
  c.set("session", session);
  return session;
}

/** Answers with what is JSON already. */
export const json = (c: Context<Http>, text: string): Response =>
  c.body(text, 200, { "content-type": "application/json" });

/** The app that a request before login is for: header `X-App-Id` or query `app`, else the default one. @throws not_found */
export function appOf(c: Context<Http>): Promise<App> {
  return c.get("service").auth.app(c.req.header("x-app-id") ?? c.req.query("app") ?? null);
}

/** Where a request comes from, as far as guesses are counted by it. */
export function addressOf(request: Request): string {
  return request.headers.get("cf-connecting-ip") ?? "local";
}
