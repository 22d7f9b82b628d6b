import type { BenchNetwork } from "./network.ts";

interface Notice {
  readonly result?: { readonly data?: { readonly value?: { readonly header?: { readonly time: string } } } };
}

export interface LatencyProbe {
  /** Milliseconds, one for each block and node since the probe began. */
  readonly latencies: readonly number[];
  close(): void;
}

/**
 * Commit latency: from a block's time, which is when its proposer began to build it, until a subscriber of a node hears that the
 * node has committed it. So it holds building, sending, executing, both rounds of votes, the write to disk and the event.
 * Subscribes to every node; all clocks are this machine's.
 */
export async function probeCommits({ network }: BenchNetwork): Promise<LatencyProbe> {
  const latencies: number[] = [];
  const sockets = await Promise.all(
    network.nodes.map(async ({ rpc }) => {
      const socket = new WebSocket(`${rpc.replace("http", "ws")}/websocket`);
      await new Promise((resolve, reject) => {
        socket.onopen = resolve;
        socket.onerror = () => reject(new Error(`no websocket at ${rpc}`));
      });
      socket.onmessage = ({ data }) => {
        const heardAt = Date.now();
        const notice = JSON.parse(String(data)) as Notice;
        const time = notice.result?.data?.value?.header?.time;
        if (time !== undefined) latencies.push(heardAt - Date.parse(time));
      };
      const params = { query: "tm.event='NewBlockHeader'" };
      socket.send(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "subscribe", params }));
      return socket;
    }),
  );
  return {
    latencies,
    close() {
      for (const socket of sockets) socket.close();
    },
  };
}
