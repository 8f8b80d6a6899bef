/** `npm run cost`: prints the page of costs and writes it to `docs/cost.md`. */

import { writeFileSync } from "node:fs";
import { page } from "./page.ts";

const text = page();
writeFileSync(new URL("../../docs/cost.md", import.meta.url), text);
process.stdout.write(text);
