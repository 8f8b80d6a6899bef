// Whatever connections of one token open, close, speak and are evicted: that they share what their Inbox knows changes nothing for them.

import { evictAllDurableObjects, runDurableObjectAlarm } from "cloudflare:test";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { closeAll, gatewayOf, known, noted } from "../support/entries.ts";
import { silence } from "../support/patience.ts";
import type { Socket } from "../support/people.ts";
import { people } from "../support/people.ts";

const texts = (socket: Socket): string[] =>
  socket.events.filter(({ event }) => event === "message.created").map(({ message }) => message.text as string);

type Step = { readonly do: "open" | "evict" | "peer" } | { readonly do: "close" | "say"; readonly which: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Step>({ do: "open" }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant<"close">("close"), which: fc.nat(9) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant<"say">("say"), which: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.constant<Step>({ do: "peer" }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: "evict" }) },
);

interface Open {
  readonly socket: Socket;
  /** What had been said before it opened. */
  readonly before: readonly string[];
  /** What it has to hear, in this order. */
  readonly due: string[];
}

/** Heard is what was due, once and in order; what was on its way while it opened may come first. */
function expectHeard({ socket, before, due }: Open): void {
  const heard = texts(socket);
  const early = heard.slice(0, heard.length - due.length);
  expect(heard).toEqual([...before.slice(before.length - early.length), ...due]);
}

it("each hears, once and in order, what others say while it is open, and nothing is left of those that close", async () => {
  const run = async (steps: readonly Step[]): Promise<void> => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const open: Open[] = [];
    const gone: Open[] = [];
    const said: string[] = [];
    const tell = (text: string, by?: Open): void => {
      said.push(text);
      for (const one of open) if (one !== by) one.due.push(text);
    };
    // Not as many as are due: what was on its way while it opened comes besides.
    const heard = (): Promise<unknown> =>
      Promise.all(
        open.map(({ socket, due }) =>
          socket.until(() => due.every((text) => texts(socket).includes(text)), "a message"),
        ),
      );
    for (const one of steps) {
      const which = open["which" in one ? one.which % Math.max(1, open.length) : 0];
      const text = `message ${said.length + 1}`;
      if (one.do === "open") open.push({ socket: await ann.socket(), before: [...said], due: [] });
      else if (one.do === "evict") {
        await heard();
        await evictAllDurableObjects();
      } else if (one.do === "peer") {
        await bob.say(chat.id, text);
        tell(text);
      } else if (which !== undefined && one.do === "say") {
        expect(await which.socket.do("message.send", { chat_id: chat.id, text })).toMatchObject({ ok: true });
        tell(text, which);
      } else if (which !== undefined) {
        await heard();
        gone.push(...open.splice(open.indexOf(which), 1));
        await closeAll([which.socket]);
      }
    }
    await heard();
    await silence(() => open.reduce((sum, { socket }) => sum + socket.events.length, 0));
    for (const one of [...open, ...gone]) expectHeard(one);
    await closeAll(open.map(({ socket }) => socket));
    // Of one that closed just when its Gateway was evicted, the alarm has to see that it is gone.
    await runDurableObjectAlarm(gatewayOf(ann));
    await expect.poll(() => known(ann)).toBe(0);
    expect(await noted(ann)).toBe(0);
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 20 }), run), { numRuns: 15 });
});
