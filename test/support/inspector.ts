/** Speaks with V8 in a workerd that has an inspector. Knows its protocol; asks nothing by itself. */

import { WebSocket } from "ws";

export interface Inspector {
  /** Resolves to the result. @throws Error where the connection ends before it has come */
  readonly call: (method: string, params?: object) => Promise<unknown>;
  readonly close: () => void;
}

/** The inspector of the Worker and its objects. `port`: where its workerd has it. */
export async function inspect(port: number): Promise<Inspector> {
  const targets = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as {
    id: string;
    webSocketDebuggerUrl: string;
  }[];
  const target = targets.find(({ id }) => id.includes("user")) ?? targets[0];
  if (target === undefined) throw new Error("there is nothing to inspect");
  const socket = new WebSocket(target.webSocketDebuggerUrl, { perMessageDeflate: false, maxPayload: 2 ** 30 });
  const answers = new Map<number, { resolve: (result: unknown) => void; reject: (ended: Error) => void }>();
  socket.on("message", (data: Buffer) => {
    const { id, result } = JSON.parse(data.toString()) as { id?: number; result?: unknown };
    if (id === undefined) return;
    answers.get(id)?.resolve(result);
    answers.delete(id);
  });
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  socket.once("close", () => {
    for (const { reject } of answers.values()) reject(new Error("the inspector has gone"));
  });
  let lastId = 0;
  return {
    call: (method, params = {}) =>
      new Promise((resolve, reject) => {
        answers.set(++lastId, { resolve, reject });
        socket.send(JSON.stringify({ id: lastId, method, params }));
      }),
    close: () => socket.terminate(),
  };
}
