import { BitArray } from "@chainsafe/ssz";
import { TxMsgData } from "cosmjs-types/cosmos/base/abci/v1beta1/abci";
import { AuthInfo, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { equalBytes, toHex, utf8 } from "../../chain/bytes.ts";
import { consensusParams } from "../../chain/consensus-params.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { GRPC, QueryError } from "../../chain/errors.ts";
import type { Event } from "../../chain/module.ts";
import { parameterRows } from "../../chain/params.ts";
import { Block, Body } from "../../chain/types/block.ts";
import { NO_EVIDENCE } from "../../chain/types/evidence.ts";
import { Header } from "../../chain/types/header.ts";
import { ZERO_32, ZERO_96 } from "../../chain/types/primitives.ts";
import type { Validator } from "../../chain/types/validator.ts";
import type { Commit } from "../../chain/types/vote.ts";
import type { EventCondition, NodeApi, StoredBlock, TxLocation, TxResult } from "../../node/api.ts";

/** Fixed, so that what is rendered can be written down in a test. */
export const GENESIS_TIME = Date.UTC(2030, 0, 1);
export const CHAIN_ID = "assayfake-1";
export const KNOWN_PATH = "/assay.test.Query/Echo";

const bytes = (length: number, seed: number) => new Uint8Array(length).fill(seed);

export const VALIDATORS: readonly Validator[] = [30n, 20n, 10n].map((power, i) => ({
  operator: bytes(20, 0x10 + i),
  identityKey: bytes(32, 0x20 + i),
  voteKey: bytes(48, 0x30 + i),
  power,
}));

/** The bytes of a well-formed transaction without messages. */
export function makeTx(memo: string): Uint8Array {
  return TxRaw.encode({
    bodyBytes: TxBody.encode(TxBody.fromPartial({ memo })).finish(),
    authInfoBytes: AuthInfo.encode(AuthInfo.fromPartial({ fee: { amount: [], gasLimit: 7n } })).finish(),
    signatures: [bytes(64, 1)],
  }).finish();
}

export function okResult(events: readonly Event[] = []): TxResult {
  const data = TxMsgData.encode(
    TxMsgData.fromPartial({ msgResponses: [{ typeUrl: "/assay.test.MsgResponse", value: bytes(2, 9) }] }),
  ).finish();
  return { code: 0, codespace: "", log: "", data, gasWanted: 100_000, gasUsed: 61_234, events };
}

export function transferEvent(recipient: string, amount: string): Event {
  return {
    type: "transfer",
    attributes: [
      ["recipient", recipient],
      ["amount", amount],
    ],
  };
}

interface NewTx {
  readonly tx: Uint8Array;
  readonly result: TxResult;
}

export interface FakeNode {
  readonly api: NodeApi;
  readonly listeners: number;
  /** Every condition list that was searched for. */
  readonly searches: (readonly EventCondition[])[];
  submit: NodeApi["submitTx"];
  simulate: NodeApi["simulate"];
  check: NodeApi["checkTx"];
  /** What a search throws, if it is to fail. */
  searchFault: Error | undefined;
  commit(txs?: readonly NewTx[], events?: readonly Event[], validatorUpdates?: readonly Validator[]): StoredBlock;
}

const NO_COMMIT: Commit = {
  height: 0,
  round: 0,
  blockId: ZERO_32,
  signers: BitArray.fromBitLen(0),
  signature: ZERO_96,
};

/** The first validator of the three never signs. */
function commitFor(height: number, blockId: Uint8Array): Commit {
  return {
    height,
    round: 1,
    blockId,
    signers: BitArray.fromBoolArray([false, true, true]),
    signature: bytes(96, 0xcc),
  };
}

function emptyBody(lastCommit: Commit, transactions: Uint8Array[]): Body {
  return {
    transactions,
    lastCommit,
    evidence: NO_EVIDENCE,
    duplicateAttestations: [],
    commitments: [],
    reveals: [],
    outputs: [],
    randaoReveal: ZERO_96,
    inlineResults: [],
  };
}

function matches(result: TxResult, { key, op, value }: EventCondition): boolean {
  return result.events.some(({ type, attributes }) =>
    attributes.some(([name, found]) => `${type}.${name}` === key && (op === "EXISTS" || found === value)),
  );
}

/** A chain of blocks in memory, with nothing behind it. Three validators; block h is proposed by number h mod 3. */
export function createFakeNode(blocks = 0): FakeNode {
  const stored: StoredBlock[] = [];
  const listeners = new Set<(block: StoredBlock) => void>();
  const searches: (readonly EventCondition[])[] = [];
  const params = new Map([...parameterRows([consensusParams])].map(([name, row]) => [name, row.default]));
  const rotation = { validators: VALIDATORS, priorities: [-30n, 10n, 20n] };
  const tip = () => stored.at(-1);
  const tipHeight = () => stored.length;

  const api: NodeApi = {
    moniker: "fake",
    version: "0.1.0",
    peerId: "12D3KooWFake",
    listenAddress: "/ip4/127.0.0.1/tcp/26656",
    spec: { chainId: CHAIN_ID, genesisRoot: bytes(32, 7), prefix: "assay", denom: "uassay" },
    genesis: { version: 1, chainId: CHAIN_ID, modules: { bank: {} } },
    genesisTime: GENESIS_TIME,
    earliestHeight: 1,
    get tip() {
      return tip();
    },
    catchingUp: false,
    ownValidator: VALIDATORS[0],
    ownIdentityKey: VALIDATORS[0]?.identityKey,
    params: () => params,
    block: (height) => stored[height - 1],
    blockById: (id) => stored.find(({ blockId }) => equalBytes(blockId, id)),
    txByHash(hash) {
      for (const { block } of stored) {
        const index = block.body.transactions.findIndex((tx) => equalBytes(sha256(tx), hash));
        if (index >= 0) return { height: block.header.height, index };
      }
      return undefined;
    },
    rotation: (height) => (height >= 1 && height <= tipHeight() + 1 ? rotation : undefined),
    query(path, request, height = tipHeight()) {
      if (path !== KNOWN_PATH) throw new QueryError(GRPC.unimplemented, `unknown path ${path}`);
      if (request.length === 0) throw new QueryError(GRPC.invalidArgument, "empty request");
      if (request[0] === 0) throw new QueryError(GRPC.notFound, `account ${toHex(request)} not found`);
      if (request[0] === 0xff) throw new Error("a bug");
      return { value: request, height };
    },
    proveKey(key, height = tipHeight()) {
      if (height > tipHeight()) return undefined;
      const proof = {
        key,
        value: utf8("value"),
        leaf: { path: sha256(key), valueRoot: bytes(32, 1) },
        siblings: [bytes(32, 2)],
      };
      return { proof, height };
    },
    simulate: (tx) => node.simulate(tx),
    uploads: {
      status: () => Promise.resolve({ refused: "unknown" }),
      open: () => Promise.resolve({ refused: "unregistered" }),
      put: () => Promise.resolve({ refused: "unknown" }),
    },
    submitAttack: ({ header }) => (header.height > tipHeight() ? "ignored" : "accepted"),
    submitTx: (tx) => node.submit(tx),
    checkTx: (tx) => node.check(tx),
    mempool: () => ({ count: 2, bytes: 5, txs: [bytes(2, 1), bytes(3, 2)] }),
    peers: () => [{ peerId: "12D3KooWPeer", address: "/ip4/127.0.0.1/tcp/1", outbound: true, score: 0 }],
    onCommit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async searchTxs(conditions) {
      searches.push(conditions);
      if (node.searchFault !== undefined) throw node.searchFault;
      const found: TxLocation[] = [];
      for (const { block, result } of stored) {
        result.txs.forEach((tx, index) => {
          const hash = toHex(sha256(block.body.transactions[index] ?? new Uint8Array()));
          const fits = conditions.every((condition) => {
            if (condition.key === "tx.hash") return condition.value.toLowerCase() === hash;
            if (condition.key === "tx.height") return condition.value === String(block.header.height);
            return matches(tx, condition);
          });
          if (fits) found.push({ height: block.header.height, index });
        });
      }
      return found;
    },
  };

  const node: FakeNode = {
    api,
    get listeners() {
      return listeners.size;
    },
    searches,
    submit: async (tx) => ({ code: 0, codespace: "", log: "", gasWanted: 7, gasUsed: 3, hash: sha256(tx) }),
    check: (tx) => ({ code: 0, codespace: "", log: "", gasWanted: 7, gasUsed: 3, hash: sha256(tx) }),
    searchFault: undefined,
    simulate: () => ({ gasUsed: 61_234, result: okResult([transferEvent("assay1a", "5uassay")]) }),
    commit(txs = [], events = [], validatorUpdates = []) {
      const parent = tip();
      const height = stored.length + 1;
      const body = emptyBody(
        parent?.commit ?? NO_COMMIT,
        txs.map(({ tx }) => tx),
      );
      const header: Header = {
        version: 1,
        height,
        time: GENESIS_TIME + height * 1000,
        parentId: parent?.blockId ?? ZERO_32,
        proposerIndex: height % 3,
        bodyRoot: Body.hashTreeRoot(body),
        stateRoot: bytes(32, 0xa0 + (height % 16)),
        receiptsRoot: bytes(32, 0xb0),
        validatorsRoot: bytes(32, 0xc0),
        nextValidatorsRoot: bytes(32, 0xd0),
        paramsRoot: bytes(32, 0xe0),
        beacon: ZERO_32,
        round: 0,
      };
      const block: Block = { header, body };
      const blockId = Header.hashTreeRoot(header);
      const result = { txs: txs.map(({ result: one }) => one), events, validatorUpdates };
      const size = Block.serialize(block).length;
      const one: StoredBlock = { blockId, block, commit: commitFor(height, blockId), result, size };
      stored.push(one);
      for (const listener of [...listeners]) listener(one);
      return one;
    },
  };
  for (let i = 0; i < blocks; i++) node.commit();
  return node;
}

/** 64 upper-case hex digits, as clients write a transaction's hash. */
export function txHash(tx: Uint8Array): string {
  return toHex(sha256(tx)).toUpperCase();
}
