import { BitArray } from "@chainsafe/ssz";
import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../chain/bytes.ts";
import { consensusAddress } from "../../chain/crypto/hash.ts";
import { COMET_VERSION } from "../../node/rpc/methods/node.ts";
import { renderValidatorUpdates } from "../../node/rpc/render/validator.ts";
import { CHAIN_ID, KNOWN_PATH, txHash, VALIDATORS } from "./fake-node.ts";
import { check, type Shape } from "./shape.ts";
import { call, ONE_TX, start, startWithTx } from "./start.ts";

const HASH = "hex:64";
const ADDRESS = "hex:40";
const NO_ID: Shape = { hash: { is: "" }, parts: { total: { is: 0 }, hash: { is: "" } } };
const BLOCK_ID: Shape = { hash: HASH, parts: { total: { is: 1 }, hash: HASH } };

function header(height: number): Shape {
  return {
    version: { block: { is: "11" }, app: { is: "1" } },
    chain_id: { is: CHAIN_ID },
    height: { is: String(height) },
    time: { is: `2030-01-01T00:00:0${height}.000Z` },
    last_block_id: height === 1 ? NO_ID : BLOCK_ID,
    last_commit_hash: HASH,
    data_hash: HASH,
    validators_hash: HASH,
    next_validators_hash: HASH,
    consensus_hash: HASH,
    app_hash: HASH,
    last_results_hash: HASH,
    evidence_hash: HASH,
    proposer_address: ADDRESS,
  };
}

const COMMIT_SIG = {
  block_id_flag: "number",
  validator_address: ADDRESS,
  timestamp: "time",
  signature: "base64|null",
} as const;

function commit(height: number): Shape {
  return { height: { is: String(height) }, round: "number", block_id: BLOCK_ID, signatures: { each: COMMIT_SIG } };
}

function block(height: number): Shape {
  const none = { height: { is: "0" }, round: { is: 0 }, block_id: NO_ID, signatures: { each: COMMIT_SIG } };
  return {
    block_id: BLOCK_ID,
    block: {
      header: header(height),
      data: { txs: { each: "base64" } },
      evidence: { evidence: { each: "string" } },
      last_commit: height === 1 ? none : commit(height - 1),
    },
  };
}

const EVENT: Shape = { type: "string", attributes: { each: { key: "string", value: "string", index: "boolean" } } };
const TX_RESULT: Shape = {
  code: "number",
  data: "base64|null",
  log: "string",
  info: "string",
  gas_wanted: "int64",
  gas_used: "int64",
  events: { each: EVENT },
  codespace: "string",
};
const PUB_KEY: Shape = { type: { is: "tendermint/PubKeyEd25519" }, value: "base64" };
const VALIDATOR: Shape = { address: ADDRESS, pub_key: PUB_KEY, voting_power: "int64", proposer_priority: "int64" };
const CONSENSUS_PARAMS: Shape = {
  block: { max_bytes: "int64", max_gas: "int64" },
  evidence: { max_age_num_blocks: "int64", max_age_duration: "int64", max_bytes: "int64" },
  validator: { pub_key_types: { each: "string" } },
  version: { app: "int64" },
  abci: { vote_extensions_enable_height: "int64" },
};
const NODE_INFO: Shape = {
  protocol_version: { p2p: "int64", block: "int64", app: "int64" },
  id: "lowerhex:40",
  listen_addr: "string",
  network: { is: CHAIN_ID },
  version: { is: COMET_VERSION },
  channels: "string",
  moniker: "string",
  other: { tx_index: "string", rpc_address: "string", peer_id: "string" },
};
const TX: Shape = { hash: HASH, height: "int64", index: "number", tx: "base64", tx_result: TX_RESULT };
const BROADCAST: Shape = { ...TX_RESULT, hash: HASH };
const META: Shape = { block_id: BLOCK_ID, block_size: "int64", header: header(3), num_txs: "int64" };

const hashBase64 = Buffer.from(fromHex(txHash(ONE_TX))).toString("base64");

