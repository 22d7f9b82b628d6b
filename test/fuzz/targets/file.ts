import { BitArray } from "@chainsafe/ssz";
import { equalBytes, toHex, utf8 } from "../../../chain/bytes.ts";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { ValidatorSet } from "../../../chain/types/validator.ts";
import { Vote } from "../../../chain/types/vote.ts";
import { parseReceipt, parseTrustedSet, verifyReceipt } from "../../../client/verify-receipt.ts";
import { encodeFrame as encodeWalFrame, readFrames } from "../../../consensus/wal/frames.ts";
import { decodePayload, encodePayload, type WalRecord } from "../../../consensus/wal/records.ts";
import { parseGenesis } from "../../../genesis/document.ts";
import { type Receipt, receiptToJson } from "../../../modules/inference/receipt.ts";
import { modules } from "../../../modules/registry.ts";
import { defaultConfig, parseConfig } from "../../../node/config.ts";
import { createFrameReader, encodeFrame } from "../../../node/engine/frame.ts";
import { checkModel } from "../../../node/engine/onnx-check.ts";
import { endless, greedy, unary } from "../../engine/onnx-builder.ts";
import { ensure, type FuzzTarget } from "../target.ts";

const bytes32 = new Uint8Array(32).fill(3);
const vote: Vote = { ...Vote.defaultValue(), height: 5, round: 1, blockId: bytes32 };

const walRecords: readonly WalRecord[] = [
  { kind: "vote", vote },
  { kind: "timeout", timeout: "prevote", round: 2 },
  { kind: "executed", blockId: bytes32, outcome: "ok" },
  { kind: "abstain" },
];
const wal: FuzzTarget = {
  name: "wal",
  maxBytes: 2048,
  seeds: () => {
    const start = encodeWalFrame(encodePayload({ kind: "start", height: 5, genesisRoot: bytes32 }));
    const frames = walRecords.map((record) => encodeWalFrame(encodePayload(record)));
    return [start, Buffer.concat([start, ...frames]), Buffer.concat(frames)].map((bytes) => new Uint8Array(bytes));
  },
  run(bytes) {
    const { payloads, end, laterFrameAt } = readFrames(bytes);
    const read = payloads.map(encodeWalFrame);
    ensure(
      equalBytes(new Uint8Array(Buffer.concat(read)), bytes.subarray(0, end)),
      "what was read is not what is there",
    );
    ensure(laterFrameAt === undefined || laterFrameAt > end, "a later frame before the end");
  },
};

/** Past the checksum, which no mutation gets through. */
const walRecord: FuzzTarget = {
  name: "wal-record",
  maxBytes: 1024,
  seeds: () => walRecords.map(encodePayload),
  run(bytes) {
    let record: ReturnType<typeof decodePayload>;
    try {
      record = decodePayload(bytes);
    } catch (error) {
      ensure(error instanceof Error, "a refusal is an Error");
      return;
    }
    encodePayload(record);
  },
};

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return undefined; // Text that is no JSON never gets to the parsers below.
  }
}

const text = (value: unknown): Uint8Array => utf8(JSON.stringify(value));

const genesis: FuzzTarget = {
  name: "genesis",
  maxBytes: 4096,
  seeds: () => [
    text({
      version: 1,
      chainId: "fuzz-1",
      genesisTime: "2030-01-01T00:00:00Z",
      prefix: "assay",
      denom: "uassay",
      params: { "staking.unbondingTime": "60000" },
      modules: {
        auth: {},
        bank: { balances: [{ address: "assay1xyz", coins: [{ denom: "uassay", amount: "5" }] }] },
        staking: { validators: [{ operator: "assay1xyz", moniker: "m", tokens: "5", commissionRate: "0.1" }] },
        authz: {},
        feegrant: {},
        distribution: {},
        slashing: {},
        mint: {},
        feemarket: {},
        inference: { models: [] },
      },
    }),
  ],
  run(bytes) {
    const json = jsonOf(bytes);
    if (json === undefined) return;
    const result = parseGenesis(json, modules);
    if (result.ok) return;
    ensure(result.errors.length > 0, "refused without a reason");
    for (const { path, message } of result.errors) ensure(path.length + message.length > 0, "an empty reason");
  },
};

