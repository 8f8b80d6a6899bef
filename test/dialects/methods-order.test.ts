// What a client of `methods` hears while everybody talks at once: its answers stand where they belong.

import { describe, expect, it } from "vitest";
import { MethodsClient } from "../support/methods.ts";
import { people } from "../support/people.ts";

describe("while everybody talks at once", () => {
  it("no answer comes before what came before it: nothing is unread for ever, and one's own message stands behind those before it", async () => {
    for (let round = 0; round < 3; round++) {
      const [ann, bob] = await people("ann", "bob");
      const [a, b] = [await MethodsClient.of(ann), await MethodsClient.of(bob)];
      const { id: chat } = (await a.call("create_chat", { users: [bob.id] })).data.chat;
      const send = (one: MethodsClient, method: string, text = "") =>
        one.socket.send(JSON.stringify({ method, args: { chat, text } }));
      for (let n = 0; n < 40; n++) {
        send(a, "send_message", `a${n}`);
        if (n % 4 === 1) send(b, "read_messages");
        if (n % 4 === 3) send(b, "send_message", `b${n}`);
      }
      const count = (type: string): number => b.types().filter((one) => one === type).length;
      await b.socket.until(() => count("new_message") === 40 && count("message_created") === 10, "all messages");
      await b.call("read_messages", { chat });
      // `messages_read`, which was waited for, has `messages_updated` right behind it.
      await b.socket.until(() => b.shown(chat).unread.length === 0, "that all is read");
      expect(await bob.unread(chat)).toBe(0);
      let own = 0;
      for (const { type, data } of b.events) {
        if (type === "message_created") own = Math.max(own, data.message.id);
        if (type === "new_message") expect(data.message.id).toBeGreaterThan(own);
      }
    }
  });
});
