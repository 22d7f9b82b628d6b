import type { StateReader } from "../../state/store.ts";
import { equalBytes } from "../bytes.ts";
import { verifyCommit } from "../commit.ts";
import { InvalidBlockError } from "../errors.ts";
import type { BlockInfo, BlockInput } from "../module.ts";
import { Commit } from "../types/vote.ts";
import { isGenesis, readParams, readRotation, readTip, readValidators } from "./chain-state.ts";
import { nextBeacon, randaoRoot } from "./randomness.ts";
import { type BlockStart, messageRegistry, type Runtime } from "./runtime.ts";

/** The rules that a block must keep before anything in it runs. Each throws InvalidBlockError, naming the rule. */

/** Height, time, proposer and randao reveal. Whose turn it is to propose is consensus' to judge: it knows the round. */
export function checkStart(runtime: Runtime, base: StateReader, start: BlockStart): Omit<BlockInfo, "inline"> {
  const tip = readTip(base);
  if (start.height !== tip.height + 1)
    throw new InvalidBlockError(`height ${start.height}, expected ${tip.height + 1}`);
  if (start.time <= tip.time) throw new InvalidBlockError(`time ${start.time} is not after the parent's ${tip.time}`);
  const { validators } = readRotation(base);
  const proposer = validators[start.proposerIndex];
  if (proposer === undefined) {
    throw new InvalidBlockError(`proposer index ${start.proposerIndex} is outside the set of ${validators.length}`);
  }
  const message = randaoRoot(start.height, runtime.spec.genesisRoot);
  if (!runtime.bls.verify({ publicKey: proposer.voteKey, message, signature: start.randaoReveal })) {
    throw new InvalidBlockError("the randao reveal is not the proposer's signature of the height");
  }
  return {
    height: start.height,
    time: start.time,
    spec: runtime.spec,
    params: readParams(base),
    validators,
    proposer: proposer.operator,
    beacon: nextBeacon(tip.beacon, start.randaoReveal),
    messages: messageRegistry(runtime),
  };
}

export function checkLastCommit(runtime: Runtime, base: StateReader, start: BlockStart): BlockInput["lastCommit"] {
  const { lastCommit, height } = start;
  if (isGenesis(base)) {
    if (!Commit.equals(lastCommit, Commit.defaultValue())) {
      throw new InvalidBlockError(`block ${height} has no parent to commit to, so its last commit must be all zero`);
    }
    return [];
  }
  const validators = readValidators(base, height - 1);
  if (validators === undefined) throw new Error(`the state does not hold the validator set of height ${height - 1}`);
  if (lastCommit.height !== height - 1) {
    throw new InvalidBlockError(`last commit is of height ${lastCommit.height}, expected ${height - 1}`);
  }
  if (!equalBytes(lastCommit.blockId, start.parentId)) throw new InvalidBlockError("last commit is not of the parent");
  const isKnown = Commit.equals(lastCommit, start.parentCommit);
  const problem = isKnown ? undefined : verifyCommit(lastCommit, validators, runtime.spec, runtime.bls);
  if (problem !== undefined) throw new InvalidBlockError(`last commit: ${problem}`);
  return validators.map((validator, index) => ({ validator, signed: lastCommit.signers.get(index) }));
}
