// The pages that show the API documents are served whole by this server, and call nobody else.

import { beforeAll, describe, expect, it } from "vitest";
import type { Address } from "./server.ts";
import { sharedServer } from "./server.ts";

let server: Address;
beforeAll(async () => {
  server = await sharedServer();
});

describe.each(["/swagger", "/asyncapi"])("%s", (path) => {
  it("comes with all that it names, from here", async () => {
    for (const address of [path, `${path}/`]) {
      const page = await fetch(server.url + address);
      expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    }
    const html = await (await fetch(server.url + path)).text();
    const named = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address ?? "");
    expect(named.length).toBeGreaterThan(2);
    for (const address of named) {
      expect(address).toMatch(/^\//);
      expect((await fetch(server.url + address)).status, address).toBe(200);
    }
  });

  it("may run the server's own scripts and talk to this server, and nothing else", async () => {
    const policy = (await fetch(server.url + path)).headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'; script-src 'self';");
    expect(policy).toContain("connect-src 'self'");
    expect(policy).not.toContain("unsafe-eval");
  });
});
