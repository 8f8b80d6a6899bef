/** How the page is built: plain Vite, JSX for Preact. Knows no source file but the page. */

import { defineConfig } from "vite";

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  // One script and one stylesheet: nothing to preload, and nothing inline that a strict policy would refuse.
  build: { modulePreload: false, cssCodeSplit: false, assetsInlineLimit: 0 },
});
