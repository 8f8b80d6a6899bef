/** The socket of `methods`: every frame is one method, and who calls is said in band. Knows no method. */

import type { Json } from "../../core/message.ts";
import { rateLimited } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Connection, GatewayWire } from "../../core/wire.ts";
import type { Service } from "../../service/service.ts";
import { isShallow } from "../input.ts";
import type { MethodError } from "./errors.ts";
import { badToken, errorFrame, methodError, noMethod, noToken } from "./errors.ts";
import { createEncode } from "./events.ts";
import type { Frame } from "./frame.ts";
import { keyOf, readFrame, weightOf } from "./frame.ts";
import { createMethods } from "./methods.ts";
import type { Render } from "./render.ts";
import { isMethod } from "./schemas.ts";

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

  async function answer(connection: Connection, text: string | ArrayBuffer): Promise<void> {
    let key: Json = null;
    try {
      const frame = readFrame(text);
      key = frame.key;
      if (!(await authenticate(connection, frame))) return;
      const { session } = connection;
      const method = frame.fields["method"];
      if (session === null) throw noToken();
      if (typeof method !== "string" || !isMethod(method)) throw noMethod(nameOf(method));
      const call = { session, connection: connection.id, origin: connection.origin, key };
      for (const event of await perform(method, frame.args, call)) connection.send(JSON.stringify(event));
    } catch (thrown) {
      const error = methodError(thrown);
      if (error.type === "system_error" && thrown !== error && !isKnown(thrown)) report(thrown);
      refuse(connection, error, key);
    }
  }

  /** What a long frame is made of takes several times its length: they take turns, whoever sends them, and few may wait. */
  let turn: Promise<void> = Promise.resolve();
  let waiting = 0;

  async function inTurn(connection: Connection, text: string | ArrayBuffer, weight: number): Promise<void> {
    if (waiting + weight > LIMITS.methodsLongFrames) {
      refuse(connection, methodError(rateLimited(1)), null);
      return;
    }
    waiting += weight;
    const before = turn;
    let done = (): void => undefined;
    turn = new Promise((resolve) => {
      done = resolve;
    });
    try {
      await before;
      await answer(connection, text);
    } finally {
      waiting -= weight;
      done();
    }
  }

  return {
    name: "methods",
    subprotocol: null,
    ping: null,
    // A longer frame than this dialect takes is answered with an error, as any other that is wrong.
    maxFrame: LIMITS.anyFrame,
    graceMs: 0,
    news: false,
    opened: () => Promise.resolve(),

    received(connection, frame) {
      const weight = weightOf(frame);
      return weight === 0 ? answer(connection, frame) : inTurn(connection, frame, weight);
    },

    flooded(connection, frame) {
      refuse(connection, methodError(rateLimited(1)), keyOf(frame));
    },

    encode: createEncode(render),
    join: null,
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
