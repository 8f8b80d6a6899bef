// The native dialect over `ws`: all of a user's chats on one socket, or one chat on its own. It reconnects, sends again with the
// same client_id what was not answered, and asks `changes` for what it missed.

import { WebSocket } from "ws";
import type { Said, Wording } from "../ledger.ts";
import { keyOf, seqOf } from "../ledger.ts";
import { RawSocket } from "./raw-socket.ts";
import type { Habits } from "./talker.ts";
import { Talker } from "./talker.ts";
import type { Account, Body, Chat, World } from "./world.ts";
import { Lost, Refused, rest } from "./world.ts";

/** How many acknowledged messages are sent once more after a crash. */
const SENT_AGAIN = 10;
/** Of one's own messages, so many of the newest may be changed. */
const CHANGED = 40;
/** Of changes, those that delete. */
const DELETED = 0.3;

interface Answered {
  readonly said: Said;
  readonly attachments: readonly string[];
  readonly message: Body;
}

export class NativeTalker extends Talker {
  readonly dialect = "native";
  resent = 0;
  /** What it shows of each message that the connection that stands has told of, by id. */
  readonly showing = new Map<number, Wording>();
  readonly #mine: Said[] = [];
  readonly #own: Chat | undefined;
  readonly #socket: RawSocket;
  #next = 0;
  /** Not answered yet: sent again, as they were, on the next connection. */
  readonly #outbox = new Map<Said, readonly string[]>();
  #answered: Answered[] = [];

