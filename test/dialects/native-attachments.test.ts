import { describe, expect, it } from "vitest";
import { expectProblem, expectShape } from "../support/contract.ts";
import { PNG, file, text, upload } from "../support/files.ts";
import type { Body } from "../support/people.ts";
import { call, people } from "../support/people.ts";
import { soon } from "../support/patience.ts";

const UNKNOWN = "00000000-0000-4000-8000-000000000000";
const linkOf = (attachment: Body): string => attachment.url.replace("http://parlance.test", "");

describe("uploading", () => {
  it("answers 201 with what the file is, whether it comes raw or as a form", async () => {
    const [ann] = await people("ann");
    const raw = await upload(ann, text("hello"), "ü b.txt", "text/plain");
    expect(raw.status).toBe(201);
    expectShape("attachment", raw.body);
    expect(raw.body).toMatchObject({ name: "ü b.txt", size: 5, mime: expect.stringContaining("text/plain") });
    const form = new FormData();
    form.append("file", new File([PNG], "dot.png", { type: "image/png" }));
    const picture = await ann.call("POST", "/v1/attachments", form);
    expect(picture.status).toBe(201);
    expectShape("image", picture.body);
    expect(picture.body).toMatchObject({ name: "dot.png", size: PNG.length, mime: "image/png", width: 37, height: 21 });
  });

  it("refuses no file, a form without one, and one of 26 MiB, and stores nothing", async () => {
    const [ann] = await people("ann");
    expectProblem(await ann.call("POST", "/v1/attachments"), "input.invalid", "file");
    const form = new FormData();
    form.append("other", new File([PNG], "dot.png"));
    expectProblem(await ann.call("POST", "/v1/attachments", form), "input.invalid", "file");
    expectProblem(await upload(ann, new Uint8Array(26 * 1024 * 1024)), "too_large");
  });

  it("of nothing at all is refused", async () => {
    const [ann] = await people("ann");
    expectProblem(await upload(ann, new Uint8Array()), "input.invalid", "file");
    const form = new FormData();
    form.append("file", new File([], "empty.txt"));
    expectProblem(await ann.call("POST", "/v1/attachments", form), "input.invalid", "file");
  });
});

describe("a message with attachments", () => {
  it("bears them in order, is of the kind of the first where it has no text, and is sent once under its client_id", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const files = [(await upload(ann, PNG, "a.png")).body, await file(ann)];
    const draft = { attachments: files.map(({ id }) => id), client_id: "c" };
    const sent = await ann.post(`/v1/chats/${chat.id}/messages`, draft);
    expect(sent.status).toBe(201);
    expectShape("message", sent.body);
    expectShape("image", sent.body.attachments[0]);
    expect(sent.body).toMatchObject({
      type: "image",
      text: null,
      attachments: files.map(({ id, name, size }) => ({ id, name, size })),
    });
    expect(await ann.post(`/v1/chats/${chat.id}/messages`, draft)).toMatchObject({
      status: 200,
      body: { id: sent.body.id },
    });
    expect((await bob.get(`/v1/chats/${chat.id}/messages`)).body.items).toEqual([sent.body]);
  });

  it("takes 10 and refuses 11, one twice, another's, one that is sent, one that is none: nothing is stored", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const path = `/v1/chats/${chat.id}/messages`;
    const files: Body[] = [];
    for (let n = 0; n < 11; n++) files.push(await file(ann, `${n}.txt`));
    const ids: string[] = files.map(({ id }) => id);
    const [first = "", second = ""] = ids;
    expectProblem(await ann.post(path, { attachments: ids }), "input.invalid", "attachments");
    expectProblem(await ann.post(path, { attachments: [first, second, first] }), "input.invalid", "attachments");
    expectProblem(
      await ann.post(path, { attachments: [first, (await file(bob)).id] }),
      "input.invalid",
      "attachments.1",
    );
    for (const none of [UNKNOWN, "x", "", "'; --"]) {
      expectProblem(await ann.post(path, { text: "x", attachments: [none] }), "input.invalid", "attachments.0");
    }
    for (const wrong of [5, null, {}, "x"]) {
      expectProblem(await ann.post(path, { text: "x", attachments: [wrong] }), "input.invalid", "attachments.0");
      expectProblem(await ann.post(path, { text: "x", attachments: wrong }), "input.invalid", "attachments");
    }
    const sent = await ann.post(path, { attachments: ids.slice(0, 10) });
    expect(sent.body.attachments).toHaveLength(10);
    expectProblem(await ann.post(path, { attachments: [first] }), "input.invalid", "attachments.0");
    expect((await ann.get(path)).body.items).toHaveLength(1);
  });
});

