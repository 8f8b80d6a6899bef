/**
 * The service worker. Knows how the page's own files are kept, so that it opens without a connection; and where a click on a
 * notification leads.
 * Must not keep anything that the server says about anybody: what was seen last is the page's to keep.
 */

/** The parts of a service worker that are used here; the types of the page know none. */
interface Waiting extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Waiting {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Clicking extends Waiting {
  readonly notification: { readonly data: unknown; close(): void };
}
interface Page {
  readonly url: string;
  focus(): Promise<unknown>;
  navigate(url: string): Promise<unknown>;
}
interface Worker {
  addEventListener(type: "install" | "activate", listener: (event: Waiting) => void): void;
  addEventListener(type: "fetch", listener: (event: Fetching) => void): void;
  addEventListener(type: "notificationclick", listener: (event: Clicking) => void): void;
  skipWaiting(): Promise<void>;
  readonly clients: {
    claim(): Promise<void>;
    matchAll(options: { type: "window"; includeUncontrolled: boolean }): Promise<readonly Page[]>;
    openWindow(url: string): Promise<unknown>;
  };
}

const worker = self as unknown as Worker;
const SHELL = "shell";
const FILES = ["/favicon.svg", "/icon-192.png", "/manifest.webmanifest"];

/** The page and the files that it names; what an older page named goes. */
async function keep(cache: Cache, fresh: Response): Promise<void> {
  const text = await fresh.clone().text();
  const assets = [...text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((match) => match[1] ?? "");
  await cache.addAll([...FILES, ...assets]);
  await cache.put("/", fresh);
  for (const request of await cache.keys()) {
    const { pathname } = new URL(request.url);
    // Parts that are fetched later are kept for as long as the script that names them.
    if (pathname.startsWith("/assets/") && !assets.includes(pathname)) await cache.delete(request);
  }
}

async function page(request: Request): Promise<Response> {
  const cache = await caches.open(SHELL);
  try {
    const fresh = await fetch(request);
    const known = await cache.match("/");
    if (fresh.ok && (await fresh.clone().text()) !== (await known?.text())) await keep(cache, fresh.clone());
    return fresh;
  } catch (lost) {
    const kept = await cache.match("/");
    if (kept === undefined) throw lost;
    return kept;
  }
}

/** Their names change with what is in them, so what is kept is right. */
async function asset(request: Request): Promise<Response> {
  const cache = await caches.open(SHELL);
  const kept = await cache.match(request);
  if (kept !== undefined) return kept;
  const fresh = await fetch(request);
  if (fresh.ok) await cache.put(request, fresh.clone());
  return fresh;
}

worker.addEventListener("install", (event) => {
  const install = async (): Promise<void> => {
    const fresh = await fetch("/", { cache: "no-cache" });
    if (fresh.ok) await keep(await caches.open(SHELL), fresh);
    await worker.skipWaiting();
  };
  event.waitUntil(install());
});

worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (origin !== location.origin || event.request.method !== "GET") return;
  if (event.request.mode === "navigate") {
    if (pathname === "/") event.respondWith(page(event.request));
  } else if (pathname.startsWith("/assets/") || FILES.includes(pathname)) event.respondWith(asset(event.request));
});

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const address = `/${String(event.notification.data)}`;
  const open = async (): Promise<unknown> => {
    const [known] = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
    if (known === undefined) return worker.clients.openWindow(address);
    await known.navigate(address);
    return known.focus();
  };
  event.waitUntil(open());
});
