import { toHex } from "../chain/bytes.ts";
import { isGenesis, readHeight, readRotation, readTip } from "../chain/executor/chain-state.ts";
import type { StateReader } from "../state/store.ts";
import { accountKindsInvariant, accountNumbersInvariant, unorderedInvariant } from "./auth/invariants.ts";
import { grantsInvariant } from "./authz/invariants.ts";
import { supplyInvariant } from "./bank/invariants.ts";
import { claimsInvariant, outstandingInvariant, solvencyInvariant } from "./distribution/invariants.ts";
import { allowancesInvariant } from "./feegrant/invariants.ts";
import { baseFeeInvariant } from "./feemarket/invariants.ts";
import { depositsInvariant, queuesInvariant, votesInvariant } from "./gov/invariants.ts";
import {
  admissionInvariant,
  continuationsInvariant,
  escrowInvariant,
  inputBlobsInvariant,
  openJobsInvariant,
  reservationsInvariant,
  residentSetInvariant,
  schedulesInvariant,
  tierMarketsInvariant,
  versionsInvariant,
} from "./inference/invariants.ts";
import { minterInvariant } from "./mint/invariants.ts";
import { missedBlocksInvariant, signingInfosInvariant } from "./slashing/invariants.ts";
import { candidatesInvariant, poolsInvariant, redelegationsInvariant, sharesInvariant } from "./staking/invariants.ts";
import { BOND, candidates, validators } from "./staking/store.ts";

/** What a check needs besides the state. Not the parameters: those of the state are in force from the next block on. */
export interface InvariantSpec {
  readonly denom: string;
}

/** What must hold of the state after each block. */
export interface Invariant {
  readonly module: string;
  readonly name: string;
  /** Returns what is violated. PERF: reads all of its kind. */
  readonly check: (reader: StateReader, spec: InvariantSpec) => readonly string[];
}

/**
 * Who votes on the next block is bonded, by the same key; nobody else is. Where no candidate is left the last set stays, with the keys it had.
 */
const votersInvariant: Invariant["check"] = (reader) => {
  const isFrozen = candidates.entries(reader, { limit: 1 }).length === 0;
  const voting = new Map(readRotation(reader).validators.map((validator) => [toHex(validator.operator), validator]));
  const violations: string[] = [];
  for (const [operator, { status, voteKey }] of validators.entries(reader)) {
    const id = toHex(operator);
    const voter = voting.get(id);
    voting.delete(id);
    if ((status === BOND.bonded) !== (voter !== undefined))
      violations.push(`${id}: status ${status}, but for its vote`);
    if (voter !== undefined && !isFrozen && toHex(voter.voteKey) !== toHex(voteKey))
      violations.push(`${id}: votes by another key`);
  }
  for (const id of voting.keys()) violations.push(`${id} votes and is no validator`);
  return violations;
};

/** Precommits are counted with the second block after genesis, or after an import, at the earliest. */
const recordedVoters: Invariant["check"] = (reader) => {
  const { height } = readTip(reader);
  if (isGenesis(reader) || readHeight(reader, height - 1) === undefined) return [];
  return signingInfosInvariant(reader, readRotation(reader).validators, height);
};

/** Every invariant there is, in the order of the modules. */
export const INVARIANTS: readonly Invariant[] = [
  { module: "auth", name: "accountNumbers", check: accountNumbersInvariant },
  { module: "auth", name: "accountKinds", check: accountKindsInvariant },
  {
    module: "auth",
    name: "unordered",
    check: (reader) => unorderedInvariant(reader, readTip(reader).time),
  },
  { module: "authz", name: "grants", check: grantsInvariant },
  { module: "feegrant", name: "allowances", check: allowancesInvariant },
  { module: "bank", name: "supply", check: supplyInvariant },
  { module: "mint", name: "minter", check: minterInvariant },
  { module: "staking", name: "pools", check: poolsInvariant },
  { module: "staking", name: "shares", check: sharesInvariant },
  { module: "staking", name: "redelegations", check: redelegationsInvariant },
  { module: "staking", name: "candidates", check: candidatesInvariant },
  { module: "staking", name: "voters", check: votersInvariant },
  { module: "distribution", name: "solvency", check: solvencyInvariant },
  { module: "distribution", name: "outstanding", check: outstandingInvariant },
  { module: "distribution", name: "claims", check: claimsInvariant },
  { module: "slashing", name: "missedBlocks", check: missedBlocksInvariant },
  { module: "slashing", name: "signingInfos", check: recordedVoters },
  { module: "feemarket", name: "baseFee", check: baseFeeInvariant },
  { module: "gov", name: "deposits", check: depositsInvariant },
  { module: "gov", name: "queues", check: queuesInvariant },
  { module: "gov", name: "votes", check: votesInvariant },
  { module: "inference", name: "escrow", check: escrowInvariant },
  { module: "inference", name: "openJobs", check: openJobsInvariant },
  { module: "inference", name: "schedules", check: schedulesInvariant },
  { module: "inference", name: "tierMarkets", check: tierMarketsInvariant },
  { module: "inference", name: "reservations", check: reservationsInvariant },
  { module: "inference", name: "residentSet", check: residentSetInvariant },
  { module: "inference", name: "continuations", check: continuationsInvariant },
  { module: "inference", name: "inputBlobs", check: inputBlobsInvariant },
  { module: "inference", name: "versions", check: versionsInvariant },
  { module: "inference", name: "admission", check: admissionInvariant },
];

/** All that is violated in a state with a validator set, each with the invariant's name in front. */
export function violations(reader: StateReader, { denom }: { readonly denom: string }): readonly string[] {
  const spec = { denom };
  return INVARIANTS.flatMap(({ module, name, check }) =>
    check(reader, spec).map((text) => `${module}.${name}: ${text}`),
  );
}
