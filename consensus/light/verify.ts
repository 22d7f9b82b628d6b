import { equalBytes, toHex } from "../../chain/bytes.ts";
import { verifyCommit } from "../../chain/commit.ts";
import type { Bls } from "../../chain/crypto/bls.ts";
import { BLOCK_VERSION, Header } from "../../chain/types/header.ts";
import type { LightBlock } from "../../chain/types/light-block.ts";
import { ValidatorSet } from "../../chain/types/validator.ts";

/** The part of a BLS library that a light client needs: the node's native one, or the browser's. */
export type LightBls = Pick<Bls, "verifyAggregate">;

/** A part of a whole, such as a third. */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** What a light client believes in beside its first header. Times in milliseconds. */
export interface LightParams {
  /** Every signature's domain holds it: a header of another chain or fork verifies nowhere else. */
  readonly genesisRoot: Uint8Array;
  /** More than this part of a trusted set's power must have signed what is skipped to; from 1/3 to 1, which never skips. */
  readonly trustLevel: Fraction;
  /**
   * How long a header is believed in after its time. Must end well before the unbonding period: past that, who signed it
   * has nothing left to lose.
   */
  readonly trustingPeriod: number;
  /** How far a header may be ahead of the clock. */
  readonly clockDrift: number;
}

export const ONE_THIRD: Fraction = { numerator: 1n, denominator: 3n };
const TWO_THIRDS: Fraction = { numerator: 2n, denominator: 3n };

/**
 * Why a block is not trusted.
 *
 * - `expired`: the block trusted so far is too old to vouch for anything.
 * - `future`: it is ahead of the clock, which may be the clock's fault.
 * - `unvouched`: nothing is wrong with it, but the block trusted so far says too little about it: ask for one in between.
 * - `invalid`: whoever gave it is wrong or lies.
 */
export interface Rejection {
  readonly kind: "expired" | "future" | "unvouched" | "invalid";
  readonly reason: string;
}

const invalid = (reason: string): Rejection => ({ kind: "invalid", reason });

/** @throws Error for parameters that would make verification meaningless. */
export function checkLightParams({ genesisRoot, trustLevel, trustingPeriod, clockDrift }: LightParams): void {
  const { numerator, denominator } = trustLevel;
  if (genesisRoot.length !== 32) throw new Error(`a genesis root has 32 bytes, not ${genesisRoot.length}`);
  if (denominator <= 0n || numerator * 3n < denominator || numerator > denominator) {
    throw new Error(`the trust level must be from 1/3 to 1, not ${numerator}/${denominator}`);
  }
  if (!(trustingPeriod > 0)) throw new Error(`the trusting period must be more than 0 ms, not ${trustingPeriod}`);
  if (!(clockDrift >= 0)) throw new Error(`the clock drift must be at least 0 ms, not ${clockDrift}`);
}

/** The id that votes and parents name a block by. */
export function lightBlockId({ header }: Pick<LightBlock, "header">): Uint8Array {
  return Header.hashTreeRoot(header);
}

/**
 * Whether a block comes with the very set of a block whose parts belong together: it needs no further look then.
 * PERF: comparing 1,000 validators takes 1 to 2 ms, merkleising them 5 ms.
 */
function hasSameSet({ header, validators }: LightBlock, known: LightBlock): boolean {
  if (!equalBytes(known.header.validatorsRoot, header.validatorsRoot)) return false;
  if (validators === known.validators) return true;
  return (
    validators.length === known.validators.length &&
    validators.every((one, i) => {
      const other = known.validators[i];
      return (
        other !== undefined &&
        one.power === other.power &&
        equalBytes(one.voteKey, other.voteKey) &&
        equalBytes(one.operator, other.operator) &&
        equalBytes(one.identityKey, other.identityKey)
      );
    })
  );
}

/** Whether the set is one that the chain could have, and the one that the header names. A vote key that stood there twice would count twice. */
function setFault({ header, validators }: LightBlock): string | undefined {
  if (validators.some(({ power }) => power === 0n)) return "the set has a member without power";
  if (new Set(validators.map(({ voteKey }) => toHex(voteKey))).size !== validators.length) {
    return "the set has a vote key twice";
  }
  const isNamed = equalBytes(ValidatorSet.hashTreeRoot([...validators]), header.validatorsRoot);
  return isNamed ? undefined : "the set is not the one that the header names";
}

