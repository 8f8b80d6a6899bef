/** The OpenAPI 3.1 document of all REST, made from the schemas that validate. Knows no route by name. */

import type { Env, Hono } from "hono";
import { generateSpecs } from "hono-openapi";
import type { Json } from "./tidy.ts";
import { tidy } from "./tidy.ts";

/** Makes the document of `app` when it is first asked for. */
export function createOpenApi<E extends Env>(app: Hono<E>): () => Promise<Json> {
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
    }).then((made) => tidy(JSON.parse(JSON.stringify(made)) as Json));
    return document;
  };
}