  /** `own`: on the socket of this chat alone. */
  constructor(world: World, account: Account, chats: readonly Chat[], habits: Habits, own?: Chat) {
    super(world, account, own === undefined ? chats : [own], habits);
    this.#own = own;
    const path = own === undefined ? "/v1/socket" : `/v1/chats/${own.id}/socket`;
    const headers = { authorization: `Bearer ${account.token}` };
    this.#socket = new RawSocket(() => new WebSocket(`${world.wsUrl}${path}`, ["parlance.v1"], { headers }), {
      opened: () => void this.attempt(() => this.#recover()),
      heard: (frame) => this.#take(frame),
      closed: () => this.becameLost(),
    });
  }

  get hears(): readonly Chat[] {
    return this.chats;
  }

  connect(): void {
    this.#socket.open();
  }

  disconnect(): void {
    this.#socket.end();
  }

  protected override clientId(): string {
    return crypto.randomUUID();
  }

  #take(frame: string): void {
    const all: Body = JSON.parse(frame);
    for (const one of Array.isArray(all) ? all : [all]) {
      if (one.re !== undefined) this.answered(`${one.re}`, one);
      else if (one.event === "message.deleted") this.showing.set(one.message_id, null);
      else if (one.event === "message.updated") this.showing.set(one.message.id, one.message.text);
      else if (one.event === "message.created") {
        this.showing.set(one.message.id, one.message.text);
        this.hear(one.message.chat_id, { id: one.message.id, text: one.message.text });
      }
    }
  }

  async #do(command: string, chat: number, args: object): Promise<Body> {
    const id = `${command} ${++this.#next}`;
    const address = this.#own === undefined ? { chat_id: chat } : {};
    this.#socket.send(JSON.stringify({ id, do: command, ...address, ...args }));
    const body = await this.answer(id);
    if (body.ok !== true) throw new Refused(`${command}: ${JSON.stringify(body.error)}`);
    return body;
  }

  /** What was not answered, and some of what was, is sent again: both must be there once, and be answered as they are stored. */
  async #recover(): Promise<void> {
    this.becameReady();
    this.showing.clear();
    const again = this.#answered.filter(isUnchanged);
    this.#answered = [];
    await Promise.all([
      ...[...this.#outbox].map(async ([said, attachments]) => {
        const message = await this.#send(said, attachments);
        this.world.ledger.acknowledge(said, message.id);
      }),
      ...again.map(({ said, attachments, message }) => this.#sendAgain(said, attachments, message)),
    ]);
  }

  async #sendAgain(said: Said, attachments: readonly string[], message: Body): Promise<void> {
    const stored = await this.#send(said, attachments);
    this.resent++;
    if (isUnchanged({ said }) && essence(stored) !== essence(message))
      this.world.findings.add("resent", `${said.key}: ${essence(stored)} instead of ${essence(message)}`);
  }

  async #send(said: Said, attachments: readonly string[]): Promise<Body> {
    this.#outbox.set(said, attachments);
    const draft = { text: said.text, client_id: said.clientId, ...(attachments.length > 0 ? { attachments } : {}) };
    const { message } = await this.#do("message.send", said.chat, draft);
    this.#outbox.delete(said);
    return message;
  }

  protected async deliver(said: Said, files: readonly Uint8Array[]): Promise<number> {
    const attachments: string[] = [];
    for (const bytes of files) {
      const path = `/v1/attachments?name=${encodeURIComponent(`${said.key}.bin`)}`;
      attachments.push((await rest(this.world, this.account, "POST", path, bytes)).id);
    }
    const first = this.#send(said, attachments);
    // Now and then twice at once, as a client does that has no patience.
    const second = this.world.random.chance(0.1) ? this.#send(said, attachments) : undefined;
    const [message, twin] = await Promise.all([first, second]);
    if (twin !== undefined) {
      this.resent++;
      if (essence(twin) !== essence(message)) this.world.findings.add("resent", `${said.key}, sent twice at once`);
    }
    this.#answered = [...this.#answered, { said, attachments, message }].slice(-SENT_AGAIN);
    this.#mine.push(said);
    return message.id;
  }

  protected override async change(chat: Chat): Promise<void> {
    const { random, ledger } = this.world;
    const mine = this.#mine.slice(-CHANGED).filter((said) => said.chat === chat.id && ledger.mayChange(said));
    const theirs = chat.owner === this.account ? this.#deletable(chat) : [];
    if (mine.length + theirs.length === 0) return this.send(chat);
    const said = random.pick([...mine, ...theirs]);
    const isEdited = mine.includes(said) && !random.chance(DELETED);
    const to = isEdited ? `${said.key}|edit ${said.versions.length}: ${random.text(random.between(0, 60))}` : null;
    const ended = ledger.change(said, to);
    let isAcknowledged = false;
    try {
      const address = { message_id: said.id };
      if (to === null) await this.#do("message.delete", chat.id, address);
      else await this.#do("message.edit", chat.id, { ...address, text: to });
      isAcknowledged = true;
      if (said.id !== undefined) this.showing.set(said.id, to);
    } finally {
      ended(isAcknowledged);
    }
  }

  /** One in fifty of what somebody else has said, which the owner of a group may delete. */
  #deletable(chat: Chat): Said[] {
    const { ledger } = this.world;
    return (this.heard.get(chat.id) ?? []).flatMap(({ id, text }) => {
      const said = ledger.said.get(keyOf(text));
      if (id === undefined || said === undefined || seqOf(id) % 50 !== 0 || said.fate === "pending") return [];
      ledger.name(said, id);
      return ledger.mayChange(said) ? [said] : [];
    });
  }

  protected async read(chat: Chat): Promise<void> {
    const id = this.someHeard(chat);
    const way = this.world.random.between(1, 3);
    if (id === undefined || way === 1) await this.reading(chat, "all", () => this.#do("read", chat.id, {}));
    else if (way === 2) await this.reading(chat, { upTo: seqOf(id) }, () => this.#do("read", chat.id, { up_to: id }));
    else await this.reading(chat, { alone: seqOf(id) }, () => this.#do("read", chat.id, { message_id: id }));
  }

  /** What the checks compare all others with is native itself. */
  history(): undefined {
    return undefined;
  }

  /** Everything that came after `rev`, as a client asks that has been away. */
  async changes(chat: Chat, since: number): Promise<{ rev: number; messages: Body[] }> {
    if (this.readySince === undefined) throw new Lost("not connected");
    return this.#do("changes", chat.id, { since });
  }
}

const isUnchanged = ({ said }: Pick<Answered, "said">): boolean => said.versions.length === 1;

/** What of a message can't change by being read or told again. */
const essence = ({ id, chat_id, seq, user, text, attachments, client_id, created_at }: Body): string =>
  JSON.stringify([id, chat_id, seq, user.id, text, attachments.map((one: Body) => one.id), client_id, created_at]);
