/** Where a server's time goes: V8's own profiler, through the inspector of its workerd. Knows no server. */

import { inspect } from "../support/inspector.ts";

/** Microseconds between two samples: often enough to see a function of a few µs, and seldom enough for a server at rest to look like one. */
const INTERVAL_US = 500;
const SHOWN = 40;
/** What the profiler calls time in which nothing of ours runs. */
const IDLE = new Set(["(idle)", "(root)"]);

interface Node {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

interface Profile {
  readonly nodes: readonly Node[];
  readonly samples: readonly number[];
}

/** Begins to profile the Worker and its objects; what it resolves to ends it, and says where the time went. */
export async function profile(port: number): Promise<() => Promise<string>> {
  const { call, close } = await inspect(port);
  await call("Profiler.enable");
  await call("Profiler.setSamplingInterval", { interval: INTERVAL_US });
  await call("Profiler.start");
  return async () => {
    const ended = (await call("Profiler.stop")) as { profile: Profile };
    close();
    return summary(ended.profile);
  };
}

/** Shares of the time in which something ran: of functions by themselves, and with all that they call. */
function summary({ nodes, samples }: Profile): string {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const alone = new Map<string, number>();
  const withCalled = new Map<string, number>();
  let total = 0;
  // Each counts the same, however long after the one before: on a busy machine it is the sampler that comes late.
  for (const sample of samples) {
    const leaf = byId.get(sample);
    if (leaf === undefined || IDLE.has(leaf.callFrame.functionName)) continue;
    total++;
    alone.set(nameOf(leaf), (alone.get(nameOf(leaf)) ?? 0) + 1);
    const seen = new Set<string>();
    for (let id: number | undefined = sample; id !== undefined; id = parents.get(id)) {
      const node = byId.get(id);
      if (node !== undefined) seen.add(nameOf(node));
    }
    for (const name of seen) withCalled.set(name, (withCalled.get(name) ?? 0) + 1);
  }
  const shown = (shares: ReadonlyMap<string, number>): string[] =>
    [...shares]
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, SHOWN)
      .map(([name, count]) => `${((100 * count) / total).toFixed(1).padStart(5)} %  ${name}`);
  return [
    `${total} samples in which something ran`,
    "",
    "functions by themselves",
    ...shown(alone),
    "",
    "with what they call",
    ...shown(withCalled),
  ].join("\n");
}

const nameOf = ({ callFrame: { functionName, lineNumber } }: Node): string =>
  `${functionName === "" ? "(anonymous)" : functionName}:${lineNumber + 1}`;
