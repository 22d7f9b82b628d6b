import { equalBytes, fromHex, toHex } from "../chain/bytes.ts";
import { MAX_VALIDATORS } from "../chain/types/limits.ts";
import { ValidatorSet } from "../chain/types/validator.ts";
import { checkReceipt, type Receipt, type ReceiptJson, receiptFromJson } from "../modules/inference/receipt.ts";
import { type AggregateVerifier, verifyAggregate } from "./bls.ts";

/** A trusted set as JSON, the way `assay query validator-set` writes it. Hex, but for the numbers. */
export interface TrustedSet {
  readonly chainId: string;
  /** 64 hex digits: names the network. */
  readonly genesisRoot: string;
  /** The height of a block that the set voted on. */
  readonly height: number;
  /** In the order of the set, which its root depends on. */
  readonly validators: readonly {
    /** 40 hex digits. */
    readonly operator: string;
    /** 64 hex digits. */
    readonly identityKey: string;
    /** 96 hex digits. */
    readonly voteKey: string;
    /** Decimal. */
    readonly power: string;
  }[];
}

/** A validator set that somebody has decided to trust. */
export interface TrustedCommittee {
  readonly chainId: string;
  /** 32 bytes. */
  readonly genesisRoot: Uint8Array;
  readonly height: number;
  readonly validators: ValidatorSet;
}

/**
 * `valid` speaks of the job, the output and the committee, which the signatures cover. The receipt's two heights are not signed: they
 * only tell where to look for the committee.
 */
export type ReceiptVerdict = { readonly valid: true } | { readonly valid: false; readonly reason: string };

function hex(text: unknown, what: string, bytes: number): Uint8Array {
  if (typeof text !== "string" || text.length !== 2 * bytes || !/^[0-9a-fA-F]*$/.test(text)) {
    throw new Error(`${what} must be ${2 * bytes} hexadecimal digits`);
  }
  return fromHex(text);
}

function power(text: unknown, what: string): bigint {
  if (typeof text !== "string" || !/^[1-9][0-9]{0,18}$/.test(text)) {
    throw new Error(`${what} must be a decimal text of 1 to 19 digits`);
  }
  return BigInt(text);
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error(`${what} is no JSON object`);
  return value as Readonly<Record<string, unknown>>;
}

/**
 * Reads a trusted set out of a JSON value.
 * @throws Error naming the first field that is not as it should be.
 * @example
 * const trusted = parseTrustedSet(JSON.parse(text));
 */
export function parseTrustedSet(json: unknown): TrustedCommittee {
  const { chainId, genesisRoot, height, validators } = record(json, "a trusted set");
  if (typeof chainId !== "string" || !/^[a-zA-Z0-9_.-]{1,50}$/.test(chainId)) {
    throw new Error("chainId must be 1 to 50 letters, digits, '_', '.', '-'");
  }
  if (typeof height !== "number" || !Number.isSafeInteger(height) || height < 0) {
    throw new Error("height must be a whole number");
  }
  if (!Array.isArray(validators) || validators.length === 0 || validators.length > MAX_VALIDATORS) {
    throw new Error(`validators must be a list of 1 to ${MAX_VALIDATORS}`);
  }
  return {
    chainId,
    genesisRoot: hex(genesisRoot, "genesisRoot", 32),
    height,
    validators: validators.map((value: unknown, index) => {
      const at = `validators[${index}]`;
      const validator = record(value, at);
      return {
        operator: hex(validator.operator, `${at}.operator`, 20),
        identityKey: hex(validator.identityKey, `${at}.identityKey`, 32),
        voteKey: hex(validator.voteKey, `${at}.voteKey`, 48),
        power: power(validator.power, `${at}.power`),
      };
    }),
  };
}

/**
 * Reads a receipt out of a JSON value, as `receiptToJson` writes it.
 * @throws Error naming the first field that is not as it should be.
 * @example
 * const receipt = parseReceipt(JSON.parse(text).receipt);
 */
export function parseReceipt(json: unknown): Receipt {
  return receiptFromJson(record(json, "a receipt") as unknown as ReceiptJson);
}

/**
 * Whether everyone of the set was asked. Of a part of the set a receipt alone does not show that the chain asked just these: who forges one would
 * name those that it has. The state shows it: see `verifySettledReceipt`.
 */
export function asksEveryone({ seats }: Receipt): boolean {
  return seats.getTrueBitIndexes().length === seats.bitLen;
}

/**
 * Checks a receipt offline: that it is of the trusted set's chain, that its committee is the trusted set, and that more than two thirds of
 * that set's power signed exactly this output of exactly this job. A receipt of a part of the set is refused. Pure JavaScript; never throws for a parsed receipt.
 *
 * @param bls `aggregateVerifier()`, used again for every receipt, decodes each key once: most of the time for a large committee.
 * @returns a verdict with a reason for people; for a receipt of another set, the reason says at which height the needed one votes.
 * @example
 * const verdict = verifyReceipt(parseReceipt(result.receipt), parseTrustedSet(set));
 * if (!verdict.valid) throw new Error(verdict.reason);
 */
export function verifyReceipt(
  receipt: Receipt,
  trusted: TrustedCommittee,
  bls: AggregateVerifier = { verifyAggregate },
): ReceiptVerdict {
  const verdict = verifySignatures(receipt, trusted, bls);
  if (!verdict.valid || asksEveryone(receipt)) return verdict;
  const { seats } = receipt;
  return {
    valid: false,
    reason:
      `${seats.getTrueBitIndexes().length} of ${seats.bitLen} validators were asked, and nothing here shows that the chain asked just these. ` +
      "Needed: the job's record, as assay receipt prove adds it",
  };
}

/** `verifyReceipt`, but for who was asked: the receipt's word is taken for that. */
export function verifySignatures(receipt: Receipt, trusted: TrustedCommittee, bls: AggregateVerifier): ReceiptVerdict {
  const { validators, genesisRoot } = trusted;
  if (!equalBytes(receipt.fields.genesisRoot, genesisRoot)) {
    const found = toHex(receipt.fields.genesisRoot);
    return {
      valid: false,
      reason: `the receipt is of the chain with genesis root ${found}, the trusted set of ${toHex(genesisRoot)} (${trusted.chainId})`,
    };
  }
  const root = ValidatorSet.hashTreeRoot([...validators]);
  if (!equalBytes(root, receipt.committeeRoot)) {
    const { requestedHeight } = receipt;
    return {
      valid: false,
      reason:
        `the receipt's committee is the validator set with root ${toHex(receipt.committeeRoot)}, which voted on block ${requestedHeight}; ` +
        `the trusted set, of height ${trusted.height}, has root ${toHex(root)}. Needed: assay query validator-set --height ${requestedHeight}`,
    };
  }
  const reason = checkReceipt(receipt, validators, genesisRoot, bls);
  return reason === undefined ? { valid: true } : { valid: false, reason };
}
