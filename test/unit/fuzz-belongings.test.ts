// The fuzzer notices what strangers have done to what is the victims' own, and not what those do themselves.

import { describe, expect, it } from "vitest";
import { Belongings } from "../fuzz/belongings.ts";
import { Findings } from "../fuzz/findings.ts";
import type { Fields, SeenChat, Sight } from "../fuzz/sight.ts";

const ann = { id: 1, name: "Ann" };
const bob = { id: 2, name: "Bob" };

const said = (seq: number, user: Fields, text: string, more: Fields = {}): Fields => ({
  id: seq,
  seq,
  user,
  type: "text",
  text,
  attachments: [],
  data: null,
  reply_to: null,
  created_at: `time ${seq}`,
  edited_at: null,
  deleted_at: null,
  read: false,
  ...more,
});

/** The chat of the two as Bob sees it, who never reads. */
function chat(...messages: Fields[]): SeenChat {
  const last = messages.at(-1);
  const about = {
    id: 7,
    rev: messages.length,
    last_seq: messages.length,
    unread: messages.filter(({ user }) => user.id === ann.id).length,
    updated_at: last?.["created_at"],
    last_message: last,
    members: { 1: { user: ann, role: "member" }, 2: { user: bob, role: "member" } },
  };
  return { by: bob.id, messages: Object.fromEntries(messages.map((one) => [one["id"], one])), about };
}

const line = ({ about: { members: _members, ...rest } }: SeenChat): Fields => rest;

function sight(pair: SeenChat, more: Partial<Sight> = {}): Sight {
  const group = chat(said(1, ann, "only ours"));
  const kept = { "profile of bob": bob, "group as bob sees it": { ...group, about: { ...group.about, id: 8 } } };
  return { pair: { bob: pair }, room: {}, kept, lists: undefined, ...more };
}

const hello = said(1, ann, "hello");
const before = sight(chat(hello));

/** What is found where it looks like `after`, and Ann has said `texts` herself. */
async function foundIn(after: Sight, ...texts: string[]): Promise<string[]> {
  const findings = new Findings(1);
  let now = before;
  const belongings = await Belongings.of(async (isWhole) => (isWhole ? now : { ...now, lists: undefined }), findings);
  now = after;
  for (const text of texts) belongings.said("pair", ann.id, text);
  const log = console.log;
  console.log = () => undefined;
  await belongings.check(7, after.lists !== undefined);
  const found = findings.all.map(({ kind, detail }) => `${kind}: ${detail}`);
  // What was found is not found again.
  await belongings.check(8);
  console.log = log;
  expect(findings.all).toHaveLength(found.length);
  return found;
}

it("what the victims have said themselves is no finding, nor is that nothing has happened", async () => {
  expect(await foundIn(before)).toEqual([]);
  expect(await foundIn(sight(chat(hello, said(2, ann, "b"), said(3, ann, "a"))), "a", "b")).toEqual([]);
});

describe("is found:", () => {
  const grown = chat(hello, said(2, ann, "a"));
  it.each<[string, Sight, RegExp]>([
    ["an edited message", sight(chat(said(1, ann, "hellO"))), /messages\.1\.text was "hello" and is "hellO"/],
    ["one that is gone", sight({ ...chat(hello), messages: {} }), /messages\.1 was .*hello.* and is not there/],
    ["one that is read", sight(chat(said(1, ann, "hello", { read: true }))), /messages\.1\.read was false and is true/],
    ["one that nobody said", sight(chat(hello, said(2, ann, "x"))), /messages\.2 was not there/],
    ["another title", sight({ ...chat(hello), about: { ...chat(hello).about, title: "x" } }), /about\.title .* "x"/],
    [
      "a member more",
      sight({ ...chat(hello), about: { ...chat(hello).about, members: { ...chat(hello).about["members"], 3: {} } } }),
      /about\.members\.3/,
    ],
    [
      "another profile",
      sight(chat(hello), { kept: { ...before.kept, "profile of bob": { ...bob, name: "x" } } }),
      /profile of bob: name was "Bob" and is "x"/,
    ],
  ])("%s", async (_, after, detail) => {
    expect(await foundIn(after)).toContainEqual(expect.stringMatching(detail));
  });

  it("of what was said: other words, an edit at once, another count of unread ones, and what is missing", async () => {
    expect(await foundIn(sight(chat(hello, said(2, ann, "b"))), "a")).toHaveLength(1);
    expect(await foundIn(sight(chat(hello, said(2, ann, "a", { edited_at: "now" }))), "a")).toHaveLength(1);
    expect(await foundIn(sight({ ...grown, about: { ...grown.about, unread: 0 } }), "a")).toHaveLength(1);
    expect(await foundIn(before, "a")).toEqual([expect.stringContaining("said 0")]);
    expect(await foundIn(sight(grown), "a")).toEqual([]);
  });

  it("a line of the list that says something else than the chat", async () => {
    const group = before.kept["group as bob sees it"] as SeenChat;
    const lines = { 7: line(chat(hello)), 8: line(group) };
    expect(await foundIn(sight(chat(hello), { lists: { bob: lines } }))).toEqual([]);
    const found = await foundIn(sight(chat(hello), { lists: { bob: { ...lines, 7: { ...lines[7], unread: 0 } } } }));
    expect(found).toEqual([expect.stringContaining("list of bob: 7.unread was 1 and is 0")]);
    expect(await foundIn(sight(chat(hello), { lists: { bob: { 7: lines[7] } } }))).toHaveLength(1);
  });
});
