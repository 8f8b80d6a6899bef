/**
 * A tenant's own system, as small as it can be: it logs its people in, and brings them to Parlance. Both ways are here: a token
 * of its own that it registers and is asked about (`/verify`), and a JWT that Parlance verifies by the keys at `/jwks`.
 * `docs/bring-your-own-users.md` walks through it.
 */

import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

/** Somebody whom this system knows. */
export interface Customer {
  readonly id: number;
  readonly firstName: string;
  readonly lastName: string;
}

export interface TenantSystem {
  readonly url: string;
  readonly verifyUrl: string;
  readonly jwksUrl: string;
  /** From now on this system's people chat in the app of this key. */
  connect(parlance: string, app: { readonly applicationId: string; readonly key: string }): void;
  /** Logs somebody in: a new token, which Parlance knows when this returns. */
  login(customer: Customer): Promise<string>;
  /** Logs a token out: this system does not stand by it any more. */
  logout(token: string): void;
  /** Logs somebody in with a JWT, of which Parlance need not be told. */
  jwt(customer: Customer, more?: { readonly audience?: string | null; readonly expiresIn?: string }): Promise<string>;
  /** Addresses that were asked for, without their query. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** @param hostile further paths, for tests of what Parlance does not put up with: a status and a place to go to, or never an answer */
export async function startTenant(
  hostile: Readonly<Record<string, { status: number; location?: string } | "silent">> = {},
): Promise<TenantSystem> {
  const sessions = new Set<string>();
  const asked: string[] = [];
  let parlance = "";
  let app = { applicationId: "", key: "" };
  const keys = await makeKeys();

  const http = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://tenant");
    asked.push(pathname);
    const special = hostile[pathname];
    if (special === "silent") return;
    if (special !== undefined) {
      response.writeHead(special.status, special.location === undefined ? {} : { location: special.location }).end();
    } else if (pathname === "/verify") {
      response.writeHead(sessions.has(searchParams.get("token") ?? "") ? 204 : 401).end();
    } else if (pathname === "/jwks") {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ keys: [keys.jwk] }));
    } else response.writeHead(404).end();
  });
  await new Promise<void>((listening) => http.listen(0, "127.0.0.1", listening));
  const url = `http://localhost:${(http.address() as AddressInfo).port}`;

  return {
    url,
    verifyUrl: `${url}/verify`,
    jwksUrl: `${url}/jwks`,
    asked,

    connect(to, as) {
      parlance = to;
      app = as;
    },

    async login({ id, firstName, lastName }) {
      const token = randomUUID();
      sessions.add(token);
      const response = await fetch(`${parlance}/user`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-app-key": app.key },
        body: JSON.stringify({ appId: app.applicationId, appUserId: id, firstName, lastName, token }),
      });
      if (!response.ok) throw new Error(`Parlance said ${response.status}`);
      return token;
    },

    logout: (token) => void sessions.delete(token),

    jwt({ id, firstName, lastName }, { audience = app.applicationId, expiresIn = "1h" } = {}) {
      const token = new SignJWT({ given_name: firstName, family_name: lastName })
        .setProtectedHeader({ alg: "ES256", kid: keys.jwk.kid })
        .setSubject(String(id))
        .setIssuedAt()
        .setExpirationTime(expiresIn);
      if (audience !== null) token.setAudience(audience);
      return token.sign(keys.privateKey);
    },

    async close() {
      http.closeAllConnections();
      await new Promise((closed) => http.close(closed));
    },
  };
}

async function makeKeys() {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid: randomUUID(), alg: "ES256", use: "sig" } };
}
