// Uploads that are refused, on a server as `npm start` runs it: whoever sends all of it first reads what was wrong.

import { request } from "node:http";
import { beforeAll, describe, expect, it } from "vitest";
import { LIMITS } from "../../src/core/limits.ts";
import { Client } from "./client.ts";
import type { Address } from "./server.ts";
import { sharedServer } from "./server.ts";

/** A few times each: what goes wrong here does so by chance. */
const TIMES = 4;
const FORM = {
  type: "multipart/form-data; boundary=b",
  head: '--b\r\ncontent-disposition: form-data; name="file"; filename="f"\r\n\r\n',
};
const RAW = { type: "application/octet-stream", head: "" };

let server: Address;
let ann: Client;
beforeAll(async () => {
  server = await sharedServer();
  ann = new Client(server, `uploads-${process.pid}`);
  await ann.enter("register", "Ann");
});

/** Sends it all, whatever comes meanwhile; the answer's status and code. @throws Error where the connection ends without one */
function upload(
  { type, head }: typeof RAW,
  bytes: number,
  isChunked: boolean,
): Promise<{ status: number; code: string }> {
  const body = Buffer.concat([Buffer.from(head), Buffer.alloc(bytes)]);
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${ann.token}`,
      "content-type": type,
      ...(isChunked ? {} : { "content-length": body.length }),
    };
    const sent = request(`${server.url}/v1/attachments`, { method: "POST", headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.on("end", () => {
        expect(text).not.toContain("node_modules");
        resolve({ status: response.statusCode ?? 0, code: JSON.parse(text).code });
      });
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

describe.each([
  ["the body itself", RAW, false, 1],
  ["the body itself, of unknown length", RAW, true, 1],
  ["a form", FORM, false, 1],
  ["the body itself, far too long", RAW, false, 30_000_000],
  ["a form, far too long", FORM, false, 30_000_000],
] as const)("a file past the limit as %s", (_, form, isChunked, past) => {
  it("is answered with what is wrong, each time", async () => {
    for (let time = 0; time < TIMES; time++)
      expect(await upload(form, LIMITS.attachmentBytes + past, isChunked)).toEqual({ status: 413, code: "too_large" });
  });
});
