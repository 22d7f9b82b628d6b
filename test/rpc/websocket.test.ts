import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { startEventFeed } from "../../node/rpc/events.ts";
import { createFakeNode, makeTx, okResult, transferEvent } from "./fake-node.ts";
import { eventually, start } from "./start.ts";

interface Client {
  send(value: unknown): void;
  /** Everything received, parsed. */
  readonly received: { id?: unknown; result?: Record<string, unknown>; error?: { data: string } }[];
  readonly closed: Promise<{ code: number; reason: string }>;
  close(): void;
}

async function open(ws: string): Promise<Client> {
  const socket = new WebSocket(`${ws}/websocket`);
  const received: Client["received"][number][] = [];
  socket.addEventListener("message", ({ data }) =>
    received.push(JSON.parse(String(data)) as Client["received"][number]),
  );
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.addEventListener("close", ({ code, reason }) => resolve({ code, reason }));
  });
  onTestFinished(() => socket.close());
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error("the websocket did not open")));
  });
  return {
    send: (value) => socket.send(typeof value === "string" ? value : JSON.stringify(value)),
    received,
    closed,
    close: () => socket.close(),
  };
}

const subscribe = (id: number, query: string, method = "subscribe") => ({
  jsonrpc: "2.0",
  id,
  method,
  params: { query },
});
const BLOCKS = "tm.event='NewBlock'";

test("Keplr's frames: positional subscribe, a named one with more than it needs", async () => {
  const { node, ws } = await start(1);
  const client = await open(ws);
  client.send({ jsonrpc: "2.0", id: 1, method: "subscribe", params: [BLOCKS] });
  const params = { query: "tm.event='Tx'", page: "1", per_page: "1", order_by: "desc" };
  client.send({ jsonrpc: "2.0", id: 2, method: "subscribe", params });
  await eventually(() => client.received).toEqual([1, 2].map((id) => ({ jsonrpc: "2.0", id, result: {} })));
  node.commit(
    [{ tx: makeTx("x"), result: okResult([transferEvent("assay1a", "1uassay")]) }],
    [transferEvent("m", "2uassay")],
  );
  await eventually(() => client.received.length).toBe(4);
  const [block, tx] = client.received.slice(2);
  expect(block).toMatchObject({
    id: 1,
    result: {
      query: BLOCKS,
      data: {
        type: "tendermint/event/NewBlock",
        value: {
          block: { header: { height: "2" } },
          block_id: { parts: { total: 1 } },
          result_finalize_block: { tx_results: [{ code: 0 }], validator_updates: [] },
        },
      },
      events: { "tm.event": ["NewBlock"], "block.height": ["2"], "transfer.amount": ["2uassay"] },
    },
  });
  expect(tx).toMatchObject({
    id: 2,
    result: {
      data: { type: "tendermint/event/Tx", value: { TxResult: { height: "2", index: 0, result: { code: 0 } } } },
      events: { "tx.height": ["2"], "transfer.recipient": ["assay1a"] },
    },
  });
});

test("ids and queries may be used again; the same subscription twice is one", async () => {
  const { node, ws } = await start(0);
  const client = await open(ws);
  const eventsAfter = async (frames: unknown[]) => {
    for (const frame of frames) client.send(frame);
    client.send({ id: "mark", method: "health" });
    await eventually(() => client.received.at(-1)?.id).toBe("mark");
    client.received.length = 0;
    node.commit();
    // By the second of two calls in a row the events have been sent.
    for (const id of ["end", "end again"]) {
      client.send({ id, method: "health" });
      await eventually(() => client.received.some((one) => one.id === id)).toBe(true);
    }
    return client.received.map(({ id }) => id).filter((id) => typeof id === "number");
  };
  expect(await eventsAfter([subscribe(7, BLOCKS), subscribe(7, BLOCKS)])).toEqual([7]);
  expect(await eventsAfter([subscribe(8, BLOCKS)])).toEqual([7, 8]);
  expect(await eventsAfter([subscribe(7, "tm.event='NewBlockHeader'")])).toEqual([7, 8, 7]);
  expect(await eventsAfter([subscribe(7, BLOCKS, "unsubscribe")])).toEqual([8, 7]);
  expect(await eventsAfter([subscribe(99, BLOCKS, "unsubscribe")])).toEqual([7]); // By query, whatever the id.
  expect(await eventsAfter([subscribe(7, BLOCKS)])).toEqual([7, 7]);
  expect(await eventsAfter([{ id: 1, method: "unsubscribe_all" }])).toEqual([]);
});

test("what can't be subscribed to is an error that says why", async () => {
  const { ws } = await start(0, { subscriptionsPerClient: 2 });
  const client = await open(ws);
  client.send(subscribe(1, "tm.event='Vote'"));
  client.send(subscribe(2, "tm.event="));
  client.send(subscribe(3, BLOCKS, "unsubscribe"));
  client.send(subscribe(4, "a.b EXISTS"));
  client.send(subscribe(5, BLOCKS));
  client.send(subscribe(6, "tm.event='Tx'"));
  await eventually(() => client.received.length).toBe(6);
  expect(client.received.map(({ error }) => error?.data)).toEqual([
    'there is no event "Vote": NewBlock, NewBlockHeader, Tx are served',
    "failed to parse query: at character 9: a text in single quotes or a number is expected, found the end",
    "subscription not found",
    undefined,
    undefined,
    "at most 2 subscriptions are allowed for each client",
  ]);
});

