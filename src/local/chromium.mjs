// Knows where a Chromium is for the browser tests, and how to install Debian's where there is none.
// Must not know what is tested.

import { existsSync } from "node:fs";
import { Complaint, outerEnv, run } from "./project.mjs";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const HOW = "Install Chromium (Debian: apt-get install -y chromium), or say where it is in CHROMIUM.";

const find = () => [process.env["CHROMIUM"], ...PLACES].find((path) => path && existsSync(path));

/** @returns {Promise<string>} the path of its program */
export async function chromium() {
  const known = find();
  if (known !== undefined) return known;
  if (process.platform !== "linux" || process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    throw new Complaint(`There is no Chromium for the browser tests. ${HOW}`);
  }
  console.error("Installing Chromium…");
  const env = { ...outerEnv(), DEBIAN_FRONTEND: "noninteractive" };
  try {
    await run("apt-get update", "apt-get", ["update", "-qq"], env);
    await run(
      "apt-get install chromium",
      "apt-get",
      ["install", "-y", "-qq", "--no-install-recommends", "chromium"],
      env,
    );
  } catch (error) {
    throw new Complaint(`${String(error)}\n${HOW}`);
  }
  const installed = find();
  if (installed === undefined)
    throw new Complaint(`Chromium was installed, but it is at none of ${PLACES.join(", ")}. ${HOW}`);
  return installed;
}
