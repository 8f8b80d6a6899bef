/**
 * The smallest durable chat that the platform allows: one hibernating object, one INSERT for each message, one send for
 * each socket, the acknowledgement after the commit. What Parlance is measured against; not a part of it.
 */

import { DurableObject } from "cloudflare:workers";

interface Env {
  readonly ROOM: DurableObjectNamespace<Room>;
}

export class Room extends DurableObject<Env> {
  #seq: number;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS messages (seq INTEGER PRIMARY KEY, user TEXT NOT NULL, text TEXT NOT NULL, at INTEGER NOT NULL)",
    );
    const [last] = ctx.storage.sql.exec<{ seq: number }>("SELECT max(seq) AS seq FROM messages").toArray();
    this.#seq = last?.seq ?? 0;
  }

  #page(before: number): object[] {
    return this.ctx.storage.sql
      .exec<{ seq: number }>(
        "SELECT seq, user, text, at FROM messages WHERE seq < ? ORDER BY seq DESC LIMIT 50",
        before,
      )
      .toArray();
  }

  /** For the benchmark alone: that there are so many messages. */
  #fill(count: number): void {
    this.ctx.storage.sql.exec(
      `WITH RECURSIVE n (seq) AS (SELECT ? UNION ALL SELECT seq + 1 FROM n WHERE seq < ?)
       INSERT INTO messages SELECT seq, 'u0', ?, 1800000000000 FROM n`,
      this.#seq + 1,
      count,
      "x".repeat(100),
    );
    this.#seq = count;
  }

  touch(): void {}

  override async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname.endsWith("/fill")) {
      this.#fill(Number(url.searchParams.get("count")));
      return Response.json({});
    }
    if (url.pathname.endsWith("/messages")) {
      return Response.json({ items: this.#page(Number(url.searchParams.get("before"))) });
    }
    const pair = new WebSocketPair();
    this.ctx.acceptWebSocket(pair[1]);
    pair[1].serializeAttachment(url.searchParams.get("user"));
    return new Response(null, { status: 101, webSocket: pair[0] });
  }

  override webSocketMessage(sender: WebSocket, frame: string): void {
    const { id, text, before } = JSON.parse(frame) as { id: unknown; text: string; before?: number };
    if (before !== undefined) return sender.send(JSON.stringify({ re: id, ok: true, items: this.#page(before) }));
    const seq = ++this.#seq;
    const user = sender.deserializeAttachment() as string;
    const at = Date.now();
    this.ctx.storage.sql.exec("INSERT INTO messages (seq, user, text, at) VALUES (?, ?, ?, ?)", seq, user, text, at);
    sender.send(JSON.stringify({ re: id, ok: true, message: { seq, user, text, at } }));
    const event = JSON.stringify({ event: "message.created", message: { seq, user, text, at } });
    for (const socket of this.ctx.getWebSockets()) if (socket !== sender) socket.send(event);
  }

  override webSocketClose(socket: WebSocket): void {
    socket.close(1000);
  }
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const [, room = ""] = pathname.split("/");
    // For the memory of people: an object for each, which has nothing in it but the table.
    const own = searchParams.get("own");
    if (own !== null) await env.ROOM.getByName(`own ${own}`).touch();
    return env.ROOM.getByName(room).fetch(request);
  },
};