describe("a file", () => {
  it("opens for its uploader, and once it is sent for the members of that chat, and for nobody else", async () => {
    const [ann, bob, eve] = await people("ann", "bob", "eve");
    const chat = await ann.direct(bob);
    const { id } = await file(ann, "a.txt");
    const path = `/v1/attachments/${id}`;
    expect(await ann.get(path)).toMatchObject({ status: 200, body: "contents of a.txt" });
    for (const other of [bob, eve]) expectProblem(await other.get(path), "access.denied");
    await ann.post(`/v1/chats/${chat.id}/messages`, { attachments: [id] });
    for (const member of [ann, bob])
      expect(await member.get(path)).toMatchObject({ status: 200, body: "contents of a.txt" });
    expectProblem(await eve.get(path), "access.denied");
    expectProblem(await call("GET", path), "auth.required");
    for (const none of [UNKNOWN, "x", "..%2f..%2fetc"])
      expectProblem(await ann.get(`/v1/attachments/${none}`), "not_found");
  });

  it("opens by its signed link without a token, and by no link that was changed", async () => {
    const [ann] = await people("ann");
    const [mine, other] = [await file(ann, "a.txt"), await file(ann, "b.txt")];
    expect(await call("GET", linkOf(mine))).toMatchObject({ status: 200, body: "contents of a.txt" });
    const query = linkOf(mine).slice(linkOf(mine).indexOf("?"));
    expectProblem(await call("GET", `/v1/attachments/${other.id}${query}`), "auth.required");
    for (const broken of [query.slice(0, -2), query.replace(/\d(?=\d{3})/, "9"), "?", `${query}x`]) {
      expect((await call("GET", `/v1/attachments/${mine.id}${broken}`)).status, broken).toBe(401);
    }
  });

  it("comes in ranges, and not again while its ETag stands", async () => {
    const [ann] = await people("ann");
    const { id } = await file(ann, "a.txt");
    const get = (headers: Record<string, string>) => ann.call("GET", `/v1/attachments/${id}`, undefined, headers);
    const part = await get({ range: "bytes=0-7" });
    expect(part).toMatchObject({ status: 206, body: "contents" });
    expect(part.headers.get("content-range")).toBe("bytes 0-7/17");
    const etag = (await get({})).headers.get("etag") ?? "";
    expect(await get({ "if-none-match": etag })).toMatchObject({ status: 304, body: undefined });
    expect((await get({ range: "bytes=99-" })).status).toBe(416);
  });

  it("is gone with its message, and with its chat", async () => {
    const [ann, bob] = await people("ann", "bob");
    const chat = await ann.direct(bob);
    const [one, other] = [await file(ann), await file(ann)];
    const sent = (await ann.post(`/v1/chats/${chat.id}/messages`, { attachments: [one.id] })).body;
    await ann.post(`/v1/chats/${chat.id}/messages`, { attachments: [other.id] });
    await ann.delete(`/v1/chats/${chat.id}/messages/${sent.id}`);
    const gone = (attachment: Body) =>
      soon(async () => expect((await call("GET", linkOf(attachment))).status).toBe(404));
    await gone(one);
    expect((await call("GET", linkOf(other))).status).toBe(200);
    await bob.delete(`/v1/chats/${chat.id}`);
    await gone(other);
  });
});
