import { sha256 } from "../chain/crypto/hash.ts";
import { createContext } from "../chain/executor/context.ts";
import type { Validator } from "../chain/types/validator.ts";
import { moduleAddress } from "../modules/auth/keeper.ts";
import { mint } from "../modules/bank/keeper.ts";
import { DECIMAL_ONE } from "../modules/decimal.ts";
import { distributeFees } from "../modules/distribution/allocation.ts";
import { settleDelegation } from "../modules/distribution/keeper.ts";
import { delegate } from "../modules/staking/delegations.ts";
import { delegatedShares } from "../modules/staking/keeper.ts";
import { NOT_BONDED_POOL } from "../modules/staking/pools.ts";
import { ValidatorRecord } from "../modules/staking/store.ts";
import { saveValidator } from "../modules/staking/validators.ts";
import { createOverlay } from "../state/overlay.ts";
import { BLS, createNetwork, SPEC } from "../test/modules/network.ts";
import { measure } from "./measure.ts";

/** What sharing out the fees of a block costs by the number of signers, and one withdrawal. Without the tree and the disk. */

const COLLECTOR = moduleAddress("fee_collector");
const genesis = createNetwork();

function chainOf(count: number) {
  const store = createOverlay(genesis.store);
  const ctx = createContext(genesis.context().block, store, BLS);
  const commission = { rate: DECIMAL_ONE / 10n, maxRate: DECIMAL_ONE, maxChangeRate: DECIMAL_ONE, updateTime: 0 };
  const lastCommit = Array.from({ length: count }, (_, i) => {
    const operator = sha256(Uint8Array.of(i & 255, i >> 8)).subarray(0, 20);
    const stake = 1_000_000_000_000n + BigInt(i);
    saveValidator(store, operator, { ...ValidatorRecord.defaultValue(), commission, status: 1, minSelfDelegation: 1n });
    mint(ctx, NOT_BONDED_POOL, [{ denom: SPEC.denom, amount: stake }]);
    delegate(ctx, operator, operator, stake, NOT_BONDED_POOL);
    const none = new Uint8Array(0);
    const validator: Validator = { operator, identityKey: none, voteKey: none, power: stake / 1_000_000n };
    return { validator, signed: true };
  });
  return { store, lastCommit };
}

for (const count of [4, 100, 1000]) {
  const { store, lastCommit } = chainOf(count);
  measure(`fees of a block to ${count} signers`, () => {
    const ctx = createContext(genesis.context().block, createOverlay(store), BLS);
    mint(ctx, COLLECTOR, [{ denom: SPEC.denom, amount: 1_234_567n }]);
    distributeFees(ctx, { lastCommit });
  });
}

const { store, lastCommit } = chainOf(4);
const operator = lastCommit[0]?.validator.operator ?? new Uint8Array(20);
const shares = delegatedShares(store, operator, operator);
measure("withdraw a reward", () => {
  const ctx = createContext(genesis.context().block, createOverlay(store), BLS);
  settleDelegation(ctx, operator, operator, shares, shares);
});
