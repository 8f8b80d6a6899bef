/** Plays a case against the server and looks at what comes back. Knows connections; makes no case. */

import { WebSocket } from "ws";
import type { Callers } from "./callers.ts";
import type { Case, EngineCase, FramesCase, KnockCase, RestCase } from "./cases.ts";
import type { Findings, Kind, Place, Taken } from "./findings.ts";
import { ask } from "./http.ts";
import { knock } from "./knock.ts";
import type { Entry } from "./talker.ts";
import { Talker } from "./talker.ts";
import type { World } from "./world.ts";
import { actedFor, mend, revive } from "./world.ts";

const SLOW_MS = 20_000;
/** Engine.IO holds a poll until there is something to say. */
const POLL_MS = 100;
/** Sizes past which a server may end the connection before it has heard all. */
const LONG_BODY = 250_000;
/** How a chat ends the socket of somebody who is not in it any more. */
const POLICY = "1008";
/** How often frames are sent again by an attacker whom other cases have put out of it meanwhile. */
const MOST_AGAIN = 2;
/** How often an attacker is let in again before they may connect: no case has more frames that could put them out. */
const MOST_LET_IN = 8;

export interface Outcome {
  readonly taken: Taken;
  /** What was answered, for who looks on. */
  readonly said: string;
}

