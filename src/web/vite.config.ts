/**
 * Knows how the page is built: plain Vite, JSX for Preact, one script and one stylesheet; and its service worker beside it.
 * Must not know any source file but the page and the worker.
 */

import { defineConfig } from "vite";

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    // Nothing to preload, and nothing inline that a strict policy would refuse.
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: {
        main: `${import.meta.dirname}/index.html`,
        console: `${import.meta.dirname}/console.html`,
        sw: `${import.meta.dirname}/sw.ts`,
      },
      // The worker's name never changes, so that the browser finds the new one in the old one's place.
      output: { entryFileNames: ({ name }) => (name === "sw" ? "sw.js" : "assets/[name]-[hash].js") },
    },
  },
});
