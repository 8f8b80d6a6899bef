/** A client of `methods` for tests: calls with keys, events by type, and every frame held against its schema. */

import { exports } from "cloudflare:workers";
import { methodsEvents } from "../../src/dialects/methods/socket-api.ts";
import type { Body, Person } from "./people.ts";
import { Socket } from "./people.ts";

export class MethodsClient {
  readonly socket: Socket;
  #self: number | undefined;
  #keys = 0;

  private constructor(socket: WebSocket) {
    this.socket = new Socket(socket);
  }

  /** A connection that has not said who it is. */
  static async open(path = "/ws/chat/"): Promise<MethodsClient> {
    const response = await exports.default.fetch(
      new Request(`http://parlance.test${path}`, { headers: { upgrade: "websocket" } }),
    );
    if (response.webSocket === null) throw new Error(`refused: ${response.status}`);
    return new MethodsClient(response.webSocket);
  }

  static async of(person: Person): Promise<MethodsClient> {
    const client = await MethodsClient.open();
    client.#self = person.id;
    await client.frame({ method: "auth", access_token: person.token });
    return client;
  }

  get events(): Body[] {
    return this.socket.events;
  }

  /** Sends a frame as it is and waits for the next event. */
  async frame(frame: unknown): Promise<Body> {
    const at = this.events.length;
    this.socket.send(typeof frame === "string" || frame instanceof ArrayBuffer ? frame : JSON.stringify(frame));
    await this.socket.until(() => this.events.length > at, "an answer");
    return this.events[at];
  }

  /** Calls a method with a key and waits for the event that bears it. */
  async call(method: string, args: object = {}): Promise<Body> {
    const key = { n: ++this.#keys };
    this.socket.send(JSON.stringify({ method, args: { ...args, event_response_key: key } }));
    return this.heard((event) => event.data?.event_response_key?.n === key.n, method);
  }

  async heard(fits: (event: Body) => boolean, what = "an event"): Promise<Body> {
    await this.socket.until(() => this.events.some(fits), what);
    return this.events.find(fits);
  }

  event(type: string, fits: (data: Body) => boolean = () => true): Promise<Body> {
    return this.heard((event) => event.type === type && fits(event.data), type).then((event) => event.data);
  }

  types(): string[] {
    return this.events.map((event) => event.type);
  }

  /** A chat as a client of this dialect puts it together from events: messages of others that are unread, and one's own that are read. */
  shown(chat: number): { unread: number[]; receipts: number[] } {
    const messages = new Map<number, Body>();
    for (const { type, data } of this.events) {
      if (type === "chat_removed" && data.chat.id === chat) messages.clear();
      if ((type === "new_message" || type === "message_created") && data.message.chat === chat)
        messages.set(data.message.id, { ...data.message });
      if (type !== "messages_updated") continue;
      for (const { id, fields } of data.updates as Body[]) {
        const message = messages.get(id);
        if (message !== undefined) Object.assign(message, fields);
        // Without content, one's own message is gone; those of others must not be unread for ever.
        if (message?.user.pk === this.#self && fields.text === "") messages.delete(id);
      }
    }
    const [own, foreign]: [Body[], Body[]] = [[], []];
    for (const message of messages.values()) (message.user.pk === this.#self ? own : foreign).push(message);
    return {
      unread: foreign.filter((one) => !one.is_read).map((one) => one.id),
      receipts: own.filter((one) => one.is_read).map((one) => one.id),
    };
  }

  /** What is wrong with any frame that was heard; empty where all are as documented. */
  flaws(): string[] {
    return this.events.flatMap((event) => {
      const schema = methodsEvents[event.type as keyof typeof methodsEvents];
      if (schema === undefined) return [`unknown event ${event.type}`];
      if (Object.keys(event).toSorted().join() !== "data,type") return [`extra fields beside ${event.type}`];
      const parsed = schema.safeParse(event.data);
      return parsed.success ? [] : [`${event.type}: ${parsed.error.message}`];
    });
  }
}
