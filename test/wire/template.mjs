// Makes the tables of a server's state in the folder that is named, and starts nothing.

import { migrate } from "../../src/local/database.mjs";

const [, , folder] = process.argv;
if (folder === undefined) throw new Error("no folder is named");
await migrate(folder);
