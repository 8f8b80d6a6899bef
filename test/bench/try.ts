import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open, run } from "./load.ts";
import { startBaseline, startParlance } from "./servers.ts";
import { readFileSync } from "node:fs";
const cpu = (pid: number) => {
  const f = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/.*\) /, "").split(" ");
  return (Number(f[11]) + Number(f[12])) * 10_000;
};
const scratch = await mkdtemp(join(tmpdir(), "bench-"));
const base = await startBaseline(scratch);
const parlance = await startParlance(scratch);
console.log("started", base.url, parlance.url);
const text = "x".repeat(100);
const sizes = (process.argv[2] ?? "2,50,500").split(",").map(Number);
for (const n of sizes) {
  const people = await parlance.accounts(n);
  const chat = await parlance.group(people.slice(0, 1).concat(people.slice(1)));
  for (const [senders, inFlight] of [
    [1, 16],
    [1, 1],
    [4, 16],
  ] as const) {
    if (senders > n) continue;
    const room = `r${n}-${senders}-${inFlight}`;
    const bs = await open(
      Array.from({ length: n }, (_, i) => ({
        url: `${base.url.replace("http", "ws")}/${room}?user=u${i}`,
        token: null,
      })),
    );
    await run(bs, { senders, inFlight, seconds: 1, frame: (id) => JSON.stringify({ id, text }) });
    const cb = cpu(base.pid);
    const b = await run(bs, { senders, inFlight, seconds: 2, frame: (id) => JSON.stringify({ id, text }) });
    for (const s of bs) s.terminate();
    const ps = await open(
      people.map(({ token }) => ({ url: `${parlance.url.replace("http", "ws")}/v1/chats/${chat}/socket`, token })),
    );
    const ub = cpu(base.pid) - cb;
    await run(ps, {
      senders,
      inFlight,
      seconds: 1,
      frame: (id) => JSON.stringify({ id, do: "message.send", text }),
    });
    const cp = cpu(parlance.pid);
    const p = await run(ps, {
      senders,
      inFlight,
      seconds: 2,
      frame: (id) => JSON.stringify({ id, do: "message.send", text }),
    });
    for (const s of ps) s.terminate();
    const up = cpu(parlance.pid) - cp;
    console.log({
      usPerMessage: [
        Math.round(ub / (b.acknowledgedPerSecond * b.seconds)),
        Math.round(up / (p.acknowledgedPerSecond * p.seconds)),
      ],
      n,
      senders,
      inFlight,
      base: [Math.round(b.acknowledgedPerSecond), Math.round(b.deliveriesPerSecond), b.p50.toFixed(2)],
      parlance: [Math.round(p.acknowledgedPerSecond), Math.round(p.deliveriesPerSecond), p.p50.toFixed(2)],
      ratio: (p.deliveriesPerSecond / b.deliveriesPerSecond).toFixed(2),
    });
  }
}
await base.stop();
await parlance.stop();
process.exit(0);
