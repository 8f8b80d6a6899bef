/**
 * Knows how the page is built: plain Vite, JSX for Preact, one script and one stylesheet.
 * Must not know any source file but the page.
 */

import { defineConfig } from "vite";

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  // Nothing to preload, and nothing inline that a strict policy would refuse.
  build: { modulePreload: false, cssCodeSplit: false, assetsInlineLimit: 0 },
});