/** What says no, in each dialect; `messenger` says nothing. */
const REFUSALS = /^\{"re":.*"ok":false|"type":"error"|^42\["err"|^42\[.*"status":"error"/;

/** What says yes. To be refused twice is no yes: `events` says of some events by each of their names that they failed. */
const ACCEPTANCES = /^\{"re":.*"ok":true|^42\["(?!list-chats").*"status":"ok"/;

export class Player {
  readonly #world: World;
  readonly #findings: Findings;
  readonly #callers: Callers;
  readonly #connections = new Map<string, Promise<Talker>>();
  #place: Place = { surface: "" };

  constructor(world: World, findings: Findings, callers: Callers) {
    this.#world = world;
    this.#findings = findings;
    this.#callers = callers;
  }

  async play(number: number, one: Case): Promise<Outcome & { readonly ms: number }> {
    this.#place = { number, surface: one.group };
    const started = performance.now();
    const outcome = await this.#do(one);
    const ms = performance.now() - started;
    this.#findings.count(one.group, outcome.taken, ms);
    if (ms > SLOW_MS) this.#found("slow", `${ms.toFixed(0)} ms`);
    return { ...outcome, ms };
  }

  #do(one: Case): Promise<Outcome> {
    switch (one.kind) {
      case "rest":
        return this.#request(one);
      case "frames":
        return this.#frames(one);
      case "engine":
        return this.#engine(one);
      case "knock":
        return this.#knock(one);
    }
  }

  #found(kind: Kind, detail: string): void {
    this.#findings.add(kind, this.#place, detail);
  }

  async #request({ request, mortal }: RestCase): Promise<Outcome> {
    const answer = await ask(this.#world.port, request);
    const where = `${request.method} ${request.path.slice(0, 200)}`;
    if (answer.status === 0 && (request.body?.length ?? 0) < LONG_BODY) {
      this.#found("no answer", `${where}: ${answer.why} after ${Math.round(answer.ms)} ms`);
    }
    if (answer.status >= 500) this.#found("5xx", `${where}: ${answer.status} ${answer.text.slice(0, 300)}`);
    // Documents about the API say what the server is made of, on purpose.
    if (!/^\/(openapi|asyncapi)\.json|^\/swagger/.test(request.path)) {
      this.#findings.check(this.#place, where, `${answer.head}\n${answer.text}`);
    }
    const dead = mortal === undefined ? undefined : this.#world.mortals[mortal];
    if (dead !== undefined && (answer.status === 401 || answer.status === 403 || request.method === "DELETE"))
      await this.#revive(dead);
    const taken = answer.status === 0 ? "closed" : answer.status >= 400 ? "refused" : "answered";
    return { taken, said: `${answer.status} ${answer.text}` };
  }

  async #revive(mortal: World["mortals"][number]): Promise<void> {
    const headers = { authorization: `Bearer ${mortal.token}` };
    const me = await ask(this.#world.port, { method: "GET", path: "/v1/me", headers });
    if (me.status === 401) await revive(this.#world, mortal);
  }

  #entry({ dialect, as }: FramesCase): Entry {
    const { attackers, attackersApp, sharedChat } = this.#world;
    switch (dialect) {
      case "events":
      case "events2":
        return { token: actedFor(this.#world, dialect, as)?.key ?? "" };
      case "rooms":
        return { token: attackersApp.users[as]?.token ?? "", app: attackersApp.uuid, room: attackersApp.room };
      default:
        return { token: attackers[as]?.token ?? "", chat: sharedChat };
    }
  }

  async #connection(one: FramesCase): Promise<Talker> {
    const name = `${one.dialect} ${one.as}`;
    const known = await this.#connections.get(name);
    if (known !== undefined && known.closed === undefined && !one.isFresh) return known;
    known?.close();
    const opening = Talker.open(this.#world.port, one.dialect, this.#entry(one));
    this.#connections.set(name, opening);
    const talker = await opening;
    this.#callers.note(talker.localPort, this.#place);
    talker.listen((text) => this.#findings.check(this.#place, one.dialect, text));
    return talker;
  }

  /** An attacker who was put out of the chat is let in again first, as often as the frames of another case may put them out meanwhile. */
  async #again(one: FramesCase, again = 1): Promise<Talker> {
    this.#connections.delete(`${one.dialect} ${one.as}`);
    await mend(this.#world);
    return this.#connection(one).catch((error: unknown) => {
      if (again < MOST_LET_IN) return this.#again(one, again + 1);
      throw error;
    });
  }

  async #frames(one: FramesCase, again = 0): Promise<Outcome> {
    let talker: Talker;
    try {
      talker = await this.#connection(one).catch(() => this.#again(one));
    } catch (error) {
      this.#connections.delete(`${one.dialect} ${one.as}`);
      this.#found("no answer", `${one.dialect}: ${error instanceof Error ? error.message : "?"}`);
      return { taken: "closed", said: "" };
    }
    let refusals = 0;
    let acceptances = 0;
    let said = "";
    const count = (text: string): void => {
      if (said.length < 1_000) said += `${text.slice(0, 200)}  `;
      if (REFUSALS.test(text)) refusals++;
      if (ACCEPTANCES.test(text)) acceptances++;
      if (/"code":"internal"|"internal error"/.test(text)) this.#found("5xx", `${one.dialect}: ${text.slice(0, 300)}`);
    };
    talker.listen(count);
    for (const frame of one.frames) talker.send(frame);
    const went = await talker.sync();
    talker.unlisten(count);
    // Meanwhile another case may have put this attacker out of the chat: then it is not these frames that end the next connection.
    if (talker.closed === POLICY && one.dialect === "chat" && again < MOST_AGAIN) return this.#frames(one, again + 1);
    if (!went) {
      const kind = talker.closed === undefined ? "no answer" : "closed";
      this.#found(kind, `${one.dialect} (${talker.closed ?? "open"}): ${shown(one.frames)}`);
      talker.close();
    }
    // The question at the end is refused as well.
    const isRefused = refusals - 1 >= one.frames.length && acceptances === 0;
    return { taken: !went ? "closed" : isRefused ? "refused" : "answered", said };
  }

  async #engine({ path, open, steps }: EngineCase): Promise<Outcome> {
    const { port } = this.#world;
    const look = (what: string, status: number, text: string): void => {
      if (status >= 500) this.#found("5xx", `${what}: ${status} ${text.slice(0, 300)}`);
      this.#findings.check(this.#place, what, text);
    };
    const begun = await ask(port, { method: "GET", path: `${path}?${open}`, headers: {}, leaveAfterMs: 5_000 });
    look("engine open", begun.status, begun.text);
    const sid = /"sid":"([^"]+)"/.exec(begun.text)?.[1] ?? "none";
    for (const step of steps) {
      const address = `${path}?${step.query.replaceAll("SID", sid)}`;
      if (step.do === "socket") {
        await this.#rawSocket(address, step.frames, look);
        continue;
      }
      const answer = await ask(port, {
        method: step.do === "request" ? step.method : "GET",
        path: address,
        headers: step.do === "request" && step.type !== "" ? { "content-type": step.type } : {},
        body: step.do === "request" ? step.body : undefined,
        leaveAfterMs: step.do === "leave" ? 5 : step.do === "poll" ? POLL_MS : SLOW_MS,
      });
      look(`engine ${step.do}`, answer.status, answer.text);
      if (step.do === "request" && answer.hasLeft) this.#found("no answer", `engine: ${address}`);
    }
    return { taken: begun.status >= 400 ? "refused" : "answered", said: begun.text };
  }

  async #knock(one: KnockCase): Promise<Outcome> {
    const { localPort, status, text, isClosed } = await knock(this.#world.port, one, SLOW_MS);
    this.#callers.note(localPort, this.#place);
    if (status === 0 && !one.isTorn && !isClosed) this.#found("no answer", shown([one.head]));
    if (status >= 500 && status !== 501 && status !== 505)
      this.#found("5xx", `${text.slice(0, 300)} to ${shown([one.head])}`);
    this.#findings.check(this.#place, "bytes", text);
    return { taken: status >= 400 ? "refused" : isClosed ? "closed" : "answered", said: text };
  }

  async #rawSocket(
    address: string,
    frames: readonly (string | Buffer)[],
    look: (what: string, status: number, text: string) => void,
  ): Promise<void> {
    const socket = new WebSocket(`ws://127.0.0.1:${this.#world.port}${address}`, { perMessageDeflate: false });
    socket.on("message", (data) => look("engine socket", 0, (data as Buffer).toString()));
    socket.on("error", () => {});
    socket.once("upgrade", (response) => this.#callers.note(response.socket.localPort, this.#place));
    await new Promise((settled) => {
      socket.once("unexpected-response", (_, response) => {
        look("engine upgrade", response.statusCode ?? 0, "");
        response.resume().once("end", settled);
      });
      socket.once("open", settled);
      socket.once("close", settled);
      setTimeout(settled, SLOW_MS).unref();
    });
    for (const frame of frames) if (socket.readyState === WebSocket.OPEN) socket.send(frame);
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.terminate();
  }

  close(): void {
    for (const opening of this.#connections.values()) {
      void opening.then((talker) => talker.close()).catch(() => {});
    }
  }
}

const shown = (frames: readonly (string | Buffer)[]): string =>
  frames
    .map((frame) => (typeof frame === "string" ? frame.slice(0, 200) : `bytes ${frame.toString("hex").slice(0, 100)}`))
    .join("  ");
