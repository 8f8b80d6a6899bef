// How often somebody may guess, over the Throttle objects.

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { networkOf } from "../../src/auth/network.ts";
import { createLoginThrottle } from "../../src/auth/throttle.ts";
import { ParlanceError } from "../../src/core/errors.ts";
import { appId } from "../../src/core/ids.ts";
import { THROTTLE } from "../../src/core/limits.ts";

describe("the throttle", () => {
  const throttle = createLoginThrottle(env.THROTTLE);
  const APP = appId(1);
  const { name, address } = THROTTLE;
  let logins = 0;
  const somebody = (): string => `name ${++logins} ü`;
  const somewhere = (): string => `10.0.${logins++}.1`;

  /** 0 where the try is let through, else the seconds to wait. */
  async function guess(login: string, from: string, app = APP): Promise<number> {
    try {
      await throttle.take(app, login, from);
      return 0;
    } catch (error) {
      if (error instanceof ParlanceError && error.failure.code === "rate.limited")
        return error.failure.retryAfter ?? -1;
      throw error;
    }
  }

  async function guesses(times: number, login: () => string, from: () => string): Promise<number[]> {
    const waits: number[] = [];
    for (let at = 0; at < times; at++) waits.push(await guess(login(), from()));
    return waits;
  }

  const passed = (waits: number[]): number => waits.filter((wait) => wait === 0).length;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(1_800_000_000_000);
  });
  afterEach(() => vi.useRealTimers());

  it("refuses the guess after the last of the bucket, and lets one through each time that one is back", async () => {
    const [login, from] = [somebody(), somewhere()];
    const waits = await guesses(
      name.burst + 2,
      () => login,
      () => from,
    );
    expect(waits).toEqual([0, 0, 0, 0, 0, 30, 30]);
    vi.advanceTimersByTime(500);
    expect(await guess(login, from)).toBe(30);
    vi.advanceTimersByTime(name.refillMs - 501);
    expect(await guess(login, from)).toBe(1);
    vi.advanceTimersByTime(1);
    expect(await guess(login, from)).toBe(0);
    expect(await guess(login, from)).toBe(30);
    vi.advanceTimersByTime(100 * name.refillMs);
    expect(
      passed(
        await guesses(
          name.burst + 3,
          () => login,
          () => from,
        ),
      ),
    ).toBe(name.burst);
  });

  it("lets no more through where many come at once", async () => {
    const [login, from] = [somebody(), somewhere()];
    const waits = await Promise.all(Array.from({ length: 20 }, () => guess(login, from)));
    expect(passed(waits)).toBe(name.burst);
  });

  it("a success fills the account's bucket and gives the address its try back", async () => {
    const [login, from] = [somebody(), somewhere()];
    for (let at = 0; at < address.burst + 5; at++) {
      expect(await guess(login, from)).toBe(0);
      await throttle.succeeded(APP, login, from);
    }
    expect(
      passed(
        await guesses(
          name.burst + 1,
          () => login,
          () => from,
        ),
      ),
    ).toBe(name.burst);
    await throttle.succeeded(APP, login, from);
    expect(await guess(login, from)).toBe(0);
  });

  it("another account is not held up, nor the same name in another app; another spelling is", async () => {
    const [login, from] = [somebody(), somewhere()];
    await guesses(
      name.burst,
      () => login,
      () => from,
    );
    expect(await guess(login.toUpperCase(), somewhere())).toBe(30);
    expect(await guess(login, from, appId(2))).toBe(0);
    expect(await guess(somebody(), from)).toBe(0);
  });

  it("an address that tries many accounts is refused, and then takes no account's tries", async () => {
    const [from, victim] = [somewhere(), somebody()];
    expect(passed(await guesses(address.burst, somebody, () => from))).toBe(address.burst);
    expect(
      await guesses(
        10,
        () => victim,
        () => from,
      ),
    ).toEqual(Array.from({ length: 10 }, () => 3));
    expect(passed(await guesses(name.burst + 1, () => victim, somewhere))).toBe(name.burst);
    vi.advanceTimersByTime(address.refillMs);
    expect(await guess(somebody(), from)).toBe(0);
  });

  it("guesses at an account that is held up take none of the address's tries", async () => {
    const [login, from] = [somebody(), somewhere()];
    await guesses(
      name.burst + address.burst,
      () => login,
      () => from,
    );
    expect(passed(await guesses(address.burst, somebody, () => from))).toBe(address.burst - name.burst);
  });

  it("all addresses of one IPv6 customer are one", async () => {
    expect(networkOf("192.0.2.7")).toBe("192.0.2.7");
    expect(networkOf("::ffff:192.0.2.7")).toBe("192.0.2.7");
    expect(networkOf("2001:db8:0:7:1::9")).toBe("2001:db8:0:7::/64");
    expect(networkOf("2001:DB8:0:0007:ffff:ffff:ffff:ffff")).toBe("2001:db8:0:7::/64");
    expect(networkOf("2001:db8::1")).toBe("2001:db8:0:0::/64");
    expect(networkOf("::1")).toBe("0:0:0:0::/64");
    expect(networkOf("2001:db8:0:8::")).toBe("2001:db8:0:8::/64");
    expect(networkOf("")).toBe("");
    let host = 0;
    const waits = await guesses(address.burst + 1, somebody, () => `2001:db8:1:2::${(++host).toString(16)}`);
    expect(passed(waits)).toBe(address.burst);
    expect(await guess(somebody(), "2001:db8:1:3::1")).toBe(0);
  });

  describe("its object", () => {
    const stored = (stub: DurableObjectStub) =>
      runInDurableObject(stub, async (_, state) => Object.fromEntries(await state.storage.list()));
    const call = async (stub: DurableObjectStub, method: string, ...args: unknown[]): Promise<unknown> => {
      const response = await stub.fetch(`https://throttle/do/call/${method}`, {
        headers: { "do-content": JSON.stringify(args) },
      });
      return response.status === 204 ? undefined : response.json();
    };

    it("remembers through an eviction, and a full bucket leaves nothing behind", async () => {
      const stub = env.THROTTLE.get(env.THROTTLE.idFromName("test:evicted"));
      for (let at = 0; at < 3; at++) expect(await call(stub, "take", 3, 1_000)).toBe(0);
      expect(await stored(stub)).toEqual({ data: { taken: 3, updatedAt: Date.now() } });
      await evictDurableObject(stub);
      expect(await call(stub, "take", 3, 1_000)).toBe(1_000);

      await call(stub, "refund");
      await evictDurableObject(stub);
      expect(await call(stub, "take", 3, 1_000)).toBe(0);
      await call(stub, "forget");
      expect(await stored(stub)).toEqual({});
      await evictDurableObject(stub);
      expect(await call(stub, "take", 1, 1_000)).toBe(0);
      await call(stub, "refund");
      expect(await stored(stub)).toEqual({});
      // More is given back than was taken: the bucket holds no more than it can.
      await call(stub, "refund");
      expect(await call(stub, "take", 1, 1_000)).toBe(0);
      expect(await call(stub, "take", 1, 1_000)).toBe(1_000);
    });

    it("a clock that goes back makes nobody wait longer than for one try", async () => {
      const stub = env.THROTTLE.get(env.THROTTLE.idFromName("test:clock"));
      await call(stub, "take", 1, 1_000);
      vi.setSystemTime(Date.now() - 3_600_000);
      expect(await call(stub, "take", 1, 1_000)).toBe(1_000);
      vi.advanceTimersByTime(1_000);
      expect(await call(stub, "take", 1, 1_000)).toBe(0);
    });
  });
});
