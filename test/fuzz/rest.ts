/** Hostile requests: every operation of the OpenAPI document with parameters, headers and bodies that go wrong. */

import { gzipSync } from "node:zlib";
import type { RestCase } from "./cases.ts";
import type { Hostile } from "./hostile.ts";
import { bodyOf } from "./bodies.ts";
import { knownIn } from "./known.ts";
import type { Random } from "./random.ts";
import type { Schema } from "./schema.ts";
import { Values } from "./schema.ts";
import type { World } from "./world.ts";

interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly schema?: Schema;
}

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly tag: string;
  readonly parameters: readonly Parameter[];
  readonly bodies: readonly (readonly [type: string, schema: Schema])[];
}

export interface OpenApi {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly tags?: readonly string[];
            readonly parameters?: readonly Parameter[];
            readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> };
          }
        >
      >
    >
  >;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/** Served, but described by no document. */
const UNDESCRIBED = [
  "/",
  "/health",
  "/openapi.json",
  "/asyncapi.json",
  "/swagger",
  "/nowhere",
  "/ws/chat",
  "/ws",
  "/socket.io/",
  "/v1",
].map((path): Operation => ({ method: "GET", path, tag: "other", parameters: [], bodies: [] }));

const operationsOf = (document: OpenApi): Operation[] => [
  ...Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { tags, parameters, requestBody }]) => ({
      method: method.toUpperCase(),
      path,
      tag: tags?.[0] ?? "other",
      parameters: parameters ?? [],
      bodies: Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) => [type, schema ?? {}] as const),
    })),
  ),
  ...UNDESCRIBED,
];

/** What ends a user or their session; what hashes a password is slow on purpose. */
const isDeadly = ({ method, path }: Operation): boolean =>
  (method === "DELETE" && /^\/(v1\/me|api\/auth\/account|authentication)$/.test(path)) || path === "/v1/auth/logout";
const hashes = ({ method, path }: Operation): boolean =>
  method === "POST" && /^\/(users|authentication|(v1|api)\/auth\/(register|login)|auth\/(register|login))$/.test(path);
/** What changes an app for everyone in it. */
const isManaging = ({ method, path }: Operation): boolean =>
  method !== "GET" && /^\/(app|user|room)(\/|$)/.test(path) && path !== "/room/add";

const nameOf = ({ method, path }: Operation): string => `${method} ${path}`;

const weightOf = (operation: Operation): number => (isDeadly(operation) ? 0.06 : hashes(operation) ? 0.08 : 1);

const METHODS = ["GET", "POST", "PUT", "PATCH", "HEAD", "OPTIONS", "PROPFIND", "TRACE"];
const HEADERS: readonly (readonly [string, readonly string[]])[] = [
  ["accept", ["*/*", "text/html", "application/x.faeapp.v1+json", "", "q=,;,"]],
  ["accept-encoding", ["gzip", "br;q=x", "*"]],
  ["content-encoding", ["gzip", "br", "x"]],
  ["cookie", ["a=b", "__proto__=1", ";;;="]],
  ["if-none-match", ["*", '"x"', "W/"]],
  ["if-range", ["x"]],
  ["origin", ["null", "https://evil.example", "x"]],
  ["range", ["bytes=0-", "bytes=-1", "bytes=9-1", "bytes=0-0,1-1", "bytes=99999999999999999999-", "x=1"]],
  ["upgrade", ["websocket", "h2c"]],
  ["x-app-id", ["", "1", "__proto__", "00000000-0000-0000-0000-000000000000"]],
  ["x-forwarded-host", ["evil.example"]],
  ["x-forwarded-for", ["127.0.0.1"]],
  ["x-http-method-override", ["DELETE"]],
  ["sec-websocket-protocol", ["parlance.v1", "parlance.v1, bearer.x", ",,"]],
];

export class RestCases {
  readonly #operations: readonly (readonly [number, Operation])[];
  readonly #components: Readonly<Record<string, Schema>>;
  readonly #world: World;

  constructor(document: OpenApi, world: World) {
    this.#operations = operationsOf(document).map((operation) => [weightOf(operation), operation] as const);
    this.#components = document.components?.schemas ?? {};
    this.#world = world;
  }

  /** All that there is to try. */
  names(): string[] {
    return this.#operations.map(([, operation]) => nameOf(operation));
  }

