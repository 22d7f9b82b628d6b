import { StargateClient } from "@cosmjs/stargate";
import {
  Comet38Client,
  connectComet,
  HttpBatchClient,
  isComet38Client,
  toRfc3339WithNanoseconds,
  WebsocketClient,
} from "@cosmjs/tendermint-rpc";
import { GetTxRequest, GetTxResponse, SimulateRequest, SimulateResponse } from "cosmjs-types/cosmos/tx/v1beta1/service";
import { Tx } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { expect, onTestFinished, test } from "vitest";
import { toHex, utf8 } from "../../chain/bytes.ts";
import { consensusAddress } from "../../chain/crypto/hash.ts";
import { TxError } from "../../chain/errors.ts";
import { CHAIN_ID, KNOWN_PATH, makeTx, okResult, transferEvent, txHash, VALIDATORS } from "./fake-node.ts";
import { eventually, start } from "./start.ts";

interface Listener<T> {
  next(value: T): void;
  error(error: unknown): void;
  complete(): void;
}

async function comet38(url: string): Promise<Comet38Client> {
  const client = await connectComet(url);
  onTestFinished(() => client.disconnect());
  if (!isComet38Client(client)) throw new Error("not taken for CometBFT 0.38");
  return client;
}

test.each(["http", "ws"] as const)(
  "connectComet over %s takes the node for 0.38 and decodes every method",
  async (kind) => {
    const { node, http, ws } = await start(0);
    const tx = makeTx("one");
    node.commit();
    const second = node.commit([{ tx, result: okResult([transferEvent("assay1a", "5uassay")]) }], [], VALIDATORS);
    node.commit();
    const client = await comet38(kind === "http" ? http : ws);

    const status = await client.status();
    expect(status.nodeInfo).toMatchObject({ network: CHAIN_ID, version: "0.38.17", moniker: "fake" });
    expect(status.syncInfo).toMatchObject({ latestBlockHeight: 3, earliestBlockHeight: 1, catchingUp: false });
    expect(status.validatorInfo.votingPower).toBe(30n);
    expect(await client.health()).toBe(null);
    expect(await client.abciInfo()).toMatchObject({ lastBlockHeight: 3, data: "assay" });

    const { block, blockId } = await client.block(2);
    expect(blockId.hash).toEqual(second.blockId);
    expect(blockId.parts).toEqual({ total: 1, hash: second.blockId });
    expect(block.txs).toEqual([tx]);
    expect(toRfc3339WithNanoseconds(block.header.time)).toBe("2030-01-01T00:00:02.000000000Z");
    expect(block.header).toMatchObject({
      chainId: CHAIN_ID,
      height: 2,
      appHash: second.block.header.stateRoot,
      dataHash: second.block.header.bodyRoot,
      validatorsHash: second.block.header.validatorsRoot,
      nextValidatorsHash: second.block.header.nextValidatorsRoot,
      consensusHash: second.block.header.paramsRoot,
      lastResultsHash: second.block.header.receiptsRoot,
      proposerAddress: consensusAddress(VALIDATORS[2]?.identityKey ?? new Uint8Array()),
    });
    expect(block.header.lastBlockId?.hash).toEqual(second.block.header.parentId);
    expect(block.lastCommit?.signatures.map(({ blockIdFlag }) => blockIdFlag)).toEqual([1, 2, 2]);
    const first = await client.block(1);
    expect(first.block.lastCommit).toBe(null);
    expect(first.block.header.lastBlockId).toBe(null);

    const results = await client.blockResults(2);
    expect(results.results[0]).toMatchObject({ code: 0, gasUsed: 61_234n, gasWanted: 100_000n });
    expect(results.results[0]?.events[0]?.attributes[1]).toEqual({ key: "amount", value: "5uassay" });
    expect((await client.blockResults(3)).results).toEqual([]);
    expect((await client.blockchain(1, 3)).blockMetas.map(({ header }) => header.height)).toEqual([3, 2, 1]);
    expect((await client.blockchain(1, 99)).lastHeight).toBe(3);

    const commit = await client.commit(2);
    expect(commit).toMatchObject({ canonical: true, commit: { height: 2, round: 1 } });
    expect(commit.commit.signatures).toHaveLength(3);
    expect((await client.commit(3)).canonical).toBe(false);

    const validators = await client.validatorsAll(2);
    expect(validators.validators.map(({ votingPower }) => votingPower)).toEqual([30n, 20n, 10n]);
    expect(validators.validators.map(({ proposerPriority }) => proposerPriority)).toEqual([-30, 10, 20]);
    expect(validators.validators[1]?.pubkey).toEqual({ algorithm: "ed25519", data: VALIDATORS[1]?.identityKey });
    expect((await client.validators({ height: 2, per_page: 2, page: 2 })).validators).toHaveLength(1);

    const genesis = await client.genesis();
    expect(genesis).toMatchObject({ chainId: CHAIN_ID, appState: node.api.genesis });
    expect(genesis.consensusParams.block?.maxBytes).toBe(4_194_304);
    expect(genesis.validators).toHaveLength(3);

    const hash = (await client.txSearch({ query: "tx.height=2" })).txs[0]?.hash;
    expect(toHex(hash ?? new Uint8Array()).toUpperCase()).toBe(txHash(tx));
    expect(await client.tx({ hash: hash ?? new Uint8Array() })).toMatchObject({ height: 2, index: 0, tx });
    const search = await client.blockSearchAll({ query: "block.height >= 2" });
    expect(search.blocks.map((one) => one.block.header.height)).toEqual([2, 3]);
    expect(await client.numUnconfirmedTxs()).toEqual({ total: 2, totalBytes: 5 });

    const query = await client.abciQuery({ path: KNOWN_PATH, data: utf8("hello"), height: 2 });
    expect(query).toMatchObject({ code: 0, value: utf8("hello"), height: 2 });
    const proven = await client.abciQuery({ path: "/store/key", data: utf8("k"), prove: true });
    expect(proven).toMatchObject({ key: utf8("k"), value: utf8("value"), height: 3 });
    expect(proven.proof?.ops[0]).toMatchObject({ type: "assay:jmt", key: utf8("k") });
  },
);

