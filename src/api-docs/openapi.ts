/** The OpenAPI 3.1 document of all REST, made from the schemas that validate. Knows no route by name. */

import type { Env, Hono } from "hono";
import { generateSpecs } from "hono-openapi";
import type { Json } from "./tidy.ts";
import { tidy } from "./tidy.ts";

/** Bodies by operation, e.g. `POST /v1/chats`. */
type Examples = Readonly<Record<string, Json>>;

/** The document with an example in each body that `examples` has one for. @throws Error for one that is of no operation */
function withExamples(document: Json, examples: Examples): Json {
  const { paths } = document as { paths: Record<string, Record<string, { requestBody?: { content: object } }>> };
  for (const [operation, example] of Object.entries(examples)) {
    const [method = "", path = ""] = operation.split(" ");
    const content = paths[path]?.[method.toLowerCase()]?.requestBody?.content;
    if (content === undefined) throw new Error(`an example of no operation: ${operation}`);
    for (const media of Object.values(content)) Object.assign(media as object, { example });
  }
  return document;
}

/** Makes the document of `app` when it is first asked for. */
export function createOpenApi<E extends Env>(app: Hono<E>, examples: Examples): () => Promise<Json> {
  let document: Promise<Json> | undefined;
  return () => {
    document ??= generateSpecs(app, {
      defaultValidationErrorResponse: false,
      documentation: {
        openapi: "3.1.0",
        info: {
          title: "Parlance",
          version: "1",
          description: "One chat server, spoken to in several dialects. Errors are RFC 9457 problems with a `code`.",
        },
        components: {
          securitySchemes: {
            fae: {
              type: "apiKey",
              in: "header",
              name: "authorization",
              description: "`FAE base64(user_id:token:session_id)`",
            },
            operator: {
              type: "apiKey",
              in: "header",
              name: "authorization",
              description: "An operator's token, of `POST /auth/login`; `Bearer` before it is allowed.",
            },
            appKey: { type: "apiKey", in: "header", name: "x-app-key", description: "The secret key of an app." },
            bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
          },
        },
      },
    }).then((made) => withExamples(tidy(JSON.parse(JSON.stringify(made)) as Json), examples));
    return document;
  };
}