/**
 * Whether the three parts of a light block belong together.
 * @param known a block whose parts do.
 */
function partsFault(block: LightBlock, known: LightBlock | undefined): string | undefined {
  const { header, commit } = block;
  if (header.version !== BLOCK_VERSION) return `version ${header.version} of a header, only ${BLOCK_VERSION} is known`;
  if (commit.height !== header.height) {
    return `the commit is of height ${commit.height}, the header of ${header.height}`;
  }
  if (!equalBytes(commit.blockId, lightBlockId(block))) return "the commit is of another header";
  return known !== undefined && hasSameSet(block, known) ? undefined : setFault(block);
}

function certificateFault(
  { commit, validators }: LightBlock,
  params: Pick<LightParams, "genesisRoot">,
  bls: LightBls,
): string | undefined {
  return verifyCommit(commit, validators, params, bls);
}

export function isExpired(header: Header, now: number, { trustingPeriod }: LightParams): boolean {
  return header.time + trustingPeriod <= now;
}

function clockFault(header: Header, now: number, { clockDrift }: LightParams): Rejection | undefined {
  if (header.time < now + clockDrift) return undefined;
  return { kind: "future", reason: `block ${header.height} is ${header.time - now} ms ahead of the clock` };
}

function expiry(header: Header, now: number, params: LightParams): Rejection | undefined {
  if (!isExpired(header, now, params)) return undefined;
  const reason = `the trusted block ${header.height} is ${now - header.time} ms old, more than ${params.trustingPeriod}`;
  return { kind: "expired", reason };
}

/** What must hold of any later block, however it is reached. */
function timeFault(trusted: LightBlock, block: LightBlock, now: number, params: LightParams): Rejection | undefined {
  const { header } = block;
  const expired = expiry(trusted.header, now, params);
  if (expired !== undefined) return expired;
  if (header.time <= trusted.header.time) {
    return invalid(`block ${header.height} is not later than block ${trusted.header.height}`);
  }
  return clockFault(header, now, params);
}

/**
 * Verifies the block after a trusted one: its set is the one that the trusted header announces.
 * Costs one pairing, whatever the number of validators.
 * @param now milliseconds since the Unix epoch.
 * @returns undefined when the block can be trusted.
 */
export function verifyAdjacent(
  trusted: LightBlock,
  block: LightBlock,
  now: number,
  params: LightParams,
  bls: LightBls,
): Rejection | undefined {
  if (block.header.height !== trusted.header.height + 1) {
    return invalid(`block ${block.header.height} does not follow block ${trusted.header.height}`);
  }
  const time = timeFault(trusted, block, now, params);
  if (time !== undefined) return time;
  if (!equalBytes(block.header.validatorsRoot, trusted.header.nextValidatorsRoot)) {
    return invalid(`block ${block.header.height} names another set than block ${trusted.header.height} announces`);
  }
  if (!equalBytes(block.header.parentId, lightBlockId(trusted))) {
    return invalid(`block ${block.header.height} has another parent than block ${trusted.header.height}`);
  }
  const fault = partsFault(block, trusted) ?? certificateFault(block, params, bls);
  return fault === undefined ? undefined : invalid(fault);
}

/** A set that is trusted by itself, and the height of a block that it voted on. */
export interface TrustedValidators {
  readonly height: number;
  readonly validators: ValidatorSet;
}

/**
 * What a trusted set says of a later commit.
 *
 * Power is that of the *trusted* set, by vote key. Each signer must be a member of it: the sum of keys in an aggregate is only
 * worth something if possession of every key has been proven (draft-irtf-cfrg-bls-signature-05 §3.3), which the chain asks of its
 * validators and nobody asked of a set that a stranger sends. One made-up key, chosen as its own minus the sum of all others, would
 * sign for everyone.
 */