test("a client connects before the first block", async () => {
  const { http } = await start(0);
  const client = await comet38(http);
  expect((await client.status()).syncInfo.latestBlockHeight).toBe(0);
  await expect(client.blockchain()).rejects.toThrow("min height 1 can't be greater than max height 0");
});

test("broadcasts: sync, async and commit", async () => {
  const { node, http } = await start(1);
  const client = await comet38(http);
  const tx = makeTx("sent");
  expect(await client.broadcastTxSync({ tx })).toMatchObject({ code: 0 });
  expect(toHex((await client.broadcastTxAsync({ tx })).hash).toUpperCase()).toBe(txHash(tx));

  const submit = node.submit;
  node.submit = async (bytes) => {
    node.commit([{ tx: bytes, result: okResult() }]); // Included before the mempool has answered.
    return submit(bytes);
  };
  const committed = await client.broadcastTxCommit({ tx });
  expect(committed).toMatchObject({ height: 2, checkTx: { code: 0 }, txResult: { code: 0, gasUsed: 61_234n } });
  expect(node.listeners).toBe(1); // The event feed; the waiting call has unsubscribed.

  node.submit = async (bytes) => ({ ...(await submit(bytes)), code: 13, codespace: "sdk", log: "insufficient fees" });
  expect(await client.broadcastTxCommit({ tx: makeTx("poor") })).toMatchObject({ height: 0, checkTx: { code: 13 } });
  const stargate = await StargateClient.connect(http);
  await expect(stargate.broadcastTxSync(makeTx("poor"))).rejects.toThrow(
    "code 13 (codespace: sdk). Log: insufficient fees",
  );
});