test("batches, malformed frames and binary frames", async () => {
  const { ws } = await start(0);
  const client = await open(ws);
  client.send("{");
  client.send([
    { id: 1, method: "health" },
    { id: 2, method: "health" },
  ]);
  await eventually(() => client.received.length).toBe(2);
  expect(client.received[0]).toMatchObject({ id: null, error: { data: expect.stringContaining("JSON") as string } });
  expect(client.received[1]).toMatchObject([{ id: 1 }, { id: 2 }]);
  const socket = new WebSocket(`${ws}/websocket`);
  const code = new Promise((resolve) => socket.addEventListener("close", (event) => resolve(event.code)));
  socket.addEventListener("open", () => socket.send(new Uint8Array(3)));
  expect(await code).toBe(1003);
});

test("an oversized frame ends the connection, not the server", async () => {
  const { ws } = await start(0);
  const client = await open(ws);
  client.send("x".repeat(2 * 1024 * 1024 + 1));
  expect((await client.closed).code).toBe(1009);
  const next = await open(ws);
  next.send({ id: 1, method: "health" });
  await eventually(() => next.received.length).toBe(1);
});

test("no more clients than the bound; a place is free again when one leaves", async () => {
  const { ws } = await start(0, { websocketClients: 2 });
  const first = await open(ws);
  await open(ws);
  await expect(open(ws)).rejects.toThrow("did not open");
  first.close();
  await first.closed;
  await eventually(() => open(ws).then(() => "open", String)).toBe("open");
});

test("a flood is answered in order up to the bound, and ends the connection beyond it", async () => {
  const { ws } = await start(0, { pendingCalls: 300 });
  const polite = await open(ws);
  const flood = await open(ws);
  for (let id = 0; id < 250; id++) polite.send({ id, method: "health" });
  await eventually(() => polite.received.length).toBe(250);
  expect(polite.received.map(({ id }) => id)).toEqual(Array.from({ length: 250 }, (_, id) => id));
  for (let id = 0; id < 20_000; id++) flood.send({ id, method: "health" });
  expect(await flood.closed).toEqual({
    code: 1008,
    reason: expect.stringContaining("too many calls wait: at most 300") as string,
  });
});

/** A websocket client that completes the handshake and one subscription, and then stops reading. */
async function openDeaf(ws: string, query: string) {
  const { port } = new URL(ws);
  const socket = connect({ host: "127.0.0.1", port: Number(port) });
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {}); // The server resets it in the end.
  const ended = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.write(
    `GET /websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${"A".repeat(22)}==\r\n\r\n`,
  );
  await new Promise((resolve) => socket.once("data", resolve));
  const text = Buffer.from(JSON.stringify(subscribe(1, query)));
  // A masked text frame under an all-zero mask.
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]));
  await new Promise((resolve) => socket.once("data", resolve));
  socket.pause();
  return { socket, ended };
}

test("a client that does not read is dropped; the others get every event", async () => {
  const { node, ws, logged } = await start(0, { sendQueueBytes: 100_000 });
  const deaf = await openDeaf(ws, BLOCKS);
  const good = await open(ws);
  good.send(subscribe(1, "tm.event='NewBlockHeader'"));
  await eventually(() => good.received.length).toBe(1);
  const big = { tx: new Uint8Array(1_000_000), result: okResult() };
  for (let height = 1; height <= 12; height++) {
    node.commit([big]);
    await eventually(() => good.received.length).toBe(1 + height);
  }
  expect(logged.filter((line) => line.includes("reads too slowly"))).toHaveLength(1);
  deaf.socket.resume(); // It now finds out.
  await deaf.ended;
});

test("a client that answers no ping is dropped", async () => {
  const { node, ws } = await start(0, { pingInterval: 400 });
  const alive = await open(ws);
  const deaf = await openDeaf(ws, BLOCKS); // Its socket is paused: it sees no ping.
  deaf.socket.resume();
  await deaf.ended;
  alive.send(subscribe(1, BLOCKS));
  await eventually(() => alive.received.length).toBe(1);
  node.commit();
  await eventually(() => alive.received.length).toBe(2);
});

test("closing the server closes its clients and lets the node go", async () => {
  const started = await start(0);
  const { node, ws } = started;
  const client = await open(ws);
  await started.close();
  expect(await client.closed).toEqual({ code: 1001, reason: "the node is shutting down" });
  expect(node.listeners).toBe(0);
});

test("a feed that falls behind says so, and goes on with later blocks", async () => {
  const node = createFakeNode(0);
  const seen: string[] = [];
  const feed = startEventFeed(
    node.api,
    {
      wanted: () => new Set(["NewBlockHeader"] as const),
      publish(event) {
        seen.push(event.events.get("block.height")?.[0] ?? "");
        return 1;
      },
      fellBehind: () => seen.push("lost"),
    },
    { backlog: 2, onError: (error) => seen.push(String(error)) },
  );
  for (let i = 0; i < 3; i++) node.commit(); // All in one turn.
  expect(seen).toEqual(["lost"]);
  node.commit();
  await eventually(() => seen).toEqual(["lost", "4"]);
  feed.close();
  expect(node.listeners).toBe(0);
});
