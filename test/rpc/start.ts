import { expect, onTestFinished } from "vitest";
import { createLog } from "../../node/log.ts";
import type { RpcLimits } from "../../node/rpc/limits.ts";
import { startRpc } from "../../node/rpc/server.ts";
import { createFakeNode, type FakeNode, makeTx, okResult, transferEvent, VALIDATORS } from "./fake-node.ts";

export interface Started {
  readonly node: FakeNode;
  readonly http: string;
  readonly ws: string;
  /** Lines that the server logged. */
  readonly logged: string[];
  close(): Promise<void>;
}

/** A server over a fake node, closed when the test ends. */
export async function start(blocks: number, limits: Partial<RpcLimits> = {}): Promise<Started> {
  const node = createFakeNode(blocks);
  const logged: string[] = [];
  const log = createLog({ level: "debug", name: "rpc", write: (line) => logged.push(line) });
  const server = await startRpc({ host: "127.0.0.1", port: 0, api: node.api, log, cors: true, limits });
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= server.close();
    return closed;
  };
  onTestFinished(close);
  const authority = `127.0.0.1:${server.port}`;
  return { node, http: `http://${authority}`, ws: `ws://${authority}`, logged, close };
}

/** The only transaction of `startWithTx`, at height 2. */
export const ONE_TX = makeTx("one");

/** A server over three blocks; the second has a transaction, an event and a changed validator set. */
export async function startWithTx() {
  const started = await start(1);
  started.node.commit(
    [{ tx: ONE_TX, result: okResult([transferEvent("assay1a", "5uassay")]) }],
    [transferEvent("x", "1")],
    VALIDATORS.slice(1),
  );
  started.node.commit();
  return started;
}

/** Posts a JSON value (or a text as it is) and returns the status and the parsed answer. */
export async function post(url: string, body: unknown): Promise<{ status: number; json: unknown }> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, json: text === "" ? undefined : (JSON.parse(text) as unknown) };
}

/** The `result` of a call; fails the test on an error. */
export async function call(url: string, method: string, params: unknown = {}): Promise<unknown> {
  const { json } = await post(url, { jsonrpc: "2.0", id: 1, method, params });
  const answer = json as { result?: unknown; error?: unknown };
  if (answer.result === undefined) throw new Error(`${method} failed: ${JSON.stringify(answer.error)}`);
  return answer.result;
}

/** The `error` of a call that has to fail. */
export async function callError(url: string, method: string, params: unknown = {}): Promise<unknown> {
  const { status, json } = await post(url, { jsonrpc: "2.0", id: 1, method, params });
  if (status !== 200) throw new Error(`HTTP status ${status}`);
  const answer = json as { error?: unknown };
  if (answer.error === undefined) throw new Error(`${method} did not fail`);
  return answer.error;
}

/** Waits until a value is as expected; long enough for a busy machine. */
export function eventually<T>(read: () => T | Promise<T>) {
  return expect.poll(read, { interval: 5, timeout: 15_000 });
}
