/** `npm run cost`: prints the page of costs and writes it to `docs/cost.md`. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { page } from "./page.ts";

const text = page();
writeFileSync(join(import.meta.dirname, "../../docs/cost.md"), text);
process.stdout.write(text);
