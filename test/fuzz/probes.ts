/**
 * The healthy ones: victims who talk in every dialect while others attack. What one says, every connection of the two
 * hears exactly once, in order, and nothing else of their chat. Knows what each dialect's message looks like.
 */

import type { Belongings } from "./belongings.ts";
import type { Callers } from "./callers.ts";
import type { Dialect } from "./cases.ts";
import type { Findings } from "./findings.ts";
import { CANARY, ofServer } from "./findings.ts";
import { ask } from "./http.ts";
import { pollOnce } from "./polling.ts";
import { Talker } from "./talker.ts";
import type { Entry } from "./talker.ts";
import type { World } from "./world.ts";

interface Ear {
  readonly name: string;
  readonly talker: Talker;
  readonly heard: string[];
}

const PATIENCE_MS = 30_000;
/** What `new-message` and `/chat/<id>/new-message` say is the same. */
const COPIES: Partial<Record<Dialect, number>> = { events: 2, events2: 2 };

/** The words of ours in a frame; a message of `rooms` is base64. */
function wordsIn(frame: string): string[] {
  const encoded = [...frame.matchAll(/"message":"([A-Za-z0-9+/]+=*)"/g)].map(([, text = ""]) =>
    Buffer.from(text, "base64").toString(),
  );
  // A message shown as another one's `msg` and `message` is one.
  return [...new Set([frame, ...encoded].flatMap((text) => text.match(/CANARY-[a-z0-9]+-\d+/g) ?? []))];
}