const SHAPES: readonly (readonly [method: string, params: unknown, shape: Shape])[] = [
  ["health", {}, {}],
  [
    "status",
    {},
    {
      node_info: NODE_INFO,
      sync_info: {
        latest_block_hash: HASH,
        latest_app_hash: HASH,
        latest_block_height: "int64",
        latest_block_time: "time",
        earliest_block_hash: HASH,
        earliest_app_hash: HASH,
        earliest_block_height: "int64",
        earliest_block_time: "time",
        catching_up: "boolean",
      },
      validator_info: { address: ADDRESS, pub_key: PUB_KEY, voting_power: "int64" },
    },
  ],
  [
    "abci_info",
    {},
    {
      response: {
        data: "string",
        version: "string",
        app_version: "int64",
        last_block_height: "int64",
        last_block_app_hash: "base64",
      },
    },
  ],
  ["block", { height: "1" }, block(1)],
  ["block", { height: "2" }, block(2)],
  ["block", {}, block(3)],
  ["header", { height: "3" }, { header: header(3) }],
  ["commit", { height: "2" }, { signed_header: { header: header(2), commit: commit(2) }, canonical: { is: true } }],
  ["blockchain", { minHeight: "3", maxHeight: "3" }, { last_height: { is: "3" }, block_metas: { each: META } }],
  [
    "block_results",
    { height: "2" },
    {
      height: { is: "2" },
      txs_results: { each: TX_RESULT },
      finalize_block_events: { each: EVENT },
      validator_updates: {
        each: {
          pub_key: { Sum: { type: { is: "tendermint.crypto.PublicKey_Ed25519" }, value: { ed25519: "base64" } } },
          power: "int64",
        },
      },
      consensus_param_updates: { is: null },
      app_hash: "base64",
    },
  ],
  ["block_search", { query: "block.height=2" }, { blocks: { each: block(2) }, total_count: { is: "1" } }],
  ["validators", {}, { block_height: { is: "4" }, validators: { each: VALIDATOR }, count: "int64", total: "int64" }],
  ["consensus_params", {}, { block_height: { is: "3" }, consensus_params: CONSENSUS_PARAMS }],
  [
    "genesis",
    {},
    {
      genesis: {
        genesis_time: "time",
        chain_id: { is: CHAIN_ID },
        initial_height: { is: "1" },
        consensus_params: CONSENSUS_PARAMS,
        validators: { each: { address: ADDRESS, pub_key: PUB_KEY, power: "int64", name: "string" } },
        app_hash: { is: "" },
        app_state: { version: "number", chainId: "string", modules: { bank: {} } },
      },
    },
  ],
  ["genesis_chunked", { chunk: 0 }, { chunk: { is: "0" }, total: { is: "1" }, data: "base64" }],
  ["tx", { hash: hashBase64, prove: true }, TX],
  ["tx_search", { query: "tx.height=2" }, { txs: { each: TX }, total_count: { is: "1" } }],
  ["broadcast_tx_sync", { tx: "AAEC" }, BROADCAST],
  ["broadcast_tx_async", { tx: "AAEC" }, BROADCAST],
  ["check_tx", { tx: "AAEC" }, TX_RESULT],
  [
    "net_info",
    {},
    {
      listening: "boolean",
      listeners: { each: "string" },
      n_peers: { is: "1" },
      peers: { each: { node_info: NODE_INFO, is_outbound: "boolean", connection_status: {}, remote_ip: "string" } },
    },
  ],
  ["num_unconfirmed_txs", {}, { n_txs: "int64", total: { is: "2" }, total_bytes: { is: "5" }, txs: { is: null } }],
  [
    "unconfirmed_txs",
    { limit: "1" },
    { n_txs: { is: "1" }, total: { is: "2" }, total_bytes: { is: "5" }, txs: { each: "base64" } },
  ],
  [
    "abci_query",
    { path: KNOWN_PATH, data: "01ff", prove: false },
    {
      response: {
        code: { is: 0 },
        log: "string",
        info: "string",
        index: "int64",
        key: { is: null },
        value: { is: "Af8=" },
        proofOps: { is: null },
        height: { is: "3" },
        codespace: "string",
      },
    },
  ],
];

test.each(SHAPES)("%s %j has exactly the fields and types of CometBFT 0.38", async (method, params, shape) => {
  const { http } = await startWithTx();
  expect(check(await call(http, method, params), shape)).toEqual([]);
});

interface Planted {
  block: { header: Record<string, unknown> };
}

test("the shape checker sees a planted fault of each kind", async () => {
  const { http } = await startWithTx();
  const good = (await call(http, "block", { height: "2" })) as Planted;
  const inHeader = (fields: object) => (copy: Planted) => Object.assign(copy.block.header, fields);
  const faults: [string, (copy: Planted) => unknown, string][] = [
    ["a number for an int64", inHeader({ height: 2 }), "block.header.height"],
    ["lower-case hex", inHeader({ app_hash: "ab".repeat(32) }), "block.header.app_hash"],
    ["a time with an offset", inHeader({ time: "2030-01-01T00:00:02+01:00" }), "block.header.time"],
    ["a missing field", (copy) => delete copy.block.header.data_hash, "block.header.data_hash"],
    ["a field too many", (copy) => Object.assign(copy.block, { extra: {} }), "block.extra"],
  ];
  for (const [name, plant, path] of faults) {
    const copy = structuredClone(good);
    plant(copy);
    const found = check(copy, block(2)).map((fault) => fault.split(":")[0]);
    expect(found, name).toEqual([path]);
  }
  expect(check({ data: "_-8=" }, { data: "base64" })).toHaveLength(1);
});

describe("commits", () => {
  test("one entry for each validator: who signed carries the aggregate, who did not nothing", async () => {
    const { http, node } = await startWithTx();
    const { signed_header: signed } = (await call(http, "commit", { height: "2" })) as {
      signed_header: { commit: { signatures: unknown[] } };
    };
    const aggregate = Buffer.from(node.api.block(2)?.commit.signature ?? []).toString("base64");
    expect(signed.commit.signatures).toEqual(
      VALIDATORS.map((validator, i) => ({
        block_id_flag: i === 0 ? 1 : 2,
        validator_address: toHex(consensusAddress(validator.identityKey)).toUpperCase(),
        timestamp: "2030-01-01T00:00:02.000Z",
        signature: i === 0 ? null : aggregate,
      })),
    );
  });

  test("a bitfield shorter than the set leaves the rest absent", async () => {
    const { http, node } = await start(1);
    const tip = node.api.tip;
    if (tip === undefined) throw new Error("no block");
    Object.assign(tip.commit, { signers: BitArray.fromBoolArray([true]) });
    const { signed_header: signed } = (await call(http, "commit")) as {
      signed_header: { commit: { signatures: { block_id_flag: number }[] } };
    };
    expect(signed.commit.signatures.map((entry) => entry.block_id_flag)).toEqual([2, 1, 1]);
  });
});

test("validator updates are what changed, with power 0 for those who left", () => {
  const [a, b, c] = VALIDATORS;
  if (a === undefined || b === undefined || c === undefined) throw new Error("three validators are expected");
  const updates = renderValidatorUpdates([a, b], [{ ...a, power: 31n }, b, c].slice(0, 1).concat(c));
  expect(updates.map(({ power }) => power)).toEqual(["31", "10", "0"]);
  expect(renderValidatorUpdates([a, b], [b, a])).toEqual([]);
});