test("StargateClient: chain id, height, blocks, getTx, searchTx", async () => {
  const { node, http } = await start(1);
  const [a, b] = [makeTx("a"), makeTx("b")];
  node.commit([
    { tx: a, result: okResult([transferEvent("assay1a", "5uassay")]) },
    { tx: b, result: { ...okResult(), code: 5, codespace: "sdk", log: "insufficient funds", data: new Uint8Array() } },
  ]);
  const client = await StargateClient.connect(http);
  expect(await client.getChainId()).toBe(CHAIN_ID);
  expect(await client.getHeight()).toBe(2);
  expect(await client.getBlock(1)).toMatchObject({
    header: { height: 1, version: { block: "11", app: "1" } },
    txs: [],
  });
  expect((await client.getBlock()).txs).toHaveLength(2);
  expect(await client.getTx(txHash(b))).toMatchObject({ height: 2, txIndex: 1, code: 5, rawLog: "insufficient funds" });
  expect(await client.getTx("AB".repeat(32))).toBe(null);
  const found = await client.searchTx([{ key: "transfer.recipient", value: "assay1a" }]);
  expect(found).toMatchObject([{ hash: txHash(a), msgResponses: [{ typeUrl: "/assay.test.MsgResponse" }] }]);
  expect(node.searches.at(-1)).toMatchObject([{ key: "transfer.recipient", op: "=", value: "assay1a" }]);
});

test("searches page: txSearchAll collects every transaction once", async () => {
  const { node, http } = await start(0);
  const txs = Array.from({ length: 65 }, (_, i) => ({ tx: makeTx(`tx ${i}`), result: okResult() }));
  node.commit(txs);
  const client = await comet38(http);
  const all = await client.txSearchAll({ query: "tx.height=1" });
  expect(all.totalCount).toBe(65);
  expect(all.txs.map(({ index }) => index)).toEqual(Array.from({ length: 65 }, (_, i) => i));
  const last = await client.txSearch({ query: "tx.height=1", order_by: "desc", per_page: 10 });
  expect(last.txs[0]?.index).toBe(64);
  await expect(client.txSearch({ query: "tx.height=1", page: 4 })).rejects.toThrow(
    "page should be within [1, 3] range, given 4",
  );
});

test("HttpBatchClient: answers are matched by id", async () => {
  const { http } = await start(3);
  const rpc = new HttpBatchClient(http, { dispatchInterval: 10 });
  onTestFinished(() => rpc.disconnect());
  const client = Comet38Client.create(rpc);
  const blocks = await Promise.all([3, 1, 2].map((height) => client.block(height)));
  expect(blocks.map(({ block }) => block.header.height)).toEqual([3, 1, 2]);
});

