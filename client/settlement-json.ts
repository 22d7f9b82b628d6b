import { base64 } from "@scure/base";
import { LightBlock, MAX_LIGHT_BLOCK_BYTES } from "../chain/types/light-block.ts";
import { TreeProof } from "../chain/types/proof-ops.ts";
import { jobs } from "../modules/inference/store.ts";
import type { ProofOp } from "./proofs.ts";
import type { Settlement } from "./settled-receipt.ts";

/** A settlement as JSON: base64 for bytes. Block and record are SSZ. */
export interface SettlementJson {
  readonly block: string;
  readonly job: {
    readonly value: string;
    readonly ops: readonly { readonly type: string; readonly key: string; readonly data: string }[];
  };
}

const MAX_TYPE = 64;
/** A whole value takes one step. */
const MAX_OPS = 2;
const MAX_KEY_BYTES = 256;

/** @example const text = JSON.stringify({ receipt: receiptToJson(receipt), settlement: settlementToJson(settlement) }); */
export function settlementToJson({ block, job }: Settlement): SettlementJson {
  return {
    block: base64.encode(LightBlock.serialize(block)),
    job: {
      value: base64.encode(job.value),
      ops: job.ops.map(({ type, key, data }) => ({ type, key: base64.encode(key), data: base64.encode(data) })),
    },
  };
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error(`${what} is no JSON object`);
  return value as Readonly<Record<string, unknown>>;
}

function list<T>(value: unknown, what: string, max: number, read: (item: unknown, what: string) => T): readonly T[] {
  if (!Array.isArray(value) || value.length > max) throw new Error(`${what} must be a list of up to ${max}`);
  return value.map((item: unknown, index) => read(item, `${what}[${index}]`));
}

function bytes(value: unknown, what: string, max: number): Uint8Array {
  // Four characters for three bytes, and padding.
  if (typeof value !== "string" || value.length > 4 * Math.ceil(max / 3)) {
    throw new Error(`${what} must be base64 of up to ${max} bytes`);
  }
  try {
    return base64.decode(value);
  } catch (error) {
    throw new Error(`${what} is no base64`, { cause: error });
  }
}

function proofOp(value: unknown, what: string): ProofOp {
  const { type, key, data } = record(value, what);
  if (typeof type !== "string" || type.length > MAX_TYPE) throw new Error(`${what}.type must be a short text`);
  return {
    type,
    key: bytes(key, `${what}.key`, MAX_KEY_BYTES),
    data: bytes(data, `${what}.data`, TreeProof.maxSize),
  };
}

/**
 * Reads a settlement out of a JSON value. Whether it shows anything, `verifySettledReceipt` says.
 * @throws Error naming the first field that is not as `settlementToJson` writes it.
 * @example
 * const settlement = parseSettlement(JSON.parse(text).settlement);
 */
export function parseSettlement(json: unknown): Settlement {
  const { block, job } = record(json, "a settlement");
  const { value, ops } = record(job, "settlement job");
  const blockBytes = bytes(block, "settlement block", MAX_LIGHT_BLOCK_BYTES);
  let lightBlock: LightBlock;
  try {
    lightBlock = LightBlock.deserialize(blockBytes);
  } catch (error) {
    throw new Error("settlement block is no light block", { cause: error });
  }
  return {
    block: lightBlock,
    job: {
      value: bytes(value, "settlement job.value", jobs.type.maxSize),
      ops: list(ops, "settlement job.ops", MAX_OPS, proofOp),
    },
  };
}
