/** The platform's list prices in US dollars, Workers Paid plan. Nothing else in the project knows a price. */

/** What is included in the plan each month, and what a million more cost. */
export interface Price {
  readonly included: number;
  readonly perMillion: number;
}

/** Of what is stored: for a gigabyte for a month. */
export interface StoragePrice {
  readonly includedGb: number;
  readonly perGb: number;
}

/** Where these are from, and when they were looked up: in copies of the pages named here, so look there before you plan with them. */
export const SOURCES = {
  workers: {
    title: "Workers, and the plan",
    address: "https://developers.cloudflare.com/workers/platform/pricing/",
    lookedUp: "2026-11-21",
  },
  objects: {
    title: "Durable Objects",
    address: "https://developers.cloudflare.com/durable-objects/platform/pricing/",
    lookedUp: "2026-11-21",
  },
  directory: { title: "D1", address: "https://developers.cloudflare.com/d1/platform/pricing/", lookedUp: "2026-11-21" },
  files: { title: "R2", address: "https://developers.cloudflare.com/r2/pricing/", lookedUp: "2026-11-21" },
  logs: {
    title: "Workers Logs, whose prices change on 2026-12-01",
    address: "https://developers.cloudflare.com/workers/observability/logs/workers-logs/",
    lookedUp: "2026-11-22",
  },
} as const;

/** A month of the plan. */
export const PLAN = 5;

export const PRICES = {
  workerRequests: { included: 10e6, perMillion: 0.3 },
  workerCpuMs: { included: 30e6, perMillion: 0.02 },
  objectRequests: { included: 1e6, perMillion: 0.15 },
  /** Gigabyte-seconds. */
  objectDuration: { included: 400e3, perMillion: 12.5 },
  objectRowsWritten: { included: 50e6, perMillion: 1 },
  objectRowsRead: { included: 25e9, perMillion: 0.001 },
  directoryRowsRead: { included: 25e9, perMillion: 0.001 },
  directoryRowsWritten: { included: 50e6, perMillion: 1 },
  fileWrites: { included: 1e6, perMillion: 4.5 },
  fileReads: { included: 10e6, perMillion: 0.36 },
  logLines: { included: 20e6, perMillion: 0.6 },
} as const satisfies Record<string, Price>;

export const STORAGE = {
  objects: { includedGb: 5, perGb: 0.2 },
  directory: { includedGb: 5, perGb: 0.75 },
  files: { includedGb: 10, perGb: 0.015 },
} as const satisfies Record<string, StoragePrice>;

/** So many frames from a socket are billed as one request. Frames to sockets, and pings that the runtime answers, are free. */
export const FRAMES_PER_REQUEST = 20;

/** Gigabytes that an object is billed for while it is active, whatever it uses. */
export const OBJECT_GB = 0.128;
