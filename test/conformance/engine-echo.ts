/** The bare Engine.IO layer, which sends back what it gets. Knows no Socket.IO packet. */

import type { CarriedWire } from "../../src/core/wire.ts";
import { Engine } from "../../src/socketio/engine/engine.ts";
import { SOCKETIO_SCHEMA } from "../../src/socketio/schema.ts";
import type { Settings } from "../../src/socketio/settings.ts";
import { settingsFrom } from "../../src/socketio/settings.ts";

export function engineEcho(name: string, given: Partial<Settings>): CarriedWire[] {
  return ([4, 3] as const).map((version) => ({
    name: version === 4 ? name : `${name}-3`,
    ping: version === 3 ? (["2", "3"] as const) : null,
    graceMs: 0,
    news: false,
    encode: () => ({ for: () => [] }),
    schema: SOCKETIO_SCHEMA,
    carry(host) {
      const engine = new Engine(host, settingsFrom({ ...given, version }), (made) => ({
        opened: () => {},
        message: (session, data) => made.send(session, data),
        closed: () => {},
        due: () => {},
        nextDue: () => null,
        latest: () => 0,
        countAnew: () => {},
        asked: () => null,
      }));
      engine.load();
      engine.restore();
      return {
        fetch: (request, isFull) => engine.fetch(request, isFull),
        received: (wire, frame) => engine.received(wire, frame),
        closed: (wire) => engine.closed(wire),
        keyOf: (wire) => engine.keyOf(wire),
        due: () => engine.due(),
        asked: () => null,
        deliver: () => {},
        close: () => {},
      };
    },
  }));
}
