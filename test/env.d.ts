declare namespace Cloudflare {
  interface Env extends Readonly<import("../src/env.ts").Env> {
    readonly TEST_MIGRATIONS: import("cloudflare:test").D1Migration[];
  }
  interface GlobalProps {
    mainModule: typeof import("../src/index.ts");
    durableNamespaces: "Chat" | "Inbox" | "Gateway" | "Lobby" | "Throttle";
  }
}

/** A file as it stands in the repository. */
declare module "*.md?raw" {
  const text: string;
  export default text;
}
