import { BitArray, BitListType, BooleanType, ContainerType, type ValueOf } from "@chainsafe/ssz";
import { base64 } from "@scure/base";
import { equalBytes, fromHex, toHex } from "../../chain/bytes.ts";
import type { Bls } from "../../chain/crypto/bls.ts";
import { DOMAIN, signingRoot } from "../../chain/domain.ts";
import { AttestationData, JobFields } from "../../chain/types/attestation.ts";
import { MAX_VALIDATORS } from "../../chain/types/limits.ts";
import { portable } from "../../chain/types/portable.ts";
import { Bytes32, Bytes96, Uint8, Uint64 } from "../../chain/types/primitives.ts";
import { ValidatorSet } from "../../chain/types/validator.ts";
import { classCode, className, type ModelClassName } from "./classes.ts";
import { isQuorum } from "./quorum.ts";

/**
 * More than two thirds of a committee's stake attested one output of a job. Whoever has the committee (the validator
 * set that voted on block `requestedHeight`, whose root that block's header holds) can check it without trusting a node.
 */
export const Receipt = new ContainerType(
  {
    fields: JobFields,
    outputRoot: Bytes32,
    committeeRoot: Bytes32,
    /** Over the set with that root: its members that were asked. */
    seats: portable(() => new BitListType(MAX_VALIDATORS)),
    requestedHeight: Uint64,
    finalHeight: Uint64,
    /** Over the committee, in its order. */
    signers: portable(() => new BitListType(MAX_VALIDATORS)),
    /** Sum of the signers' signatures over AttestationData. */
    signature: Bytes96,
    /** Nobody had committed before: the signers may have copied. It is signed. */
    direct: new BooleanType(),
    /** Of the model (MODEL_CLASS). It is signed: what was only found to be within a tolerance can't pass for exact. */
    class: Uint8,
  },
  { typeName: "Receipt" },
);
export type Receipt = ValueOf<typeof Receipt>;

/** Browser-safe, as is all of this file. Hex for 32 bytes and less, base64 for the bitfield and the signature, decimal numbers. */
export interface ReceiptJson {
  readonly jobId: string;
  readonly genesisRoot: string;
  readonly modelRoot: string;
  readonly engineId: string;
  readonly inputsRoot: string;
  readonly requester: string;
  readonly sequence: number;
  readonly messageIndex: number;
  readonly outputRoot: string;
  readonly committeeRoot: string;
  readonly requestedHeight: number;
  readonly finalHeight: number;
  readonly committeeSize: number;
  readonly seats: string;
  readonly signers: string;
  readonly signature: string;
  readonly direct: boolean;
  readonly class: ModelClassName;
}

/** @throws Error for a receipt of a class that there is not. */
export function receiptToJson(receipt: Receipt): ReceiptJson {
  const { fields } = receipt;
  const modelClass = className(receipt.class);
  if (modelClass === "") throw new Error(`receipt class is ${receipt.class}, which is none`);
  return {
    jobId: toHex(JobFields.hashTreeRoot(fields)),
    genesisRoot: toHex(fields.genesisRoot),
    modelRoot: toHex(fields.modelRoot),
    engineId: toHex(fields.engineId),
    inputsRoot: toHex(fields.inputsRoot),
    requester: toHex(fields.requester),
    sequence: fields.sequence,
    messageIndex: fields.messageIndex,
    outputRoot: toHex(receipt.outputRoot),
    committeeRoot: toHex(receipt.committeeRoot),
    requestedHeight: receipt.requestedHeight,
    finalHeight: receipt.finalHeight,
    committeeSize: receipt.signers.bitLen,
    seats: base64.encode(receipt.seats.uint8Array),
    signers: base64.encode(receipt.signers.uint8Array),
    signature: base64.encode(receipt.signature),
    direct: receipt.direct,
    class: modelClass,
  };
}

