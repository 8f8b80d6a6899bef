// What a server that faces the internet may be made to ask by its tenants: nothing that is not public.

import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, it } from "vitest";
import { reachOfAddress, refusalOf } from "../../src/auth/addresses.ts";
import { createOutbound } from "../../src/auth/outbound.ts";
import { createTenantSystems } from "../../src/auth/tenants.ts";

describe("an address that a tenant gives", () => {
  it.each([
    "https://shop.parlance.io/verify",
    "https://shop.parlance.io:8443/verify?a=b",
    "https://1.1.1.1/",
    "https://[2606:4700::1111]/",
    "https://8.8.8.8.",
    "https://münchen.de/",
  ])("%s may be asked", (url) => {
    expect(refusalOf(url, false)).toBeNull();
  });

  it.each([
    "http://shop.parlance.io/",
    "ftp://shop.parlance.io/",
    "javascript:alert(1)",
    "data:,x",
    "//shop.parlance.io",
    "",
    "https://",
    "https://user@shop.parlance.io/",
    "https://:secret@shop.parlance.io/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://a.localhost/",
    "https://intranet/",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://0x7f.0.0.0x1/",
    "https://%31%32%37.0.0.1/",
    "https://１２７.0.0.1/",
    "https://0/",
    "https://10.1.2.3/",
    "https://167838211/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.0.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1/",
    "https://192.0.2.1/",
    "https://198.18.0.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://[::]/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:a00:1]/",
    "https://[::7f00:1]/",
    "https://[64:ff9b::10.0.0.1]/",
    "https://[64:ff9b:1::1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:1::1]/",
    "https://[2001:db8::1]/",
    "https://[fc00::1]/",
    "https://[fd12:3456::1]/",
    "https://[fe80::1]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://[100::1]/",
  ])("%s may not", (url) => {
    expect(refusalOf(url, false)).toEqual(expect.any(String));
  });

  it("in development may be on this machine, without TLS, or in a private network", () => {
    for (const url of ["http://localhost:1/", "http://127.0.0.1/", "http://[::1]:1/", "https://10.0.0.1/"])
      expect(refusalOf(url, true), url).toBeNull();
    for (const url of ["http://10.0.0.1/", "http://shop.parlance.io/", "http://a:b@localhost/"])
      expect(refusalOf(url, true), url).toEqual(expect.any(String));
  });

  it("of a resolver is told apart in every way that it may be written", () => {
    expect(reachOfAddress("93.184.215.14")).toBe("public");
    expect(reachOfAddress("2606:2800:21f:cb07:6820:80da:af6b:8b2c")).toBe("public");
    for (const address of ["10.0.0.1", "::ffff:10.0.0.1", "fe80::1%eth0", "nonsense"])
      expect(reachOfAddress(address), address).toBe("private");
  });
});

/** A network of some hosts: what they resolve to, and what they answer. */
function network(names: Record<string, string[]>, answers: Record<string, () => Response>) {
  const asked: string[] = [];
  async function fetch(url: string): Promise<Response> {
    asked.push(url);
    const { hostname, searchParams } = new URL(url);
    if (hostname === "cloudflare-dns.com") {
      const isV6 = searchParams.get("type") === "AAAA";
      const addresses = (names[searchParams.get("name") ?? ""] ?? []).filter((one) => one.includes(":") === isV6);
      return Response.json({ Answer: addresses.map((data) => ({ type: isV6 ? 28 : 1, data })) });
    }
    return answers[url]?.() ?? new Response(null, { status: 404 });
  }
  const outbound = createOutbound({ development: false, fetch });
  return {
    outbound,
    get: (url: string) => outbound.get(new URL(url), (response) => response.text()),
    asked: () => asked.filter((url) => !url.includes("cloudflare-dns.com")),
  };
}

const PUBLIC = { "a.parlance.io": ["93.184.215.14", "2606:4700::1"], "b.parlance.io": ["93.184.215.15"] };
const to = (location: string) => () => new Response(null, { status: 302, headers: { location } });

describe("a request to a tenant's system", () => {
  it("goes to a name that leads to public addresses", async () => {
    const { get } = network(PUBLIC, { "https://a.parlance.io/": () => new Response("yes") });
    expect(await get("https://a.parlance.io/")).toBe("yes");
  });

  it.each([[["10.0.0.1"]], [["93.184.215.14", "127.0.0.1"]], [["fd00::1"]], [["::ffff:169.254.169.254"]], [[]]])(
    "goes nowhere where a name leads to %j",
    async (addresses) => {
      const { get, asked } = network(
        { "a.parlance.io": addresses },
        { "https://a.parlance.io/": () => new Response("yes") },
      );
      expect(await get("https://a.parlance.io/")).toBeNull();
      expect(asked()).toEqual([]);
    },
  );

  it("follows a redirect on the same host, and none away from it, to http, or without an end", async () => {
    const ok = () => new Response("yes");
    const { get, asked } = network(PUBLIC, {
      "https://a.parlance.io/1": to("/2"),
      "https://a.parlance.io/2": ok,
      "https://a.parlance.io/b": to("https://b.parlance.io/"),
      "https://a.parlance.io/port": to("https://a.parlance.io:444/"),
      "https://a.parlance.io/http": to("http://a.parlance.io/2"),
      "https://a.parlance.io/local": to("https://127.0.0.1/"),
      "https://a.parlance.io/round": to("/round"),
      "https://b.parlance.io/": ok,
      "https://a.parlance.io:444/": ok,
    });
    expect(await get("https://a.parlance.io/1")).toBe("yes");
    const before = asked().length;
    for (const path of ["b", "port", "http", "local"]) expect(await get(`https://a.parlance.io/${path}`)).toBeNull();
    expect(asked().slice(before)).toEqual(
      ["b", "port", "http", "local"].map((path) => `https://a.parlance.io/${path}`),
    );
    expect(await get("https://a.parlance.io/round")).toBeNull();
  });

  it("that is not answered with 2xx, or cannot be read, is a no", async () => {
    const { get } = network(PUBLIC, {
      "https://a.parlance.io/500": () => new Response("no", { status: 500 }),
      "https://a.parlance.io/throws": () => {
        throw new Error("no route to host");
      },
    });
    for (const path of ["500", "throws", "nowhere"]) expect(await get(`https://a.parlance.io/${path}`)).toBeNull();
  });
});

