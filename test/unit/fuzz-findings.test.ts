// What the fuzzer has to notice, it notices; and a case is the same whenever it is made.

import { describe, expect, it } from "vitest";
import { BEGUN_ANEW } from "../../src/objects/gateway/carriage.ts";
import { Findings } from "../fuzz/findings.ts";
import { Hostile, poolsOf } from "../fuzz/hostile.ts";
import { Random } from "../fuzz/random.ts";

const place = { number: 7, surface: "rest" };

function kinds(look: (findings: Findings) => void): string[] {
  const findings = new Findings(1);
  findings.keepSecret("key of an app", "k-123456");
  look(findings);
  return findings.all.map(({ kind }) => kind);
}

describe("an answer", () => {
  it.each([
    ["what a victim said", '{"text":"CANARY-native-1"}', "crossing"],
    [
      "the same as rooms shows it",
      JSON.stringify({ message: Buffer.from("CANARY-rooms-1").toString("base64") }),
      "crossing",
    ],
    ["a secret", '{"key":"k-123456"}', "crossing"],
    ["a stack", "Error: x\n    at Chat.send (file:///index.js:12:3)", "internal name"],
    ["a statement", "UNIQUE constraint failed: users.username: SQLITE_CONSTRAINT", "internal name"],
    ["a fault of the directory", "D1_TYPE_ERROR: Type 'object' not supported", "internal name"],
    ["an internal name", "TypeError: Cannot read properties of undefined", "internal name"],
  ])("with %s is found", (_, text, kind) => {
    expect(kinds((findings) => findings.check(place, "GET /", text))).toContain(kind);
  });

  it("without any of it is not", () => {
    expect(kinds((findings) => findings.check(place, "GET /", '{"code":"input.invalid","detail":"is no id"}'))).toEqual(
      [],
    );
  });

  it("with a signature that happens to have some letters of a name is not", () => {
    const link = "/v1/attachments/16bd3ec0?expires=1795392000&signature=SrgdR-c3FD1_3XmeO1";
    expect(kinds((findings) => findings.check(place, "GET /", link))).toEqual([]);
  });
});

describe("a line of the log", () => {
  it.each([
    ["of a fault", '{"event":"fault","where":"rooms","kind":"TypeError"}', "fault"],
    ["of an uncaught error", "✘ [ERROR] Uncaught (in promise) Error: Network connection lost.", "fault"],
    ["with a secret", '{"event":"request","route":"/?key=k-123456"}', "secret printed"],
    ["with what was said", '{"event":"x","text":"CANARY-native-1"}', "secret printed"],
  ])("%s is found", (_, line, kind) => {
    expect(kinds((findings) => findings.checkLine(line, 7))).toEqual([kind]);
  });

  it("of a request, or of the runtime about frames that are none, is not", () => {
    const ofTheRuntime =
      "✘ [ERROR] Uncaught exception: kj/compat/http.c++:6212: failed: remote.jsg.Error: WebSocket protocol error; protocolError.statusCode = 1002";
    const request = '{"event":"request","route":"/v1/me","status":200}';
    expect(kinds((findings) => [request, ofTheRuntime].forEach((line) => findings.checkLine(line, 7)))).toEqual([]);
  });
});

it("a Gateway that says that it begins anew does so on purpose; anything else uncaught is found", () => {
  const line = (text: string): string[] => kinds((findings) => findings.checkLine(text, 7));
  expect(line(`Uncaught Error: ${BEGUN_ANEW}`)).toEqual([]);
  expect(line(`Uncaught Error: ${BEGUN_ANEW} and more`)).toEqual(["fault"]);
  expect(line("Uncaught Error: Network connection lost.")).toEqual(["fault"]);
});

it("prints ten of each kind, and counts all of them", () => {
  const said: string[] = [];
  const log = console.log;
  console.log = (text: string) => said.push(text);
  const findings = new Findings(42);
  for (let number = 0; number < 300; number++) findings.add("5xx", { number, surface: "rest" }, "GET /v1/me: 500");
  findings.add("crossing", place, "GET /v1/me");
  console.log = log;
  expect(said.filter((line) => line.startsWith("FOUND 5xx"))).toHaveLength(10);
  expect(said.filter((line) => line.startsWith("FOUND crossing"))).toHaveLength(1);
  expect(findings.total).toBe(301);
  expect(findings.table()).toContain("5xx: 300 (cases 0, 1, ");
});

it("prints what plays a finding's case again", () => {
  const said: string[] = [];
  const log = console.log;
  console.log = (text: string) => said.push(text);
  new Findings(42).add("5xx", place, "GET /v1/me: 500");
  console.log = log;
  expect(said.join("\n")).toContain("npm run fuzz -- --seed 42 --from 7 --cases 1");
});

describe("a case's values", () => {
  const made = (seed: number, number: number): string => {
    const random = new Random(seed, number);
    const hostile = new Hostile(random, poolsOf(seed));
    return JSON.stringify(Array.from({ length: 20 }, () => hostile.json(hostile.value())));
  };

  it("are the same for the same seed and number, and for no others", () => {
    expect(made(1, 5)).toBe(made(1, 5));
    expect(made(1, 5)).not.toBe(made(1, 6));
    expect(made(1, 5)).not.toBe(made(2, 5));
  });
});