function sized(text: unknown, name: string, length: number, decode: (text: string) => Uint8Array): Uint8Array {
  // Two characters a byte at most, so that a text that is far too long is not decoded.
  if (typeof text !== "string" || text.length > 2 * length + 4) {
    throw new Error(`receipt ${name} must be a text of ${length} bytes`);
  }
  let bytes: Uint8Array;
  try {
    bytes = decode(text);
  } catch (error) {
    throw new Error(`receipt ${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  if (bytes.length !== length) throw new Error(`receipt ${name} has ${bytes.length} bytes, expected ${length}`);
  return bytes;
}

function wholeNumber(value: unknown, name: string, max: number = Number.MAX_SAFE_INTEGER): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= max) return value;
  throw new Error(`receipt ${name} is ${String(value)}, a whole number is expected`);
}

/** @throws Error naming the field that is not as `receiptToJson` writes it; `jobId` must be the root of the fields. */
export function receiptFromJson(json: ReceiptJson): Receipt {
  const root = (name: keyof ReceiptJson) => sized(json[name], name, 32, fromHex);
  const committeeSize = wholeNumber(json.committeeSize, "committeeSize", MAX_VALIDATORS);
  const fields: JobFields = {
    genesisRoot: root("genesisRoot"),
    modelRoot: root("modelRoot"),
    engineId: root("engineId"),
    inputsRoot: root("inputsRoot"),
    requester: sized(json.requester, "requester", 20, fromHex),
    sequence: wholeNumber(json.sequence, "sequence"),
    messageIndex: wholeNumber(json.messageIndex, "messageIndex", 2 ** 32 - 1),
  };
  if (!equalBytes(JobFields.hashTreeRoot(fields), root("jobId"))) throw new Error("receipt jobId is not of its fields");
  const { direct } = json;
  if (typeof direct !== "boolean") throw new Error(`receipt direct is ${String(direct)}, true or false is expected`);
  const text: unknown = json.class;
  const modelClass = typeof text === "string" && text !== "" ? classCode(text) : undefined;
  if (modelClass === undefined) throw new Error(`receipt class is ${String(text).slice(0, 40)}, which is none`);
  const bitsOf = (name: "seats" | "signers"): BitArray => {
    const bits = sized(json[name], name, Math.ceil(committeeSize / 8), base64.decode);
    const stray = committeeSize % 8 === 0 ? 0 : (bits.at(-1) ?? 0) >> (committeeSize % 8);
    if (stray !== 0) throw new Error(`receipt ${name} has bits beyond the committee of ${committeeSize}`);
    return new BitArray(bits, committeeSize);
  };
  return {
    fields,
    outputRoot: root("outputRoot"),
    committeeRoot: root("committeeRoot"),
    requestedHeight: wholeNumber(json.requestedHeight, "requestedHeight"),
    finalHeight: wholeNumber(json.finalHeight, "finalHeight"),
    seats: bitsOf("seats"),
    signers: bitsOf("signers"),
    signature: sized(json.signature, "signature", 96, base64.decode),
    direct,
    class: modelClass,
  };
}

/** The 32 bytes that the signers of a receipt have signed. */
export function receiptRoot({ fields, committeeRoot, outputRoot, direct, class: modelClass }: Receipt): Uint8Array {
  const data = { jobId: JobFields.hashTreeRoot(fields), committeeRoot, outputRoot, direct, class: modelClass };
  return signingRoot(AttestationData.hashTreeRoot(data), DOMAIN.ATTESTATION, fields.genesisRoot);
}

/**
 * Checks a receipt against a committee, which must itself be proven (its root is `validatorsRoot` of the header of
 * `requestedHeight`). Returns what is wrong, or undefined.
 */
export function checkReceipt(
  receipt: Receipt,
  committee: ValidatorSet,
  genesisRoot: Uint8Array,
  bls: Pick<Bls, "verifyAggregate">,
): string | undefined {
  const { fields, committeeRoot, seats, signers } = receipt;
  if (!equalBytes(fields.genesisRoot, genesisRoot)) return "it is of another chain";
  const root = ValidatorSet.hashTreeRoot([...committee]);
  if (!equalBytes(root, committeeRoot)) return `the committee has the root ${toHex(root)}, not ${toHex(committeeRoot)}`;
  if (signers.bitLen !== committee.length) return `${signers.bitLen} bits for a committee of ${committee.length}`;
  if (seats.bitLen !== committee.length) return `${seats.bitLen} seats for a committee of ${committee.length}`;
  const signed = committee.filter((_, index) => signers.get(index));
  if (signers.getTrueBitIndexes().some((index) => !seats.get(index))) return "a signer had no seat";
  const power = signed.reduce((sum, member) => sum + member.power, 0n);
  const total = committee.reduce((sum, { power: each }, index) => (seats.get(index) ? sum + each : sum), 0n);
  if (!isQuorum(power, total)) return `signers hold ${power} of ${total}, more than two thirds are needed`;
  const keys = signed.map((member) => member.voteKey);
  if (className(receipt.class) === "") return `its class ${receipt.class} is none`;
  return bls.verifyAggregate(keys, receiptRoot(receipt), receipt.signature)
    ? undefined
    : "the signature is not the signers'";
}
