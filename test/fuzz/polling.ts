/** A well-behaved client of Socket.IO that only polls: comes, asks one thing, hears the answer, and goes. */

import type { Tenant } from "./world.ts";
import { ask } from "./http.ts";

const SEPARATOR = "\u001e";
/** Polls until the answer: the greeting, the CONNECT and what comes before it are others. */
const POLLS = 6;
const PATIENCE_MS = 30_000;

/** What was wrong; undefined: all was well. */
export async function pollOnce(port: number, { key }: Tenant): Promise<string | undefined> {
  const base = `/socket.io/?EIO=4&transport=polling&key=${key}`;
  const get = (path: string) => ask(port, { method: "GET", path, headers: {}, leaveAfterMs: PATIENCE_MS });
  const opened = await get(base);
  const sid = /"sid":"([^"]+)"/.exec(opened.text)?.[1];
  if (sid === undefined) return `opening was answered ${opened.status} ${opened.text.slice(0, 100)}`;
  const path = `${base}&sid=${sid}`;
  const post = (body: string) => ask(port, { method: "POST", path, headers: { "content-type": "text/plain" }, body });
  for (const packet of ["40", '427["list-chats",{}]']) {
    const { status, text } = await post(packet);
    if (status !== 200) return `${packet} was answered ${status} ${text.slice(0, 100)}`;
  }
  const heard: string[] = [];
  for (let polls = 0; polls < POLLS && !heard.some((packet) => packet.startsWith("437")); polls++) {
    heard.push(...(await get(path)).text.split(SEPARATOR));
  }
  await post("1");
  return heard.some((packet) => packet.startsWith("437")) ? undefined : `heard ${heard.join(" ").slice(0, 300)}`;
}
