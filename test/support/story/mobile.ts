/** The story's driver for the dialect `mobile`: requests only; what happens is asked for. */

import type { Answer, Body, Person } from "../people.ts";
import type { Line, Place, Speaker } from "./speaker.ts";
import { otherOf } from "./speaker.ts";

export class MobileSpeaker implements Speaker {
  readonly dialect = "mobile";
  readonly can = { file: false, receipt: false, erase: true, groups: true, groupHistory: false, live: false };

  constructor(readonly person: Person) {}

  connect(): Promise<void> {
    return Promise.resolve();
  }

  /** As its clients do: a form, and the scheme of their own. */
  async #call(method: string, path: string, form?: Record<string, string>): Promise<Answer> {
    const [, payload = ""] = this.person.token.split(".");
    const session = JSON.parse(Buffer.from(payload, "base64url").toString()).jti as string;
    const credentials = Buffer.from(`${this.person.id}:${this.person.token}:${session}`).toString("base64");
    const answer = await this.person.call(method, path, form && new URLSearchParams(form).toString(), {
      authorization: `FAE ${credentials}`,
      ...(form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
    });
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer;
  }

  async begin(other: Person, text: string): Promise<Place> {
    const { body } = await this.#call("POST", "/chats", { receiver_id: String(other.id), message: text, type: "text" });
    return { id: body.chat_id, pair: [this.person.id, other.id] };
  }

  async say(place: Place, text: string): Promise<void> {
    if (place.pair === undefined)
      await this.#call("POST", `/chat_rooms/${place.id}/message`, { message: text, type: "text" });
    else {
      const receiver_id = String(otherOf(place, this.person.id));
      await this.#call("POST", "/chats", { receiver_id, message: text, type: "text" });
    }
  }

  sayFile(): Promise<void> {
    throw new Error("mobile sends no files");
  }

  async readAll(place: Place): Promise<void> {
    if (place.pair === undefined) await this.#call("POST", `/chat_rooms/${place.id}/read`, {});
    else await this.#call("POST", "/chats/read", { chat_id: String(place.id) });
  }

  async #listed(place: Place): Promise<Body> {
    const [path, key] = place.pair === undefined ? ["/chat_rooms", "chat_room_id"] : ["/chats", "chat_id"];
    const { body } = await this.#call("GET", path);
    return body.find((one: Body) => one[key] === place.id);
  }

  async lines(place: Place): Promise<Line[]> {
    if (place.pair === undefined) {
      const listed = await this.#listed(place);
      return [{ from: listed.last_message_sender_id, text: listed.last_message, files: 0 }];
    }
    const { body } = await this.#call("GET", `/chats/${place.id}?count=100`);
    return body.toReversed().map((one: Body) => ({
      from: one.message_sender_id,
      text: one.message,
      files: one.message_type === "text" ? 0 : 1,
    }));
  }

  async unread(place: Place): Promise<number> {
    return (await this.#listed(place))?.unread_count ?? -1;
  }

  receipts(): Promise<number> {
    throw new Error("mobile shows no receipts");
  }

  async has(place: Place): Promise<boolean> {
    return (await this.#listed(place)) !== undefined;
  }

  async erase(place: Place): Promise<void> {
    await this.#call("DELETE", `/chats/${place.id}`);
  }
}
