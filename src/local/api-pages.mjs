// Knows which files the pages of the API documents are made of. Must not know what the documents say.

import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { inProject } from "./project.mjs";

const pages = inProject("src", "api-docs", "pages");
const swagger = inProject("node_modules", "swagger-ui-dist");

/** Where each file comes from, by its path on the server. */
const FILES = {
  "swagger.html": join(pages, "swagger.html"),
  "asyncapi.html": join(pages, "asyncapi.html"),
  "api-docs/swagger.js": join(pages, "swagger.js"),
  "api-docs/asyncapi.js": join(pages, "asyncapi.js"),
  "api-docs/swagger-ui-bundle.js": join(swagger, "swagger-ui-bundle.js"),
  "api-docs/swagger-ui.css": join(swagger, "swagger-ui.css"),
  "api-docs/asyncapi.css": join(pages, "asyncapi.css"),
};

/** @param {string} folder where the web client was built */
export function addApiPages(folder) {
  mkdirSync(join(folder, "api-docs"), { recursive: true });
  for (const [path, source] of Object.entries(FILES)) copyFileSync(source, join(folder, path));
}
