// Shows the AsyncAPI document of this very server. Knows the format, and no channel. Not the component that the
// specification's own people make: it compiles code from strings, which a strict policy refuses.

/** @param {string} tag @param {Record<string, string>} attributes @param {...(Node | string)} children */
function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Text with the few marks of Markdown that the document uses. @param {string} text @param {string} tag */
function prose(text, tag = "p") {
  const parts = text.split(/`([^`]+)`/);
  return el(tag, {}, ...parts.map((part, n) => (n % 2 === 1 ? el("code", {}, part) : part)));
}

const json = (value) => el("pre", {}, el("code", {}, JSON.stringify(value, null, 2)));

/** A type in a few words. @param {any} schema @returns {string} */
function typeOf(schema) {
  if (typeof schema !== "object" || schema === null) return "anything";
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  for (const many of [schema.anyOf, schema.oneOf]) if (many !== undefined) return many.map(typeOf).join(" | ");
  if (schema.allOf !== undefined) return schema.allOf.map(typeOf).join(" & ");
  if (Array.isArray(schema.type)) return schema.type.join(" | ");
  if (schema.type === "array")
    return Array.isArray(schema.prefixItems)
      ? `[${schema.prefixItems.map(typeOf).join(", ")}]`
      : `${typeOf(schema.items)}[]`;
  return [schema.type ?? "anything", schema.format ? ` (${schema.format})` : ""].join("");
}

/** The properties of a schema, those of its parts included, each with its path. @returns {Generator<[string, any, boolean]>} */
function* properties(schema, prefix = "", depth = 0) {
  if (typeof schema !== "object" || schema === null || depth > 6) return;
  for (const part of [...(schema.allOf ?? []), ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) {
    yield* properties(part, prefix, depth + 1);
  }
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    yield [path, inner, (schema.required ?? []).includes(name)];
    yield* properties(inner, path, depth + 1);
  }
  for (const [n, inner] of Object.entries(schema.prefixItems ?? {}))
    yield* properties(inner, `${prefix}[${n}]`, depth + 1);
  if (schema.type === "array") yield* properties(schema.items, `${prefix}[]`, depth + 1);
}

function table(schema) {
  const seen = new Set();
  const rows = [...properties(schema)].filter(([path]) => !seen.has(path) && seen.add(path));
  if (rows.length === 0) return el("p", {}, "A value: ", el("code", {}, typeOf(schema)));
  return el(
    "table",
    {},
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Field"), el("th", { scope: "col" }, "Type"))),
    el(
      "tbody",
      {},
      ...rows.map(([path, inner, isRequired]) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, el("code", {}, path), isRequired ? "" : " (optional)"),
          el("td", {}, typeOf(inner)),
        ),
      ),
    ),
  );
}

function message({ name, summary, payload, examples = [] }, id) {
  return el(
    "details",
    { id },
    el("summary", {}, el("code", {}, name), " ", prose(summary ?? "", "span")),
    table(payload.schema),
    ...examples.map((example) => json(example.payload)),
    el("details", {}, el("summary", {}, "Schema"), json(payload.schema)),
  );
}

const DIRECTIONS = { receive: "What the client sends", send: "What the server sends" };

function channelSection(id, channel, operations) {
  const section = el(
    "section",
    { id, "aria-labelledby": `${id}-title` },
    el("h2", { id: `${id}-title` }, channel.tags?.[0]?.name ?? id),
  );
  section.append(el("p", { class: "address" }, el("code", {}, channel.address)), prose(channel.description ?? ""));
  for (const [name, { description }] of Object.entries(channel.parameters ?? {})) {
    section.append(el("p", {}, el("code", {}, `{${name}}`), " ", description));
  }
  for (const { action, messages } of operations) {
    section.append(el("h3", {}, DIRECTIONS[action]));
    for (const { $ref } of messages) {
      const key = $ref.split("/").at(-1);
      section.append(message(channel.messages[key], `${id}-${key}`));
    }
  }
  return section;
}

const main = document.getElementById("document");
try {
  const { info, channels, operations } = await (await fetch("/asyncapi.json")).json();
  main.replaceChildren(el("h1", {}, `${info.title}: sockets`), prose(info.description));
  main.append(
    el("p", {}, el("a", { href: "/asyncapi.json" }, "asyncapi.json"), " · ", el("a", { href: "/swagger" }, "REST")),
  );
  const links = [];
  for (const [id, channel] of Object.entries(channels)) {
    const own = Object.values(operations).filter((one) => one.channel.$ref === `#/channels/${id}`);
    main.append(channelSection(id, channel, own));
    links.push(el("li", {}, el("a", { href: `#${id}` }, id)));
  }
  document.getElementById("contents").append(el("ul", {}, ...links));
  // A link from elsewhere names a message that was not there yet.
  const target = location.hash === "" ? null : document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
  target?.scrollIntoView();
} catch {
  main.replaceChildren(el("p", { role: "alert" }, "The document could not be loaded. Reload the page to try again."));
}
