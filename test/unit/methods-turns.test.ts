// Long frames on one Gateway take turns, few may wait, and short ones go past them.

import { describe, expect, it } from "vitest";
import { ParlanceError } from "../../src/core/errors.ts";
import { LIMITS } from "../../src/core/limits.ts";
import type { Connection } from "../../src/core/wire.ts";
import { createRender } from "../../src/dialects/methods/render.ts";
import { createMethodsSocket } from "../../src/dialects/methods/socket.ts";
import type { Service } from "../../src/service/service.ts";

const WAITING = Math.floor(LIMITS.methodsLongFrames / LIMITS.methodsFrame);

/** A Gateway's dialect whose directory answers when it is told to: every token is refused then. */
function gateway() {
  const asked: (() => void)[] = [];
  const auth = {
    authenticate: () =>
      new Promise((_, reject) => {
        asked.push(() => reject(new ParlanceError({ code: "auth.invalid", detail: "refused" })));
      }),
  };
  const service = { auth } as unknown as Service;
  const wire = createMethodsSocket(
    service,
    createRender(() => ""),
    () => undefined,
  );
  const heard: string[] = [];
  const open = (id: string): Connection =>
    ({
      id,
      session: null,
      send: (frame: string) => heard.push(`${id} ${JSON.parse(frame).data.type}`),
    }) as unknown as Connection;
  return { wire, asked, heard, open };
}

const frame = (length: number): string => {
  const empty = JSON.stringify({ method: "auth", access_token: "t", pad: "" });
  return empty.replace('"pad":""', `"pad":"${"x".repeat(length - empty.length)}"`);
};

const settled = async (): Promise<void> => {
  for (let n = 0; n < 20; n++) await Promise.resolve();
};

describe("long frames", () => {
  it("are worked on one at a time, in their order; short ones need not wait, and one too many is refused", async () => {
    const { wire, asked, heard, open } = gateway();
    const long = frame(LIMITS.methodsFrame);
    const all = Array.from({ length: WAITING }, (_, n) => wire.received(open(`${n}`), long));
    await settled();
    expect(asked).toHaveLength(1);

    const refused = wire.received(open("late"), long);
    await refused;
    expect(heard).toEqual(["late system_error"]);
    const short = wire.received(open("short"), frame(200));
    await settled();
    expect(asked).toHaveLength(2);
    asked.splice(1)[0]?.();
    await short;
    expect(heard.at(-1)).toBe("short authorization_error");

    for (let n = 0; n < WAITING; n++) {
      asked.shift()?.();
      await all[n];
      await settled();
      expect(asked).toHaveLength(n + 1 < WAITING ? 1 : 0);
    }
    expect(heard.slice(2)).toEqual(Array.from({ length: WAITING }, (_, n) => `${n} authorization_error`));
    const again = wire.received(open("again"), long);
    await settled();
    asked.shift()?.();
    await again;
    expect(heard.at(-1)).toBe("again authorization_error");
  });

  it("that are too long are refused without waiting", async () => {
    const { wire, asked, heard, open } = gateway();
    const first = wire.received(open("first"), frame(LIMITS.methodsFrame));
    await settled();
    await wire.received(open("longer"), frame(LIMITS.methodsFrame + 1));
    expect(heard).toEqual(["longer field_error"]);
    asked.shift()?.();
    await first;
  });
});
