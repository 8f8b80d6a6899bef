/** `/v1/attachments`: files in and out, streaming. */

import { Hono } from "hono";
import { invalid } from "../../core/errors.ts";
import type { Http } from "../http.ts";
import { bearer, sessionOf } from "../http.ts";
import { describe, valid } from "./describe.ts";
import type { Render } from "./render.ts";
import { attachmentOutput, attachmentParam, uploadQuery } from "./schemas.ts";

const FILE = { type: "string", format: "binary" } as const;

export function attachmentRoutes(render: Render): Hono<Http> {
  const routes = new Hono<Http>();

  routes.post(
    "/attachments",
    describe(
      "Upload a file: the field `file` of a form, or the raw body with `?name=`",
      { 201: attachmentOutput },
      [400, 413],
      {
        body: {
          required: true,
          content: {
            "multipart/form-data": { schema: { type: "object", required: ["file"], properties: { file: FILE } } },
            "application/octet-stream": { schema: FILE },
          },
        },
      },
    ),
    valid("query", uploadQuery),
    async (c) => {
      const session = await sessionOf(c);
      const { body } = c.req.raw;
      if (body === null) throw invalid("file", "is missing");
      const length = c.req.header("content-length");
      const upload = c.get("service").attachments.upload(session, {
        body,
        contentType: c.req.header("content-type") ?? null,
        contentLength: length === undefined ? null : Number(length),
        name: c.req.valid("query").name ?? null,
      });
      // A client that hangs up cancels its request; what was begun is brought to its end, or cleared away, all the same.
      c.executionCtx.waitUntil(upload.catch(() => undefined));
      const record = await upload;
      return c.json(render.attachment(record, c.get("origin")), 201);
    },
  );

  routes.get(
    "/attachments/:id",
    describe(
      "The file, for members of the chat that it was sent to or by its signed link; ranges and conditions as in RFC 9110",
      { 200: "The file.", 206: "The part that was asked for.", 304: "Not modified.", 416: "There is no such part." },
      [401, 403, 404],
      { access: "optional" },
    ),
    valid("param", attachmentParam),
    (c) => {
      const caller = bearer(c.req.raw) === null ? null : () => sessionOf(c);
      return c.get("service").attachments.open(c.req.valid("param").id, c.req.raw, caller);
    },
  );

  return routes;
}