/** What tells of a new message, and not of what was read or listed. */
const TELLS =
  /"(message\.created|new_message|message_created)"|^42(\/chat,)?\["(chat|message|new-message|\/chat\/\d+\/new-message)"/;

export class Probes {
  readonly #world: World;
  readonly #findings: Findings;
  readonly #callers: Callers;
  readonly #belongings: Belongings;
  readonly #pair: Ear[] = [];
  readonly #room: Ear[] = [];
  #said = 0;

  constructor(world: World, findings: Findings, callers: Callers, belongings: Belongings) {
    this.#world = world;
    this.#findings = findings;
    this.#callers = callers;
    this.#belongings = belongings;
  }

  async open(): Promise<void> {
    const { victims, victimChat, victimsApp } = this.#world;
    for (const { token, username } of victims) {
      for (const dialect of ["native", "chat", "methods", "messenger"] as const) {
        this.#pair.push(await this.#ear(`${dialect} of ${username}`, dialect, { token, chat: victimChat }));
      }
    }
    const app = victimsApp.uuid;
    for (const { token } of victimsApp.users) {
      this.#room.push(await this.#ear("rooms", "rooms", { token, app, room: victimsApp.room }));
    }
    for (const dialect of ["events", "events2"] as const) {
      const ear = await this.#ear(dialect, dialect, { token: victimsApp.key });
      ear.talker.send(`42${JSON.stringify(["list-messages", { chat: { id: victimsApp.roomId } }])}`);
      if (!(await ear.talker.sync())) throw new Error("events does not answer");
      this.#room.push(ear);
    }
  }

  async #ear(name: string, dialect: Dialect, entry: Entry): Promise<Ear> {
    const talker = await Talker.open(this.#world.port, dialect, entry);
    this.#callers.note(talker.localPort, { surface: "a healthy one" });
    const heard: string[] = [];
    talker.listen((text) => {
      if (TELLS.test(text)) heard.push(...wordsIn(text));
    });
    return { name, talker, heard };
  }

  /** Everyone says something, and everyone has to hear it. @param after the case that was the last */
  async talk(after: number | undefined): Promise<void> {
    const { victims, victimChat, victimsApp } = this.#world;
    const [one, two] = victims;
    const round = ++this.#said;
    const word = (dialect: string): string => `${CANARY}-${dialect}-${round}`;
    const by = (dialect: Dialect, ears: readonly Ear[]): Talker | undefined =>
      ears.find(({ talker }) => talker.dialect === dialect)?.talker;
    const send = (dialect: Dialect, ears: readonly Ear[], frame: (text: string) => string): string => {
      const text = word(dialect);
      by(dialect, ears)?.send(frame(text));
      return text;
    };
    const io = (...event: unknown[]): string => JSON.stringify(event);

    const mobile = await ask(this.#world.port, {
      method: "POST",
      path: "/chats",
      headers: { authorization: `Bearer ${one.token}`, "content-type": "application/json" },
      body: JSON.stringify({ receiver_id: two.id, message: word("mobile"), type: "text" }),
    });
    if (mobile.status !== 201)
      this.#disturbed(after, `mobile was answered ${mobile.status} ${mobile.text.slice(0, 200)}`);
    const inPair = [
      word("mobile"),
      send("native", this.#pair, (text) => JSON.stringify({ do: "message.send", chat_id: victimChat, text })),
      send("chat", this.#pair, (text) => JSON.stringify({ do: "message.send", text })),
      send("methods", this.#pair, (text) =>
        JSON.stringify({ method: "send_message", args: { chat: victimChat, text } }),
      ),
      send("messenger", this.#pair, (message) => `42/chat,7${io("send-message", { user: two.username, message })}`),
    ];
    const message = (value: string): object => ({
      chat: { id: victimsApp.roomId },
      user: { id: victimsApp.users[0]?.id },
      message: { value, type: "text" },
    });
    const inRoom = [
      send("rooms", this.#room, (text) => `42${io("send_message", text)}`),
      send("events", this.#room, (text) => `42${io("new-message", message(text))}`),
      send("events2", this.#room, (text) => `42${io("new-message", message(text))}`),
    ];
    for (const text of inPair) this.#belongings.said("pair", one.id, text);
    for (const text of inRoom) this.#belongings.said("room", victimsApp.users[0]?.id ?? 0, text);
    const polling = await pollOnce(this.#world.port, victimsApp);
    if (polling !== undefined) this.#disturbed(after, `a client that polls: ${polling}`);
    await this.#expect(this.#pair, inPair, after);
    await this.#expect(this.#room, inRoom, after);
  }

  /** Each ear hears each word as often as its dialect says; the sender's own connection may be told by its answer instead. */
  async #expect(ears: readonly Ear[], words: readonly string[], after: number | undefined): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    const isOwn = (ear: Ear, word: string): boolean =>
      !ear.talker.dialect.startsWith("events") &&
      ear.talker.dialect !== "rooms" &&
      word.includes(`-${ear.talker.dialect}-`) &&
      ears.find(({ talker }) => talker.dialect === ear.talker.dialect) === ear;
    const wanted = (ear: Ear): string[] => {
      const others = words.filter((word) => !isOwn(ear, word));
      return others.flatMap((word) => Array.from({ length: COPIES[ear.talker.dialect] ?? 1 }, () => word));
    };
    for (const ear of ears) {
      const all = wanted(ear);
      const missing = (): string[] => all.filter((word) => !ear.heard.includes(word));
      while (missing().length > 0 && ear.talker.closed === undefined && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      if (!(await ear.talker.sync(PATIENCE_MS)))
        this.#disturbed(after, `${ear.name} does not answer (${ear.talker.closed ?? "open"})`);
      const heard = ear.heard.splice(0).filter((word) => !isOwn(ear, word));
      if (heard.toSorted().join() !== all.toSorted().join()) {
        this.#disturbed(after, `${ear.name} heard ${heard.join(" ")} of ${all.join(" ")}`);
      }
    }
  }

  #disturbed(after: number | undefined, what: string): void {
    this.#findings.add("disturbed", ofServer(after), what);
  }

  /** Connections that have ended are opened again, so that one finding is not told forever. */
  async reopen(): Promise<void> {
    if ([...this.#pair, ...this.#room].every(({ talker }) => talker.closed === undefined)) return;
    this.close();
    await this.open();
  }

  close(): void {
    for (const { talker } of [...this.#pair.splice(0), ...this.#room.splice(0)]) talker.close();
  }
}
