// Who somebody is: passwords, the secret, and user tokens.

import { scryptSync } from "node:crypto";
import { SignJWT } from "jose";
import { afterEach, describe, expect, it, vi } from "vitest";
import { passwords } from "../../src/auth/passwords.ts";
import { checkSecret, deriveKey } from "../../src/auth/secret.ts";
import { createTokenSigner } from "../../src/auth/tokens.ts";
import { appId, userId } from "../../src/core/ids.ts";

const SECRET = "s".repeat(32);

describe("passwords", () => {
  it("a password fits its own hash, however its characters are encoded, and no other", async () => {
    const hash = await passwords.hash("Zoë's pass");
    expect(hash).toMatch(/^\$scrypt\$ln=14,r=8,p=5\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await passwords.verify("Zoe\u0308's pass", hash)).toEqual({ fits: true, stale: false });
    expect(await passwords.verify("Zoë's Pass", hash)).toEqual({ fits: false, stale: false });
    expect(await passwords.verify("", hash)).toEqual({ fits: false, stale: false });
  });

  it("the same password has another hash each time", async () => {
    expect(await passwords.hash("same")).not.toBe(await passwords.hash("same"));
  });

  it("a hash of weaker settings fits and is stale; one of stronger settings is not", async () => {
    const stored = (ln: number, p: number, saltBytes: number): string => {
      const salt = Buffer.alloc(saltBytes, 7);
      const key = scryptSync("old password", salt, 32, { N: 2 ** ln, r: 8, p, maxmem: 2 ** 27 });
      const text = (bytes: Buffer): string => bytes.toString("base64").replaceAll("=", "");
      return `$scrypt$ln=${ln},r=8,p=${p}$${text(salt)}$${text(key)}`;
    };
    expect(await passwords.verify("old password", stored(12, 1, 16))).toEqual({ fits: true, stale: true });
    expect(await passwords.verify("old password", stored(14, 1, 16))).toEqual({ fits: true, stale: true });
    expect(await passwords.verify("old password", stored(14, 5, 8))).toEqual({ fits: true, stale: true });
    expect(await passwords.verify("old password", stored(15, 4, 16))).toEqual({ fits: true, stale: false });
    expect(await passwords.verify("not the old one", stored(12, 1, 16))).toEqual({ fits: false, stale: false });
  });

  it("without a hash it takes as long as with one", async () => {
    const hash = await passwords.hash("known");
    const timed = async (stored: string | null): Promise<number> => {
      const begun = performance.now();
      expect(await passwords.verify("guess", stored)).toEqual({ fits: false, stale: false });
      return performance.now() - begun;
    };
    // The shortest of three: what else runs on the machine only adds to a time.
    const known = [await timed(hash), await timed(hash), await timed(hash)];
    const unknown = [await timed(null), await timed(null), await timed(null)];
    expect(Math.min(...unknown)).toBeGreaterThan(Math.min(...known) / 4);
    expect(Math.min(...unknown)).toBeLessThan(Math.min(...known) * 4);
  });

  it("what is no hash of ours fits nothing", async () => {
    const salt = "A".repeat(22);
    const settings = ["ln=31,r=8,p=1", "ln=15,r=8,p=5", "ln=14,r=0,p=5", "ln=14,r=8,p=0", "ln=0,r=8,p=5"];
    const others = ["", "plain", "$2b$10$abc", `$scrypt$ln=14,r=8,p=5$${salt}$`];
    for (const stored of [...others, ...settings.map((text) => `$scrypt$${text}$${salt}$${salt}`)]) {
      expect(await passwords.verify("", stored)).toEqual({ fits: false, stale: false });
    }
  });
});

describe("the secret", () => {
  it("is refused where there is none or it is short", () => {
    expect(checkSecret(SECRET)).toBe(SECRET);
    expect(() => checkSecret(undefined)).toThrow(/TOKEN_SECRET is not set/);
    expect(() => checkSecret("")).toThrow(/TOKEN_SECRET is not set/);
    expect(() => checkSecret("s".repeat(31))).toThrow(/at least 32/);
  });
});