describe("a tenant's JWT", () => {
  const URL_OF_KEYS = "https://a.parlance.io/jwks";

  interface Key {
    readonly kid: string;
    readonly jwk: object;
    readonly privateKey: CryptoKey;
  }

  async function makeKey(kid: string): Promise<Key> {
    const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
    return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid } };
  }

  const jwt = ({ kid, privateKey }: Key, claims: object = {}, expiresIn = "1h") =>
    new SignJWT({ sub: "7", ...claims })
      .setProtectedHeader({ alg: "ES256", kid })
      .setExpirationTime(expiresIn)
      .sign(privateKey);

  /** A tenant with these keys, and a clock. */
  function tenant(keys: Key[]) {
    let now = Date.now();
    let fetched = 0;
    const respond = () => {
      fetched++;
      return Response.json({ keys: keys.map((key) => key.jwk) });
    };
    const { outbound } = network(PUBLIC, { [URL_OF_KEYS]: respond });
    const systems = createTenantSystems(outbound, false, () => now);
    return {
      claims: (token: string) => systems.claimsOf(URL_OF_KEYS, token),
      pass: (ms: number) => void (now += ms),
      fetched: () => fetched,
    };
  }

  it("says who it is for, by the tenant's name for them, and until when", async () => {
    const key = await makeKey("1");
    const { claims } = tenant([key]);
    const named = { given_name: "Ann", middle_name: "B.", family_name: "Lee" };
    const before = Date.now();
    const said = await claims(await jwt(key, named, "10m"));
    expect(said).toEqual({
      subject: "7",
      firstName: "Ann",
      middleName: "B.",
      lastName: "Lee",
      expiresAt: expect.any(Number),
    });
    expect(Math.abs((said?.expiresAt ?? 0) - before - 600_000)).toBeLessThan(10_000);
    expect((await claims(await jwt(key, { given_name: 7, family_name: "x".repeat(300) })))?.lastName).toBeNull();
  });

  it("is refused unsigned, signed by another, by a shared secret, expired, without an end or without anybody", async () => {
    const [key, other] = [await makeKey("1"), await makeKey("1")];
    const { claims } = tenant([key]);
    const secret = new TextEncoder().encode(JSON.stringify(key.jwk));
    const header = { alg: "ES256", kid: "1" };
    const bad = [
      new UnsecuredJWT({ sub: "7" }).setExpirationTime("1h").encode(),
      await jwt(other),
      await new SignJWT({ sub: "7" })
        .setProtectedHeader({ alg: "HS256", kid: "1" })
        .setExpirationTime("1h")
        .sign(secret),
      await jwt(key, {}, "-1m"),
      await new SignJWT({ sub: "7" }).setProtectedHeader(header).sign(key.privateKey),
      await jwt(key, { nbf: Math.floor(Date.now() / 1_000) + 600 }),
      await jwt(key, { sub: undefined }),
      await jwt(key, { sub: "" }),
      await jwt(key, { sub: "x".repeat(256) }),
      "a.b.c",
      "",
    ];
    for (const token of bad) expect(await claims(token), token).toBeNull();
    expect(await claims(await jwt(key))).not.toBeNull();
  });

  it("is verified by keys that are fetched seldom: when they are old, or one is missing that may be new", async () => {
    const keys = [await makeKey("1")];
    const [first] = keys;
    if (first === undefined) throw new Error("no key");
    const { claims, pass, fetched } = tenant(keys);
    for (let n = 0; n < 3; n++) expect(await claims(await jwt(first))).not.toBeNull();
    expect(fetched()).toBe(1);
    const second = await makeKey("2");
    keys.splice(0, 1, second);
    // Too soon: whoever makes keys up must not make us ask the tenant each time.
    expect(await claims(await jwt(second))).toBeNull();
    expect(fetched()).toBe(1);
    pass(31_000);
    expect(await claims(await jwt(second))).not.toBeNull();
    expect(await claims(await jwt(first))).toBeNull();
    expect(fetched()).toBe(2);
    pass(6 * 60_000);
    expect(await claims(await jwt(second))).not.toBeNull();
    expect(fetched()).toBe(3);
  });
});
