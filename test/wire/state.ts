// The directory of a server that stands still, to put into it what has no route. Knows where it lies, and no table.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** `state`: the folder of the server's state. */
export function inDirectory(state: string, act: (directory: DatabaseSync) => void): void {
  const folder = join(state, "v3/d1/miniflare-D1DatabaseObject");
  for (const file of readdirSync(folder).filter((one) => /^[0-9a-f]+\.sqlite$/.test(one))) {
    // What is put there may name who is still to come.
    const directory = new DatabaseSync(join(folder, file), { enableForeignKeyConstraints: false });
    act(directory);
    directory.close();
  }
}
