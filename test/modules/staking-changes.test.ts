import { QueryHistoricalInfoRequest, QueryHistoricalInfoResponse } from "cosmjs-types/cosmos/staking/v1beta1/query";
import { MsgUndelegate } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { describe, expect, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { duplicateVoteEvidence } from "../../chain/duplicate-vote.ts";
import { writeHeight, writeParams, writeRotation, writeTip } from "../../chain/executor/chain-state.ts";
import { examineDuplicateVote } from "../../chain/executor/evidence-checks.ts";
import { initialRotation } from "../../chain/proposer-rotation.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import type { ValidatorSet } from "../../chain/types/validator.ts";
import { PRECOMMIT, type Vote } from "../../chain/types/vote.ts";
import { setRoot } from "../../chain/validator-set-root.ts";
import { voteData, voteRoot } from "../../chain/vote-signing.ts";
import { validatorByOperator } from "../../modules/staking/keeper.ts";
import { BOND, voteKeyRotations } from "../../modules/staking/store.ts";
import { POWER_REDUCTION } from "../../modules/staking/validators.ts";
import { MsgSetVoteKey } from "../../proto/staking.ts";
import {
  accountOf,
  addressOf,
  BLS,
  createNetwork,
  type Network,
  prove,
  refusal,
  SPEC,
  validatorKeys,
  valoperOf,
} from "./network.ts";

const M = 1_000_000n;

function rotate(net: Network, name: string, seed: string): void {
  const keys = validatorKeys(name, seed);
  const message = { validatorAddress: valoperOf(name), voteKey: keys.vote.publicKey, ...prove(keys) };
  net.run(MsgSetVoteKey.typeUrl, MsgSetVoteKey.encode(message).finish());
}

describe("a vote key", () => {
  const network = () =>
    createNetwork({
      validators: { a: 10n * M, b: 10n * M },
      params: { "staking.unbondingTime": 5000n },
    });

  test("can be replaced once in an unbonding time, and counts from the next height on", () => {
    const net = network();
    net.block({ run: () => rotate(net, "a", "a 2") });
    const keyOf = (name: string) =>
      net.validators.find(({ operator }) => toHex(operator) === toHex(addressOf(name)))?.voteKey;
    expect(keyOf("a")).toEqual(validatorKeys("a", "a 2").vote.publicKey);
    net.block({ after: 4999 });
    const before = net.dump();
    const found = refusal(() => rotate(net, "a", "a 3"));
    expect(found?.code).toBe("staking/102");
    expect(found?.text).toContain("once in an unbonding time");
    expect(net.dump()).toEqual(before);
    rotate(net, "b", "b 2"); // Each has its own time.
    net.block({ after: 1 });
    rotate(net, "a", "a 3");
    expect(refusal(() => rotate(net, "a", "a 2"))?.code).toBe("staking/100");
  });

  test("is forgotten as replaced with its validator", () => {
    const net = network();
    rotate(net, "a", "a 2");
    const amount = { denom: SPEC.denom, amount: (10n * M).toString() };
    const message = { delegatorAddress: accountOf("a"), validatorAddress: valoperOf("a"), amount };
    net.run(MsgUndelegate.typeUrl, MsgUndelegate.encode(message).finish());
    net.block();
    net.block({ after: 5000 });
    expect(validatorByOperator(net.store, addressOf("a"))).toBeUndefined();
    expect(voteKeyRotations.entries(net.store)).toEqual([]);
  });

  test("that was replaced answers for what it signed while it was in the set, the new one does not", () => {
    const net = network();
    const old: ValidatorSet = net.validators;
    const oldKey = validatorKeys("a").vote;
    const nextKey = validatorKeys("a", "a 2").vote;
    net.block({ run: () => rotate(net, "a", "a 2") });
    net.block();
    const { store } = net;
    writeParams(store, net.params);
    writeRotation(store, 0, initialRotation(old));
    writeHeight(store, 1, { time: net.time - 1000, validatorsRoot: setRoot(old), paramsRoot: ZERO_32 });
    writeRotation(store, 1, initialRotation(net.validators));
    writeHeight(store, 2, { time: net.time, validatorsRoot: setRoot(net.validators), paramsRoot: ZERO_32 });
    writeTip(store, { height: 2, time: net.time, beacon: ZERO_32 });
    const validatorIndex = old.findIndex(({ operator }) => toHex(operator) === toHex(addressOf("a")));
    const vote = (height: number, block: number, key: typeof oldKey): Vote => {
      const unsigned = { type: PRECOMMIT, height, round: 0, blockId: new Uint8Array(32).fill(block) };
      const signature = key.sign(voteRoot(PRECOMMIT, voteData(unsigned), SPEC.genesisRoot));
      return { ...unsigned, validatorIndex, signature };
    };
    const view = { runtime: { spec: SPEC, bls: BLS }, base: store, time: net.time };
    const judge = (height: number, key: typeof oldKey) =>
      examineDuplicateVote(view, duplicateVoteEvidence(vote(height, 1, key), vote(height, 2, key)));
    expect(judge(1, oldKey)).toMatchObject({ operator: addressOf("a"), power: 10n, height: 1 });
    expect(judge(1, nextKey)).toContain("a signature is wrong");
    expect(judge(2, nextKey)).toMatchObject({ operator: addressOf("a"), height: 2 });
    expect(judge(2, oldKey)).toContain("a signature is wrong");
  });
});

describe("a changed size of the set", () => {
  const network = () => createNetwork({ validators: { a: 30n * M, b: 20n * M, c: 10n * M } });
  const resize = (net: Network, limit: bigint): void => {
    if (net.params instanceof Map) net.params.set("staking.maxValidators", limit);
  };

  test("takes the weakest out, with its unbonding time, and in again", () => {
    const net = network();
    net.block();
    resize(net, 2n);
    net.block();
    expect(net.validators.map(({ power }) => power)).toEqual([30n, 20n]);
    expect(validatorByOperator(net.store, addressOf("c"))?.status).toBe(BOND.unbonding);
    expect(net.violations()).toEqual([]);
    resize(net, 3n);
    net.block();
    expect(net.validators).toHaveLength(3);
    expect(validatorByOperator(net.store, addressOf("c"))?.status).toBe(BOND.bonded);
    expect(net.violations()).toEqual([]);
  });
});

describe("historical info", () => {
  test("is the set that voted, with the power of then", () => {
    const net = createNetwork({ validators: { a: 30n * M, b: 20n * M }, params: { "staking.unbondingTime": 5000n } });
    const set = net.validators;
    writeRotation(net.store, 0, initialRotation(set));
    writeHeight(net.store, 1, { time: net.time, validatorsRoot: setRoot(set), paramsRoot: ZERO_32 });
    for (let i = 0; i < 3; i++) net.block();
    const ask = (height: bigint) =>
      QueryHistoricalInfoResponse.decode(
        net.query(
          "/cosmos.staking.v1beta1.Query/HistoricalInfo",
          QueryHistoricalInfoRequest.encode({ height }).finish(),
        ),
      ).hist;
    const amount = { denom: SPEC.denom, amount: (20n * M).toString() };
    const message = { delegatorAddress: accountOf("b"), validatorAddress: valoperOf("b"), amount };
    net.run(MsgUndelegate.typeUrl, MsgUndelegate.encode(message).finish());
    net.block();
    net.block({ after: 5000 });
    expect(validatorByOperator(net.store, addressOf("b"))).toBeUndefined();
    const found = ask(1n);
    expect(found?.header.height).toBe(1n);
    expect(found?.header.chainId).toBe(SPEC.chainId);
    expect(found?.header.validatorsHash).toEqual(setRoot(set));
    expect(found?.valset.map(({ operatorAddress, tokens, status }) => [operatorAddress, tokens, status])).toEqual([
      [valoperOf("a"), (30n * POWER_REDUCTION).toString(), BOND.bonded],
      [valoperOf("b"), (20n * POWER_REDUCTION).toString(), BOND.bonded],
    ]);
    expect(() => ask(2n)).toThrow("historical info for height 2 not found");
    expect(() => ask(1000n)).toThrow("not found");
    expect(() => ask(-1n)).toThrow("negative");
  });
});
