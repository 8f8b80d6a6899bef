// The OpenAPI document as a running server gives it, checked by a validator that a Worker can't run.

import { Validator } from "@seriousme/openapi-schema-validator";
import { beforeAll, describe, expect, it } from "vitest";
import type { Address } from "./server.ts";
import { sharedServer } from "./server.ts";

interface Operation {
  readonly operationId: string;
  readonly summary?: string;
  readonly security?: readonly Record<string, unknown>[];
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly required?: boolean;
    readonly schema: object;
  }[];
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: object }> }>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, object>; readonly securitySchemes: Record<string, object> };
}

describe("GET /openapi.json", () => {
  let server: Address;
  let document: Document;
  const operations = (): [name: string, Operation][] =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]): [string, Operation] => [
        `${method.toUpperCase()} ${path}`,
        operation,
      ]),
    );

  beforeAll(async () => {
    server = await sharedServer();
    document = (await (await fetch(`${server.url}/openapi.json`)).json()) as Document;
  });

  it("is a valid OpenAPI 3.1 document", async () => {
    const validator = new Validator();
    // The validator leaves marks in what it is given.
    expect(await validator.validate({ ...structuredClone(document) })).toMatchObject({ valid: true });
    expect(validator.version).toBe("3.1");
  });

  it("gives each operation its own id and a summary, and declares every part of its path", () => {
    const ids = operations().map(([, operation]) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [name, operation] of operations()) {
      expect(operation.summary, name).toBeTruthy();
      const inPath = [...name.matchAll(/\{(\w+)\}/g)].map(([, part]) => part ?? "");
      const declared = (operation.parameters ?? []).filter((one) => one.in === "path");
      expect(declared.map((one) => one.name).toSorted(), name).toEqual(inPath.toSorted());
      for (const one of declared)
        expect(one, name).toMatchObject({ required: true, schema: { type: expect.any(String) } });
    }
  });

  it("refers to nothing that is not there", () => {
    const known = new Set(Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`));
    const named = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, target]) => target ?? "");
    expect(named.filter((target) => !known.has(target))).toEqual([]);
    const schemes = operations().flatMap(([, { security = [] }]) => security.flatMap((one) => Object.keys(one)));
    expect(Object.keys(document.components.securitySchemes)).toEqual(expect.arrayContaining([...new Set(schemes)]));
  });

  it("names the shapes of the native dialect, so that a reader finds them", () => {
    const names = [
      "Person",
      "User",
      "Message",
      "Chat",
      "ChatWithMembers",
      "Member",
      "Attachment",
      "Changes",
      "Problem",
    ];
    expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining(names));
    const sent = document.paths["/v1/chats/{id}/messages"]?.["post"]?.responses["201"]?.content?.["application/json"];
    expect(sent?.schema).toEqual({ $ref: "#/components/schemas/Message" });
    for (const [name, { responses }] of operations().filter(([one]) => one.includes(" /v1/"))) {
      const problems = Object.entries(responses).filter(([status]) => Number(status) >= 400 && status !== "416");
      for (const [status, { content }] of problems) {
        const schema = content?.["application/problem+json"]?.schema;
        expect(schema, `${name} ${status}`).toEqual({ $ref: "#/components/schemas/Problem" });
      }
    }
  });

  it("says of every native route whether it needs a token", () => {
    const open = operations().filter(
      ([name, { security }]) => name.includes(" /v1/") && !security?.some((one) => "bearer" in one),
    );
    expect(open.map(([name]) => name).toSorted()).toEqual([
      "GET /v1/config",
      "POST /v1/auth/login",
      "POST /v1/auth/register",
    ]);
  });
});
