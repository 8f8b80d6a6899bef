/** The socket of `methods`: every frame is one method, and who calls is said in band. Knows no method. */

import type { Json } from "../../core/message.ts";
import { rateLimited } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Connection, GatewayWire } from "../../core/wire.ts";
import type { Service } from "../../service/service.ts";
import { isShallow } from "../input.ts";
import type { MethodError } from "./errors.ts";
import { badToken, errorFrame, methodError, noMethod, noToken, notJson, notObject } from "./errors.ts";
import { createEncode } from "./events.ts";
import { createMethods } from "./methods.ts";
import type { Render } from "./render.ts";
import { isMethod } from "./schemas.ts";

type Fields = { readonly [name: string]: unknown };

interface Frame {
  readonly fields: Fields;
  readonly args: Fields;
  readonly key: Json;
}

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** @throws MethodError where the frame is no JSON, or no object */
function readFrame(text: string | ArrayBuffer): Frame {
  if (typeof text !== "string") throw notJson();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw notJson();
  }
  if (!isObject(value)) throw notObject();
  const args = isObject(value["args"]) ? value["args"] : {};
  const key = args["event_response_key"];
  // It goes back into a frame, so it must not be nested deeper than one can write.
  return { fields: value, args, key: key === undefined || !isShallow(key) ? null : (key as Json) };
}

export function createMethodsSocket(service: Service, render: Render, report: (fault: unknown) => void): GatewayWire {
  const perform = createMethods(service, render);

  /** After the first token that stands, tokens are not looked at any more. @throws MethodError */
  async function authenticate(connection: Connection, { fields }: Frame): Promise<boolean> {
    if (connection.session !== null) return true;
    const token = fields["access_token"];
    if (token === undefined || token === null || token === "") throw noToken();
    if (typeof token !== "string") throw badToken();
    const { session, user } = await service.auth.authenticate(token);
    return connection.identify(session, user.username);
  }

  function refuse(connection: Connection, error: MethodError, key: Json): void {
    connection.send(errorFrame(error, key));
  }

  return {
    name: "methods",
    subprotocol: null,
    ping: null,
    maxFrame: LIMITS.methodsFrame,
    graceMs: 0,
    news: false,
    opened: () => Promise.resolve(),

    async received(connection, text) {
      let key: Json = null;
      try {
        const frame = readFrame(text);
        key = frame.key;
        if (!(await authenticate(connection, frame))) return;
        const { session } = connection;
        const method = frame.fields["method"];
        if (session === null) throw noToken();
        if (typeof method !== "string" || !isMethod(method)) {
          throw noMethod(nameOf(method));
        }
        const call = { session, connection: connection.id, origin: connection.origin, key };
        for (const event of await perform(method, frame.args, call)) connection.send(JSON.stringify(event));
      } catch (thrown) {
        const error = methodError(thrown);
        if (error.type === "system_error" && thrown !== error && !isKnown(thrown)) report(thrown);
        refuse(connection, error, key);
      }
    },

    flooded(connection) {
      refuse(connection, methodError(rateLimited(1)), null);
    },

    encode: createEncode(render),
  };
}

/** A failure of the catalogue is no fault of ours, whatever it is called here. */
function isKnown(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === "ParlanceError";
}

/** A method that is none, as an error names it. */
function nameOf(method: unknown): string {
  if (typeof method === "string") return method.slice(0, 100);
  return isShallow(method) ? JSON.stringify(method ?? null).slice(0, 100) : typeof method;
}