describe("tokens", () => {
  const signer = createTokenSigner(SECRET);
  const session = () => ({
    appId: appId(3),
    userId: userId(42),
    tokenId: crypto.randomUUID(),
    expiresAt: Math.floor(Date.now() / 1_000) * 1_000 + 60_000,
  });
  afterEach(() => vi.useRealTimers());

  it("a token names the session that it was signed for, until it expires", async () => {
    const signed = session();
    const token = await signer.sign(signed);
    expect(await signer.verify(token)).toEqual(signed);
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(signed.expiresAt - 1);
    expect(await signer.verify(token)).toEqual(signed);
    vi.setSystemTime(signed.expiresAt);
    expect(await signer.verify(token)).toBeNull();
  });

  it("a token that was altered, or signed with another secret or for another purpose, names nobody", async () => {
    const token = await signer.sign(session());
    const [head = "", body = "", signature = ""] = token.split(".");
    const claims: object = JSON.parse(atob(body));
    const forged = btoa(JSON.stringify({ ...claims, sub: "43" })).replaceAll("=", "");
    expect(await signer.verify(`${head}.${forged}.${signature}`)).toBeNull();
    expect(
      await signer.verify(`${head}.${body}.${signature.replace(/^./, (c) => (c === "A" ? "B" : "A"))}`),
    ).toBeNull();
    expect(await createTokenSigner("t".repeat(32)).verify(token)).toBeNull();

    const make = (key: CryptoKey | Uint8Array, alg = "HS256", change: object = {}): Promise<string> =>
      new SignJWT({ ...claims, ...change }).setProtectedHeader({ alg, typ: "JWT" }).sign(key);
    const key = await deriveKey(SECRET, "parlance user token");
    expect(await signer.verify(await make(key))).not.toBeNull();
    expect(await signer.verify(await make(await deriveKey(SECRET, "another purpose")))).toBeNull();
    expect(await signer.verify(await make(new TextEncoder().encode(SECRET)))).toBeNull();
    for (const change of [
      { iss: "somebody" },
      { iss: undefined },
      { exp: undefined },
      { jti: undefined },
      { sub: "0" },
      { sub: "1e3" },
      { sub: "9999999999999999" },
      { app: "3" },
      { app: 1.5 },
      { nbf: 9_999_999_999 },
    ]) {
      expect(await signer.verify(await make(key, "HS256", change)), JSON.stringify(change)).toBeNull();
    }
  });

  it("no other algorithm is taken, and none the least", async () => {
    const token = await signer.sign(session());
    const body = token.split(".")[1] ?? "";
    const none = btoa(JSON.stringify({ alg: "none", typ: "JWT" })).replaceAll("=", "");
    for (const tail of ["", ".", `.${body}`]) expect(await signer.verify(`${none}.${body}${tail}`)).toBeNull();
    const raw = crypto.getRandomValues(new Uint8Array(64));
    const claims: object = JSON.parse(atob(body));
    const other = await new SignJWT({ ...claims }).setProtectedHeader({ alg: "HS512", typ: "JWT" }).sign(raw);
    expect(await signer.verify(other)).toBeNull();
  });

  it("garbage names nobody, and throws nothing", async () => {
    const head = btoa(JSON.stringify({ alg: "HS256", typ: "JWT" })).replaceAll("=", "");
    const odd = [
      "",
      ".",
      "..",
      "...",
      "a.b.c",
      `${head}.e30.`,
      `${head}.!!.AA`,
      `${head}..AA`,
      "null",
      "\u0000",
      "ü.ü.ü",
      "\ud800",
    ];
    for (const extra of [{ crit: ["x"] }, { b64: false, crit: ["b64"] }, { alg: 5 }, { alg: "dir", enc: "A256GCM" }]) {
      odd.push(`${btoa(JSON.stringify({ alg: "HS256", typ: "JWT", ...extra })).replaceAll("=", "")}.e30.AA`);
    }
    const token = await signer.sign(session());
    for (let at = 7; at < token.length; at += 7) {
      odd.push(token.slice(0, at), token.slice(at), `${token.slice(0, at)}=${token.slice(at)}`);
    }
    for (const text of odd) expect(await signer.verify(text), text).toBeNull();
  });

  it("what is longer than any token of ours is refused unread", async () => {
    const token = await signer.sign(session());
    expect(token.length).toBeLessThan(400);
    const key = await deriveKey(SECRET, "parlance user token");
    const claims: object = JSON.parse(atob(token.split(".")[1] ?? ""));
    const make = (padding: number): Promise<string> =>
      new SignJWT({ ...claims, pad: "x".repeat(padding) }).setProtectedHeader({ alg: "HS256", typ: "JWT" }).sign(key);
    expect(await signer.verify(await make(1_000))).not.toBeNull();
    expect(await signer.verify(await make(2_000))).toBeNull();
  });
});
