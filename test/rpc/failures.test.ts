import { describe, expect, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { GRPC, QueryError } from "../../chain/errors.ts";
import { TreeProof } from "../../chain/types/proof-ops.ts";
import { KNOWN_PATH } from "./fake-node.ts";
import { call, callError, post, start, startWithTx } from "./start.ts";

describe("abci_query failures are answers with a code and a height", () => {
  test.each([
    ["00", undefined, 22, "rpc error: code = NotFound desc = account 00 not found: key not found", "3"],
    ["", undefined, 18, "rpc error: code = InvalidArgument desc = empty request: invalid request", "3"],
    ["00", "2", 22, "rpc error: code = NotFound desc = account 00 not found: key not found", "2"],
  ])("data %j at height %s", async (data, height, code, log, answered) => {
    const { http } = await startWithTx();
    const result = await call(http, "abci_query", {
      path: KNOWN_PATH,
      data,
      ...(height === undefined ? {} : { height }),
    });
    expect(result).toMatchObject({ response: { code, log, codespace: "sdk", height: answered, value: null } });
  });

  test("an unknown path", async () => {
    const { http } = await startWithTx();
    expect(await call(http, "abci_query", { path: "/a.B/C", data: "" })).toMatchObject({
      response: { code: 6, codespace: "sdk", log: "unknown query path: unknown request", height: "3" },
    });
  });

  test("a raw key at a height that is not kept", async () => {
    const { http } = await startWithTx();
    expect(await call(http, "abci_query", { path: "/store/key", data: "6b", height: "9", prove: true })).toMatchObject({
      response: { code: 18, height: "9" },
    });
  });

  test("a raw key with its proof, and without when none is asked for", async () => {
    const { http } = await startWithTx();
    const { response } = (await call(http, "abci_query", { path: "/store/key", data: "6b", prove: true })) as {
      response: { value: string; proofOps: { ops: { data: string }[] } };
    };
    expect(response.value).toBe(Buffer.from("value").toString("base64"));
    const proof = TreeProof.deserialize(Buffer.from(response.proofOps.ops[0]?.data ?? "", "base64"));
    expect(proof.siblings.map(toHex)).toEqual(["02".repeat(32)]);
    const plain = await call(http, "abci_query", { path: "/store/key", data: "6b" });
    expect(plain).toMatchObject({ response: { proofOps: null } });
  });

  test("a fault of the node says nothing of its inside, and is logged", async () => {
    const { http, logged } = await startWithTx();
    const error = await callError(http, "abci_query", { path: KNOWN_PATH, data: "ff" });
    expect(error).toEqual({
      code: -32603,
      message: "Internal error",
      data: "the node could not answer; its log says why",
    });
    expect(logged.filter((line) => line.includes("a bug"))).toHaveLength(1);
  });
});

describe("errors name the value and the limit", () => {
  test.each([
    ["block", { height: "99" }, "height 99 must be less than or equal to the current blockchain height 3"],
    ["block", { height: "0" }, "height must be greater than 0, but got 0"],
    ["block", { height: "-1" }, "height must be greater than 0, but got -1"],
    ["block_results", { height: "4" }, "height 4 must be less than or equal to the current blockchain height 3"],
    ["validators", { height: "5" }, "height 5 must be less than or equal to the current blockchain height 3"],
    ["validators", { page: "2" }, "page should be within [1, 1] range, given 2"],
    ["blockchain", { minHeight: "3", maxHeight: "2" }, "min height 3 can't be greater than max height 2"],
    ["tx", { hash: "q83v" }, "tx (ABCDEF) not found"],
    [
      "tx_search",
      { query: "tx.height" },
      "failed to parse query: at character 9: an operator (= < <= > >= CONTAINS EXISTS) is expected, found the end",
    ],
    ["tx_search", { query: "tx.height=1", order_by: "up" }, "expected order_by to be either `asc` or `desc` or empty"],
    [
      "block_search",
      { query: "transfer.amount=5" },
      "block_search knows block.height with = < <= > >= EXISTS only, not transfer.amount =",
    ],
    ["genesis_chunked", { chunk: "1" }, "chunk 1 is out of range: there are 1, counted from 0"],
  ])("%s %j", async (method, params, data) => {
    const { http } = await startWithTx();
    expect(await callError(http, method, params)).toEqual({ code: -32603, message: "Internal error", data });
  });

  test("searches come in the order of CometBFT: blocks newest first unless told otherwise", async () => {
    const { http } = await startWithTx();
    const heights = async (params: object) => {
      const found = (await call(http, "block_search", { query: "block.height > 1", ...params })) as {
        blocks: { block: { header: { height: string } } }[];
      };
      return found.blocks.map((one) => one.block.header.height);
    };
    expect(await heights({})).toEqual(["3", "2"]);
    expect(await heights({ order_by: "asc" })).toEqual(["2", "3"]);
    expect(await heights({ per_page: "1", page: "2" })).toEqual(["2"]);
  });

  test("an unknown block hash is no error, as in CometBFT", async () => {
    const { http } = await startWithTx();
    expect(await call(http, "block_by_hash", { hash: "AAAA" })).toMatchObject({ block: null });
    expect(await call(http, "header_by_hash", { hash: "0000" })).toEqual({ header: null });
  });
});

test("a search that would read too much says so, and is no fault of the node", async () => {
  const { http, node, logged } = await start(1);
  node.searchFault = new QueryError(GRPC.invalidArgument, "the search reads more than 10000 blocks");
  expect(await callError(http, "tx_search", { query: "transfer.amount > 5" })).toEqual({
    code: -32603,
    message: "Internal error",
    data: "the search reads more than 10000 blocks",
  });
  expect(logged.filter((line) => line.includes("an RPC method failed"))).toEqual([]);
});

test("check_tx answers what the mempool's check says, not what a simulation would", async () => {
  const { http, node } = await start(1);
  const refusal = { code: 4, codespace: "sdk", log: "unauthorized: signature verification failed" };
  node.check = (tx) => ({ ...refusal, gasWanted: 0, gasUsed: 0, hash: tx });
  expect(await call(http, "check_tx", { tx: "AAEC" })).toMatchObject({ ...refusal, gas_used: "0" });
});

test("broadcast_tx_commit gives up after its timeout and leaves nothing behind", async () => {
  const { http, node } = await start(1, { commitTimeout: 20, commitWaiters: 1 });
  const [one, two] = await Promise.all([
    callError(http, "broadcast_tx_commit", { tx: "AAEC" }),
    callError(http, "broadcast_tx_commit", { tx: "AAED" }),
  ]);
  const texts = [one, two].map((error) => (error as { data: string }).data).sort();
  expect(texts[0]).toContain("1 calls of broadcast_tx_commit wait already");
  expect(texts[1]).toMatch(/^timed out waiting for tx [0-9A-F]{64} to be included in a block$/);
  expect(node.listeners).toBe(1);
});

test("ids come back with their type", async () => {
  const { http } = await start(1);
  for (const id of [0, 7, 123_456_789_012, "7", "x", ""]) {
    expect((await post(http, { jsonrpc: "2.0", id, method: "health", params: {} })).json).toEqual({
      jsonrpc: "2.0",
      id,
      result: {},
    });
  }
});
