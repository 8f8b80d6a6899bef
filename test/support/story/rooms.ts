/** The story's driver for the dialect `rooms`: one room at a time, over its Socket.IO. */

import type { Body, Person } from "../people.ts";
import { RoomsClient, textOf } from "../rooms.ts";
import type { Line, Place, Speaker } from "./speaker.ts";

export class RoomsSpeaker implements Speaker {
  readonly dialect = "rooms";
  readonly can = { file: false, receipt: false, erase: false, groupHistory: true, live: true };
  #client: RoomsClient | undefined;

  constructor(readonly person: Person) {}

  get #open(): RoomsClient {
    if (this.#client === undefined) throw new Error("not connected");
    return this.#client;
  }

  async connect(): Promise<void> {
    this.#client = await RoomsClient.of(this.person);
  }

  async enter({ name }: Place): Promise<void> {
    await this.#open.join(name ?? "");
  }

  begin(): Promise<Place> {
    throw new Error("rooms has no direct chats");
  }

  /** Refusals and what is heard instead come as events alike. */
  async #answer(answer: string, event: string, ...args: unknown[]): Promise<Body> {
    const client = this.#open;
    const before = { [answer]: client.all(answer).length, err: client.all("err").length };
    client.emit(event, ...args);
    const came = (name: string): boolean => client.all(name).length > (before[name] ?? 0);
    await client.until(() => came(answer) || came("err"), answer);
    if (!came(answer)) throw new Error(`refused: ${client.all("err").at(-1)}`);
    return client.all(answer).at(-1);
  }

  async say(_: Place, text: string): Promise<void> {
    await this.#answer("message", "send_message", text);
  }

  sayFile(): Promise<void> {
    throw new Error("rooms sends no files");
  }

  async readAll(): Promise<void> {
    await this.#answer("seen_by", "seen");
  }

  async lines(place: Place): Promise<Line[]> {
    return this.#open
      .all("message")
      .filter((message: Body) => message.roomId === place.id)
      .map((message: Body) => ({
        from: message.userId,
        text: textOf(message),
        files: message.attachments.length,
      }));
  }

  /** Shown by no event of this dialect: as this person's list has it elsewhere. */
  async unread(place: Place): Promise<number> {
    return (await this.person.unread(place.id)) ?? -1;
  }

  receipts(): Promise<number> {
    throw new Error("rooms shows who has read, not what");
  }

  has(): Promise<boolean> {
    return this.#answer("load_more", "load_more").then(
      () => true,
      () => false,
    );
  }

  erase(): Promise<void> {
    throw new Error("rooms are their app's to erase");
  }
}
