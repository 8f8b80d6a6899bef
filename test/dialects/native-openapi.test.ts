import { describe, expect, it } from "vitest";
import { createRender } from "../../src/dialects/native/render.ts";
import { nativeRoutes } from "../../src/dialects/native/rest.ts";
import { tidy } from "../../src/api-docs/tidy.ts";
import { call } from "../support/people.ts";

const document = async () => (await call("GET", "/openapi.json")).body;

describe("the document of the native routes", () => {
  it("describes every route that there is, and none that there is not", async () => {
    const routed = nativeRoutes(createRender(() => "http://x.test"))
      .routes.filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} /v1${path.replaceAll(/:(\w+)/g, "{$1}")}`);
    const { paths } = await document();
    const described = Object.entries<object>(paths).flatMap(([path, methods]) =>
      path.startsWith("/v1/") ? Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`) : [],
    );
    expect(described.toSorted()).toEqual([...new Set(routed)].toSorted());
  });

  it("has a token asked for on exactly the routes that it says need one", async () => {
    const { paths } = await document();
    for (const [path, methods] of Object.entries<Record<string, { security: object[] }>>(paths)) {
      if (!path.startsWith("/v1/")) continue;
      for (const [method, { security }] of Object.entries(methods)) {
        const needed = security.some((one) => "bearer" in one);
        const answer = await call(
          method.toUpperCase(),
          path.replaceAll(/\{\w+\}/g, "1"),
          method === "get" ? undefined : {},
        );
        const upgrade = path.endsWith("/socket");
        expect(answer.status === 401 || (upgrade && answer.status === 426), `${method} ${path}`).toBe(needed);
      }
    }
  });
});

describe("tidying a schema", () => {
  it("drops what says nothing and keeps what does", () => {
    const safe = Number.MAX_SAFE_INTEGER;
    const digits = { type: "string", pattern: "^[0-9]{1,16}$" };
    expect(tidy({ type: "integer", minimum: -safe, maximum: safe })).toEqual({ type: "integer" });
    expect(tidy({ type: "integer", minimum: 1, maximum: 100 })).toEqual({ type: "integer", minimum: 1, maximum: 100 });
    expect(tidy({ type: "string", format: "uuid", pattern: "x" })).toEqual({ type: "string", format: "uuid" });
    expect(tidy({ type: "string", pattern: "x" })).toEqual({ type: "string", pattern: "x" });
    expect(tidy({ anyOf: [{ type: "integer", minimum: 1 }, digits] })).toEqual({ type: "integer", minimum: 1 });
    expect(tidy({ anyOf: [{ anyOf: [{ type: "integer" }, digits] }, { type: "null" }] })).toEqual({
      type: ["integer", "null"],
    });
    expect(tidy({ anyOf: [{ $ref: "#/x" }, { type: "null" }] })).toEqual({
      anyOf: [{ $ref: "#/x" }, { type: "null" }],
    });
  });
});