  /** @param turn of an operation, one after the other; without it, chance says which */
  make(random: Random, hostile: Hostile, turn?: number): RestCase {
    const inTurn = turn === undefined ? undefined : this.#operations[turn % this.#operations.length]?.[1];
    const operation = inTurn ?? random.weighted(this.#operations);
    const wrong = random.of([0, 0, 0.1, 0.3, 0.6]);
    const known = knownIn(this.#world, random, operation.tag === "rooms" ? this.#world.attackersApp : undefined);
    const values = new Values(random, hostile, known, this.#components);
    const { headers: credentials, mortal } = this.#caller(random, hostile, operation);
    const method = random.is(0.05) ? random.of(METHODS) : operation.method;
    const headers: Record<string, string | readonly string[]> = { ...credentials };
    if (hashes(operation) && random.is(0.8)) headers["x-app-id"] = this.#world.app;
    for (let more = random.below(10) - 6; more > 0; more--) {
      const [name, choices] = random.of(HEADERS);
      headers[name] = random.is(0.8) ? random.of(choices) : hostile.text().slice(0, 2_000);
    }
    let body: Buffer | string | undefined;
    if (operation.bodies.length > 0 || random.is(0.04)) {
      const [type, schema] = operation.bodies.length > 0 ? random.of(operation.bodies) : ["application/json", {}];
      const made = bodyOf(type, () => values.of(schema, "", wrong), random, hostile, wrong);
      body = made.body;
      if (made.type !== undefined) headers["content-type"] = made.type;
      if (headers["content-encoding"] === "gzip" && random.is(0.5)) body = gzipSync(body);
    } else Reflect.deleteProperty(headers, "content-encoding");
    if (method === "TRACE" || method === "CONNECT") body = undefined;
    const path = this.#address(operation, values, random, hostile, wrong);
    return {
      kind: "rest",
      group: `rest ${operation.tag}`,
      tries: [nameOf(operation)],
      request: { method, path, headers, body, isChunked: random.is(0.1) },
      ...(mortal === undefined ? {} : { mortal }),
    };
  }

  #address(operation: Operation, values: Values, random: Random, hostile: Hostile, wrong: number): string {
    const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const schema = operation.parameters.find((one) => one.in === "path" && one.name === name)?.schema ?? {};
      const value = values.of({ ...schema }, operation.path.includes("/attachments/") ? "attachments" : name, wrong);
      const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
      const short = text.slice(0, random.is(0.02) ? 8_000 : 300);
      return random.is(0.1 * wrong) ? short : encodeURIComponent(short.toWellFormed());
    });
    const query = new URLSearchParams();
    for (const { name, schema } of operation.parameters.filter((one) => one.in === "query")) {
      for (
        let times = random.weighted([
          [5, 0],
          [5, 1],
          [1, 2],
        ]);
        times > 0;
        times--
      ) {
        const value = values.of(schema ?? {}, name, wrong);
        query.append(name, (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).slice(0, 3_000));
      }
    }
    if (random.is(0.08)) {
      query.append(
        random.of(["app", "token", "limit", "__proto__", "count[]", "a[b]", "sid", "unread"]),
        hostile.text().slice(0, 3_000),
      );
    }
    const asked = query.size === 0 ? "" : `?${query.toString()}`;
    const all = path + asked + (random.is(0.01) ? random.of(["?", "&", "?%", "%ff=%fe", "#x", "?a=%zz", ";x"]) : "");
    if (!random.is(0.05)) return all;
    return random.of([
      () => `/${all}`, () => `${path}/${asked}`, () => all.replace("/", "/./"), () => `/x/..${all}`, () => all.toUpperCase(),
      () => all.replace(/\/(?=[^/]*$)/, "%2f"), () => `${path}%00${asked}`, () => `${path}/..%2f..%2fapp`, () => `${path};a=b`,
      () => `${path}.json`, () => `http://evil.example${all}`, () => all.replaceAll("/", "//"), () => `/v1${all}`,
    ])(); // oxfmt-ignore
  }

  #caller(
    random: Random,
    hostile: Hostile,
    operation: Operation,
  ): { headers: Record<string, string>; mortal?: number } {
    const { attackers, mortals, attackersApp, operator, doomed } = this.#world;
    const asUser = (token: string, id: number): Record<string, string> => {
      if (!random.is(operation.tag === "mobile" ? 0.6 : 0.02))
        return { authorization: `${random.of(["Bearer", "Bearer", "bearer", "BEARER"])} ${token}` };
      const session = (JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { jti: string })
        .jti;
      return { authorization: `FAE ${Buffer.from(`${id}:${token}:${session}`).toString("base64")}` };
    };
    const mortal = random.below(mortals.length);
    const asMortal = (): { headers: Record<string, string>; mortal: number } => {
      const { token = "", id = 0 } = mortals[mortal] ?? {};
      return { headers: asUser(token, id), mortal };
    };
    const asAttacker = () => {
      const { token, id } = random.of(attackers);
      return { headers: asUser(token, id) };
    };
    const asNobody = () => ({ headers: {} });
    const asLiar = () => ({
      headers: {
        authorization: random
          .of([
            () => `Bearer ${hostile.text()}`,
            () => `FAE ${Buffer.from(`${random.below(9)}:${hostile.text()}:x`).toString("base64")}`,
            () => `Basic ${hostile.text()}`,
            () => hostile.text(),
            () => `Bearer ${random.of(attackers).token.slice(0, -1)}`,
            () => `FAE ${hostile.text()}`,
            () => `Bearer ${attackersApp.users[0]?.token}`,
          ])()
          .slice(0, 9_000),
      },
    });
    if (isDeadly(operation)) return random.of([asMortal, asNobody, asLiar])();
    const asOperator = () => ({ headers: { authorization: isManaging(operation) ? doomed.operator : operator } });
    const asTenant = () => ({ headers: { "x-app-key": isManaging(operation) ? doomed.app.key : attackersApp.key } });
    const asThief = () => ({ headers: { "x-app-key": hostile.text() } });
    return /^\/(app|user|room|auth|metrics)(\/|$)/.test(operation.path)
      ? random.weighted([
          [55, asOperator],
          [35, asTenant],
          [2, asAttacker],
          [2, asNobody],
          [4, asLiar],
          [2, asThief],
        ])()
      : random.weighted([
          [65, asAttacker],
          [25, asMortal],
          [3, asNobody],
          [5, asLiar],
          [2, asOperator],
        ])();
  }
}