const config: FuzzTarget = {
  name: "config",
  maxBytes: 4096,
  seeds: () => [text(defaultConfig()), text({})],
  run(bytes) {
    const json = jsonOf(bytes);
    if (json === undefined) return;
    const result = parseConfig(json);
    ensure(result.ok || result.errors.length > 0, "refused without a reason");
  },
};

const validators: ValidatorSet = [1, 2, 3].map((seed) => ({
  operator: new Uint8Array(20).fill(seed),
  identityKey: new Uint8Array(32).fill(seed),
  voteKey: new Uint8Array(48).fill(seed),
  power: BigInt(seed),
}));
const trustedSet = {
  chainId: "fuzz-1",
  genesisRoot: toHex(bytes32),
  height: 3,
  validators: validators.map(({ power, operator, identityKey, voteKey }) => ({
    operator: toHex(operator),
    identityKey: toHex(identityKey),
    voteKey: toHex(voteKey),
    power: String(power),
  })),
};

const receipt: Receipt = {
  fields: {
    genesisRoot: bytes32,
    modelRoot: bytes32,
    engineId: bytes32,
    inputsRoot: bytes32,
    requester: new Uint8Array(20),
    sequence: 1,
    messageIndex: 0,
  },
  outputRoot: sha256(bytes32),
  committeeRoot: ValidatorSet.hashTreeRoot([...validators]),
  seats: BitArray.fromBoolArray([true, true, true]),
  requestedHeight: 3,
  finalHeight: 5,
  signers: BitArray.fromBoolArray([true, true, true]),
  signature: new Uint8Array(96),
  direct: false,
  class: 1,
};

/** A receipt in the browser of somebody who got it from a stranger: a clear error, or a verdict. */
const receipts: FuzzTarget = {
  name: "receipt",
  maxBytes: 4096,
  seeds: () => [text(receiptToJson(receipt)), text(trustedSet)],
  run(bytes) {
    const json = jsonOf(bytes);
    const [first, second] = [parsedOr(() => parseReceipt(json)), parsedOr(() => parseTrustedSet(json))];
    const verdict = verifyReceipt(first ?? receipt, second ?? parseTrustedSet(trustedSet));
    ensure(!verdict.valid, "a receipt that nobody signed is valid");
  },
};

/** Undefined when it is refused. A TypeError is a slip of the parser, not a refusal. */
function parsedOr<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) throw error;
    return undefined;
  }
}

const engineFrame: FuzzTarget = {
  name: "engine-frame",
  maxBytes: 4096,
  seeds: () => [
    new Uint8Array(Buffer.concat(encodeFrame({ kind: "ready" }))),
    new Uint8Array(Buffer.concat(encodeFrame({ kind: "output", id: 1 }, [bytes32, new Uint8Array(5)]))),
  ],
  run(bytes) {
    let held = 0;
    const read = createFrameReader(4096, ({ blobs }) => {
      held += blobs.reduce((sum, blob) => sum + blob.length, 0);
    });
    parsedOr(() => read(bytes));
    ensure(held <= bytes.length, "more came out than went in");
  },
};

const model: FuzzTarget = {
  name: "onnx-check",
  maxBytes: 1024,
  seeds: () => [unary("Neg"), endless(), greedy()],
  run(bytes) {
    const result = checkModel(bytes);
    ensure(result.ok || result.reason.length > 0, "refused without a reason");
  },
};

/** Decoders of files, of models, and of what the engine's process says, which a hostile model may have taken over. */
export const fileTargets: readonly FuzzTarget[] = [wal, walRecord, genesis, config, receipts, engineFrame, model];