test("Simulate and GetTx", async () => {
  const { node, http } = await start(1);
  const tx = makeTx("kept");
  node.commit([{ tx, result: okResult() }]);
  const client = await comet38(http);
  const path = "/cosmos.tx.v1beta1.Service/";
  const seen: Uint8Array[] = [];
  const simulate = node.simulate;
  node.simulate = (bytes) => {
    seen.push(bytes);
    return simulate(bytes);
  };
  const ask = async (request: SimulateRequest) => {
    const answer = await client.abciQuery({ path: `${path}Simulate`, data: SimulateRequest.encode(request).finish() });
    return { ...answer, response: SimulateResponse.decode(answer.value) };
  };
  const simulated = await ask(SimulateRequest.fromPartial({ txBytes: tx }));
  expect(simulated.height).toBe(2);
  expect(simulated.response.gasInfo).toEqual({ gasUsed: 61_234n, gasWanted: 2n ** 64n - 1n });
  expect(simulated.response.result?.msgResponses[0]?.typeUrl).toBe("/assay.test.MsgResponse");
  await ask(SimulateRequest.fromPartial({ tx: Tx.decode(tx) })); // The deprecated form arrives as the same bytes.
  expect(seen).toEqual([tx, tx]);

  node.simulate = () => {
    throw new TxError("sdk", 32, "account sequence mismatch, expected 1, got 0: incorrect account sequence");
  };
  expect(await ask(SimulateRequest.fromPartial({ txBytes: tx }))).toMatchObject({
    code: 32,
    codespace: "sdk",
    log: "account sequence mismatch, expected 1, got 0: incorrect account sequence",
    height: 2,
  });

  const request = GetTxRequest.encode({ hash: txHash(tx) }).finish();
  const got = GetTxResponse.decode((await client.abciQuery({ path: `${path}GetTx`, data: request })).value);
  expect(got.txResponse).toMatchObject({ height: 2n, txhash: txHash(tx), code: 0, gasUsed: 61_234n });
  expect(got.tx?.body?.memo).toBe("kept");
  const absent = GetTxRequest.encode({ hash: "00".repeat(32) }).finish();
  expect(await client.abciQuery({ path: `${path}GetTx`, data: absent })).toMatchObject({
    code: 22,
    log: `rpc error: code = NotFound desc = tx not found: ${"00".repeat(32)}: key not found`,
  });
});

function collect<T>(stream: { addListener(listener: Listener<T>): void }) {
  const values: T[] = [];
  const listener: Listener<T> = {
    next: (value) => values.push(value),
    error(error) {
      throw new Error(`the subscription failed: ${String(error)}`);
    },
    complete: () => {},
  };
  stream.addListener(listener);
  return { values, listener };
}

test("subscriptions: blocks, headers, transactions with a filter; ended and started again with the same id", async () => {
  const { node, ws } = await start(1);
  const rpc = new WebsocketClient(ws);
  onTestFinished(() => rpc.disconnect());
  const client = Comet38Client.create(rpc);
  await client.status();
  const blockStream = client.subscribeNewBlock();
  const blocks = collect(blockStream);
  const headers = collect(client.subscribeNewBlockHeader());
  const all = collect(client.subscribeTx());
  const some = collect(client.subscribeTx("transfer.recipient = 'assay1a' AND transfer.amount > 4 AND tx.height >= 2"));
  await client.health(); // Answered after the subscriptions.

  const [a, b, c] = [makeTx("a"), makeTx("b"), makeTx("c")];
  node.commit([
    { tx: a, result: okResult([transferEvent("assay1a", "5uassay")]) },
    { tx: b, result: okResult([transferEvent("assay1b", "5uassay")]) },
    { tx: c, result: okResult([transferEvent("assay1a", "4uassay")]) },
  ]);
  await eventually(() => all.values.length).toBe(3);
  expect(blocks.values.map(({ header }) => header.height)).toEqual([2]);
  expect(blocks.values[0]?.txs).toEqual([a, b, c]);
  expect(headers.values.map(({ height }) => height)).toEqual([2]);
  expect(all.values.map(({ tx }) => tx)).toEqual([a, b, c]);
  expect(some.values.map(({ tx, height }) => ({ tx, height }))).toEqual([{ tx: a, height: 2 }]);
  expect(toHex(all.values[0]?.hash ?? new Uint8Array()).toUpperCase()).toBe(txHash(a));

  blockStream.removeListener(blocks.listener);
  // xstream stops a stream in a later turn, in case another listener comes.
  await new Promise((resolve) => setTimeout(resolve, 20));
  await client.health();
  node.commit();
  await eventually(() => headers.values.length).toBe(2);
  expect(blocks.values).toHaveLength(1);

  const again = collect(client.subscribeNewBlock());
  await client.health();
  node.commit();
  await eventually(() => again.values.length).toBeGreaterThan(0);
  expect(again.values.every(({ header }) => header.height === 4)).toBe(true);
});
