// What `/openapi.json` says of operators' and tenants' routes is what a running server does: every example is sent, and
// every answer is held against its schema.

import { Ajv2020 } from "ajv/dist/2020.js";
import { beforeAll, describe, expect, it } from "vitest";
import type { Address } from "./server.ts";
import { sharedServer } from "./server.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- a document and answers, read loosely
type Body = any;

describe("the REST of rooms, as it is documented", () => {
  let server: Address;
  let document: Body;
  let ajv: Ajv2020;

  beforeAll(async () => {
    server = await sharedServer();
    document = await (await fetch(`${server.url}/openapi.json`)).json();
    ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema(document, "api");
  });

  const documented = (): string[] =>
    Object.entries(document.paths as Record<string, Body>).flatMap(([path, methods]) =>
      Object.entries(methods as Record<string, Body>)
        .filter(([, operation]) => operation.tags?.includes("rooms"))
        .map(([method]) => `${method.toUpperCase()} ${path}`),
    );

  it("does what its examples say", async () => {
    const done: string[] = [];
    let headers: Record<string, string> = {};

    async function run(name: string, parts: Record<string, string> = {}, more: object = {}): Promise<Body> {
      const [method = "", path = ""] = name.split(" ");
      const operation = document.paths[path]?.[method.toLowerCase()];
      expect(operation, name).toBeDefined();
      const body = operation.requestBody?.content["application/json"].example;
      const address = path.replaceAll(/\{(\w+)\}/g, (_, part: string) => encodeURIComponent(parts[part] ?? ""));
      const response = await fetch(`${server.url}${address}`, {
        method,
        headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
        ...(body === undefined ? {} : { body: JSON.stringify({ ...body, ...more }) }),
      });
      const answer = await response.json();
      expect(response.status, `${name}: ${JSON.stringify(answer)}`).toBe(200);
      check(name, 200, answer);
      done.push(name);
      return answer;
    }

    function check(name: string, status: number, answer: Body): void {
      const [method = "", path = ""] = name.split(" ");
      const pointer = path.replaceAll("~", "~0").replaceAll("/", "~1");
      const at = `api#/paths/${pointer}/${method.toLowerCase()}/responses/${status}/content/application~1json/schema`;
      const valid = ajv.getSchema(at.replaceAll("{", "%7B").replaceAll("}", "%7D"));
      expect(valid, at).toBeDefined();
      expect(valid?.(answer), `${name}: ${JSON.stringify(valid?.errors)} in ${JSON.stringify(answer)}`).toBe(true);
    }

    const { token } = await run("POST /auth/login", {}, server.operator);
    headers = { authorization: `Bearer ${token}`, token };
    await run("POST /auth/register");
    expect(await run("GET /auth/verify")).toBe(true);
    const { applicationId: appId } = await run("POST /app");
    await run("GET /app");
    await run("GET /app/{appId}", { appId });
    await run("PATCH /app/{appId}", { appId });
    const { key } = await run("POST /app/{appId}/key", { appId });
    headers = { "x-app-key": key };
    const user = await run("POST /user");
    await run("GET /user/{appId}", { appId });
    const { id, room } = await run("POST /room");
    await run("GET /room");
    await run("GET /room/{room}", { room });
    await run("PUT /room/remove");
    await run("PUT /room/add");
    headers = { authorization: token };
    await run("GET /app/{appId}/stats", { appId });
    const metrics = await fetch(`${server.url}/metrics`, { headers });
    expect([metrics.status, metrics.headers.get("content-type")]).toEqual([200, expect.stringContaining("text/plain")]);
    done.push("GET /metrics");
    await run("GET /app/{appId}/online", { appId });
    await run("DELETE /room/{id}", { id: String(id) });
    await run("DELETE /user/{id}", { id: String(user.id) });
    await run("DELETE /app/{appId}", { appId });
    expect(done.toSorted()).toEqual(documented().toSorted());

    const gone = await fetch(`${server.url}/app/${appId}`, { headers });
    check("GET /app/{appId}", gone.status, await gone.json());
  });
});
