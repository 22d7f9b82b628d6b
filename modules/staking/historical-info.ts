import type { HistoricalInfo, Validator as ValidatorMessage } from "cosmjs-types/cosmos/staking/v1beta1/staking";
import { readHeight, readValidators } from "../../chain/executor/chain-state.ts";
import type { QueryContext } from "../../chain/module.ts";
import type { Validator } from "../../chain/types/validator.ts";
import { protobufTime } from "../timestamps.ts";
import { validatorMessage } from "./protobuf.ts";
import { BOND, ValidatorRecord, validators } from "./store.ts";
import { POWER_REDUCTION } from "./validators.ts";

const NONE = new Uint8Array(0);

/** A member of a past set, with what it was then: key and power. The rest is as it is today, or empty for one that is gone. */
function memberMessage(ctx: QueryContext, { operator, identityKey, power }: Validator): ValidatorMessage {
  const today = validators.get(ctx.store, operator) ?? ValidatorRecord.defaultValue();
  const then = { identityKey, status: BOND.bonded, jailed: false, tokens: power * POWER_REDUCTION };
  return validatorMessage(ctx.spec, operator, { ...today, ...then });
}

/**
 * Who voted on a height, in the form of the Cosmos SDK. The chain keeps the sets of the heights that evidence can still be of, in any case;
 * of the header it keeps the time and two roots. What this chain's headers do not have is empty.
 * @returns undefined for a height that is forgotten or not there yet.
 */
export function historicalInfo(ctx: QueryContext, height: number): HistoricalInfo | undefined {
  const record = readHeight(ctx.store, height);
  const set = readValidators(ctx.store, height);
  if (record === undefined || set === undefined) return undefined;
  return {
    header: {
      version: { block: 0n, app: 0n },
      chainId: ctx.spec.chainId,
      height: BigInt(height),
      time: protobufTime(record.time),
      lastBlockId: { hash: NONE, partSetHeader: { total: 0, hash: NONE } },
      lastCommitHash: NONE,
      dataHash: NONE,
      validatorsHash: record.validatorsRoot,
      nextValidatorsHash: NONE,
      consensusHash: record.paramsRoot,
      appHash: NONE,
      lastResultsHash: NONE,
      evidenceHash: NONE,
      proposerAddress: NONE,
    },
    valset: set.map((member) => memberMessage(ctx, member)),
  };
}
