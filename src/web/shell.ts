/**
 * Knows how the page is kept by the browser, so that it opens without a connection and can be installed.
 * Must not know what is in it.
 */

interface Policies {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): string };
}

/** The page's policy lets a script be named by this one rule alone: it names one. */
function workerAddress(): string {
  const policies = (globalThis as { trustedTypes?: Policies }).trustedTypes;
  const own = policies?.createPolicy("parlance", { createScriptURL: (url) => (url === "/sw.js" ? url : "") });
  return own?.createScriptURL("/sw.js") ?? "/sw.js";
}

export function installShell(): void {
  // The development server has no built worker, and would be kept instead of the page that is being worked on.
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  void navigator.serviceWorker.register(workerAddress()).catch(() => undefined);
}