function vouching(
  trusted: TrustedValidators,
  { commit, validators }: LightBlock,
  level: Fraction,
): Rejection | undefined {
  const signers = new Set<string>();
  for (const [index, { voteKey }] of validators.entries()) {
    if (index < commit.signers.bitLen && commit.signers.get(index)) signers.add(toHex(voteKey));
  }
  let total = 0n;
  let signed = 0n;
  let known = 0;
  for (const { voteKey, power } of trusted.validators) {
    total += power;
    if (!signers.has(toHex(voteKey))) continue;
    signed += power;
    known += 1;
  }
  const { height } = trusted;
  if (known !== signers.size) {
    return { kind: "unvouched", reason: `${signers.size - known} signers are not in the set of block ${height}` };
  }
  if (signed * level.denominator > total * level.numerator) return undefined;
  const needed = `more than ${level.numerator}/${level.denominator}`;
  return { kind: "unvouched", reason: `${signed} of ${total} power of block ${height} signed, ${needed} is needed` };
}

/**
 * Verifies a block further on: more than `trustLevel` of the trusted set's power signed it, so that one honest validator did, and more
 * than two thirds of its own set.
 * @returns `unvouched` when a block in between is needed.
 */
export function verifySkipping(
  trusted: LightBlock,
  block: LightBlock,
  now: number,
  params: LightParams,
  bls: LightBls,
): Rejection | undefined {
  if (block.header.height <= trusted.header.height) {
    return invalid(`block ${block.header.height} is not after block ${trusted.header.height}`);
  }
  const time = timeFault(trusted, block, now, params);
  if (time !== undefined) return time;
  const parts = partsFault(block, trusted);
  if (parts !== undefined) return invalid(parts);
  const { height } = trusted.header;
  const unvouched = vouching({ height, validators: trusted.validators }, block, params.trustLevel);
  if (unvouched !== undefined) return unvouched;
  const fault = certificateFault(block, params, bls);
  return fault === undefined ? undefined : invalid(fault);
}

/**
 * Verifies a block from a set that somebody trusts by itself: more than two thirds of that set's power signed it, and of its own set's.
 * It may be before or after the set's height, and nothing is said about time: whoever trusts a set for ever trusts that its keys are
 * never sold.
 */
export function verifyBySet(
  trusted: TrustedValidators,
  block: LightBlock,
  params: Pick<LightParams, "genesisRoot">,
  bls: LightBls,
): Rejection | undefined {
  const parts = partsFault(block, undefined);
  if (parts !== undefined) return invalid(parts);
  const unvouched = vouching(trusted, block, TWO_THIRDS);
  if (unvouched !== undefined) return unvouched;
  const fault = certificateFault(block, params, bls);
  return fault === undefined ? undefined : invalid(fault);
}

/** Verifies a later block, the next one or not, from a trusted one. */
export function verifyLater(
  trusted: LightBlock,
  block: LightBlock,
  now: number,
  params: LightParams,
  bls: LightBls,
): Rejection | undefined {
  const verify = block.header.height === trusted.header.height + 1 ? verifyAdjacent : verifySkipping;
  return verify(trusted, block, now, params, bls);
}

/**
 * Verifies the block before a trusted one, whose header names it. The past does not expire: a hash binds it, and not what signers
 * have to lose.
 */
export function verifyParent(
  trusted: LightBlock,
  block: LightBlock,
  params: LightParams,
  bls: LightBls,
): Rejection | undefined {
  const { height } = trusted.header;
  if (block.header.height !== height - 1 || !equalBytes(lightBlockId(block), trusted.header.parentId)) {
    return invalid(`block ${block.header.height} is not the parent of block ${height}`);
  }
  const fault = partsFault(block, trusted) ?? certificateFault(block, params, bls);
  return fault === undefined ? undefined : invalid(fault);
}

/** Where trust begins: somebody has vouched for the block with this id. */
export interface TrustRoot {
  readonly height: number;
  /** 32 bytes. */
  readonly blockId: Uint8Array;
}

/** Verifies the first block. That its own set signed it shows that the genesis root is that of its chain. */
export function verifyFirst(
  root: TrustRoot,
  block: LightBlock,
  now: number,
  params: LightParams,
  bls: LightBls,
): Rejection | undefined {
  if (block.header.height !== root.height || !equalBytes(lightBlockId(block), root.blockId)) {
    return invalid(`block ${block.header.height} is not the trusted one with the id ${toHex(root.blockId)}`);
  }
  const time = expiry(block.header, now, params) ?? clockFault(block.header, now, params);
  if (time !== undefined) return time;
  const fault = partsFault(block, undefined) ?? certificateFault(block, params, bls);
  return fault === undefined ? undefined : invalid(fault);
}
