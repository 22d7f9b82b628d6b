import { MsgMultiSend, MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { PubKey } from "cosmjs-types/cosmos/crypto/ed25519/keys";
import {
  MsgDepositValidatorRewardsPool,
  MsgFundCommunityPool,
  MsgSetWithdrawAddress,
  MsgWithdrawDelegatorReward,
  MsgWithdrawValidatorCommission,
} from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import { MsgUnjail } from "cosmjs-types/cosmos/slashing/v1beta1/tx";
import {
  MsgBeginRedelegate,
  MsgCancelUnbondingDelegation,
  MsgCreateValidator,
  MsgDelegate,
  MsgEditValidator,
  MsgUndelegate,
} from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { fromUtf8, toHex } from "../../../chain/bytes.ts";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { jobs, models, schedules, transfers } from "../../../modules/inference/store.ts";
import { Tensors } from "../../../modules/inference/tensors.ts";
import { delegations, unbondings, validators } from "../../../modules/staking/store.ts";
import {
  MsgAcceptModel,
  MsgCancelSchedule,
  MsgDeprecateModel,
  MsgInferThen,
  MsgOpenAppeal,
  MsgRegisterBlob,
  MsgRegisterModel,
  MsgRequestInference,
  MsgScheduleInference,
  MsgSetInferenceTiers,
  MsgTransferModel,
} from "../../../proto/inference.ts";
import { MsgSetVoteKey } from "../../../proto/staking.ts";
import { INPUTS, tensor } from "../../inference/harness.ts";
import { ACCOUNT_OPERATIONS } from "./account-operations.ts";
import { createActor, prove } from "./chain.ts";
import { GOVERNANCE_OPERATIONS } from "./governance-operations.ts";
import {
  ASSAY,
  accountOf,
  amountOf,
  any,
  coin,
  type Operation,
  type Operations,
  pickEntry,
  type Scene,
  someOperator,
  someone,
  valoperOf,
} from "./scene.ts";

/** A transfer that an output decides about; what is held for it covers it or does not. */
function inferThen(scene: Scene): Uint8Array {
  const { random } = scene;
  const { account } = someone(scene);
  const amount = [coin(amountOf(scene))];
  const send = MsgSend.encode({ fromAddress: account, toAddress: someone(scene).account, amount }).finish();
  return MsgInferThen.encode(
    MsgInferThen.fromPartial({
      request: {
        requester: account,
        model: "digits",
        inputs: INPUTS,
        maxFee: coin(50_000),
        lane: random.pick(["", "inline"]),
      },
      conditions: [{ kind: random.pick(["element", "argmax"]), operator: random.pick(["eq", "lt", "ge"]), value: "0" }],
      messages: [any(MsgSend.typeUrl, send)],
      gasLimit: random.chance(0.9) ? 200_000n : 0n,
      escrow: random.chance(0.5) ? amount : [],
    }),
  ).finish();
}

/** A model and its owner; rarely the one that most requests are for. */
function someModel(scene: Scene): readonly [owner: string, model: string] {
  const found = pickEntry(
    scene.random,
    models
      .entries(scene.reader)
      .filter(([, { manifest }]) => fromUtf8(manifest.name) !== "digits" || scene.random.chance(0.1)),
  );
  return found === undefined
    ? [someone(scene).account, "digits"]
    : [accountOf(found[1].manifest.owner), toHex(found[0])];
}

/** One of a few blobs, so that requests find some that are active, being checked, or gone. */
const blobOf = (number: number): Uint8Array => new Uint8Array(32).fill(200 + number);

function registerBlob(scene: Scene): Uint8Array {
  const { random } = scene;
  return MsgRegisterBlob.encode(
    MsgRegisterBlob.fromPartial({
      owner: someone(scene).account,
      blobRoot: blobOf(random.int(3)),
      blobBytes: BigInt(INPUTS.length),
      inputsRoot: Tensors.hashTreeRoot([tensor(1, 2)]),
      tensors: [{ dtype: "float32", shape: [1n, 2n] }],
      blocks: BigInt(1 + random.int(20)),
      maxDeposit: coin(random.chance(0.95) ? 1000 : 0),
    }),
  ).finish();
}

function setVoteKey(scene: Scene): Uint8Array {
  const { random, actors, keys, genesisRoot } = scene;
  const known = validators.entries(scene.reader).filter(([, { voteKey }]) => voteKey.length === 0);
  const waiting = pickEntry(random, known);
  const wanted = waiting === undefined || random.chance(0.2) ? random.pick(actors).account : accountOf(waiting[0]);
  const actor = actors.find(({ account }) => account === wanted) ?? random.pick(actors);
  const vote = keys.key(`${actor.name} ${random.chance(0.9) ? scene.fresh() : 0}`);
  const proof = prove(actor, vote, random.chance(0.95) ? genesisRoot : sha256(genesisRoot));
  return MsgSetVoteKey.encode(
    MsgSetVoteKey.fromPartial({ validatorAddress: actor.valoper, voteKey: vote.publicKey, ...proof }),
  ).finish();
}

function createValidator(scene: Scene): Uint8Array {
  const { random } = scene;
  const actor = someone(scene);
  const rate = (part: number): string => String(BigInt(part) * 10n ** 16n);
  const message = {
    description: { moniker: actor.name },
    commission: { rate: rate(random.int(30)), maxRate: rate(30 + random.int(70)), maxChangeRate: rate(random.int(30)) },
    minSelfDelegation: "1",
    delegatorAddress: "",
    validatorAddress: actor.valoper,
    pubkey: any("/cosmos.crypto.ed25519.PubKey", PubKey.encode({ key: actor.identityKey }).finish()),
    value: coin(amountOf(scene)),
  };
  return MsgCreateValidator.encode(MsgCreateValidator.fromPartial(message)).finish();
}

function delegationOf({ random, reader }: Scene) {
  return pickEntry(random, delegations.entries(reader));
}

const undelegate: Operation = (scene) => {
  const found = delegationOf(scene);
  if (found === undefined) return undefined;
  const [[delegator, operator], shares] = found;
  const whole = shares / 10n ** 18n;
  const part = scene.random.chance(0.3) ? whole : (whole * BigInt(1 + scene.random.int(99))) / 100n;
  const message = {
    delegatorAddress: accountOf(delegator),
    validatorAddress: valoperOf(operator),
    amount: coin(scene.random.chance(0.05) ? part * 3n + 1n : part),
  };
  return MsgUndelegate.encode(MsgUndelegate.fromPartial(message)).finish();
};

const redelegate: Operation = (scene) => {
  const found = delegationOf(scene);
  if (found === undefined) return undefined;
  const [[delegator, operator], shares] = found;
  const whole = shares / 10n ** 18n;
  const message = {
    delegatorAddress: accountOf(delegator),
    validatorSrcAddress: valoperOf(operator),
    validatorDstAddress: someOperator(scene),
    amount: coin(scene.random.chance(0.3) ? whole : (whole * BigInt(1 + scene.random.int(99))) / 100n),
  };
  return MsgBeginRedelegate.encode(MsgBeginRedelegate.fromPartial(message)).finish();
};

const cancelUnbonding: Operation = (scene) => {
  const found = pickEntry(scene.random, unbondings.entries(scene.reader));
  const entry = found?.[1][0];
  if (found === undefined || entry === undefined) return undefined;
  const [delegator, operator] = found[0];
  const part = (entry.balance * BigInt(1 + scene.random.int(100))) / 100n;
  const message = {
    delegatorAddress: accountOf(delegator),
    validatorAddress: valoperOf(operator),
    amount: coin(part),
    creationHeight: BigInt(entry.creationHeight),
  };
  return MsgCancelUnbondingDelegation.encode(MsgCancelUnbondingDelegation.fromPartial(message)).finish();
};

const editValidator: Operation = (scene) => {
  const message = {
    description: { moniker: `m${scene.random.int(9)}`, identity: "[do-not-modify]", website: "[do-not-modify]" },
    validatorAddress: someOperator(scene),
    commissionRate: scene.random.chance(0.5) ? String(BigInt(scene.random.int(60)) * 10n ** 16n) : "",
    minSelfDelegation: scene.random.chance(0.1) ? String(amountOf(scene)) : "",
  };
  return MsgEditValidator.encode(MsgEditValidator.fromPartial(message)).finish();
};

const multiSend: Operation = (scene) => {
  const from = someone(scene);
  const outputs = [0, 1, 2].map(() => ({
    address: someone(scene).account,
    coins: [coin(1 + scene.random.int(100_000))],
  }));
  const total = outputs.reduce((sum, { coins }) => sum + BigInt(coins[0]?.amount ?? "0"), 0n);
  const input = { address: from.account, coins: [coin(scene.random.chance(0.95) ? total : total + 1n)] };
  return MsgMultiSend.encode(MsgMultiSend.fromPartial({ inputs: [input], outputs })).finish();
};

const registerModel: Operation = (scene) => {
  const number = scene.fresh();
  const tensorSpec = (name: string) => ({ name, dtype: "float32", shape: [1n, 2n] });
  const probes = [Tensors.serialize([tensor(number, 1)]), Tensors.serialize([tensor(number, 2)])];
  return MsgRegisterModel.encode(
    MsgRegisterModel.fromPartial({
      owner: someone(scene).account,
      name: `model${number}`,
      version: "1.0.0",
      engineId: sha256(Buffer.from("engine")),
      inputs: [tensorSpec("x")],
      outputs: [tensorSpec("y")],
      opset: 17,
      modelRoot: sha256(Buffer.from(`model ${number}`)),
      modelBytes: 1000n,
      fee: "10000",
      royaltyPpm: 100_000,
      licence: "MIT",
      probes,
      reveal: scene.random.pick(["", "committed", "direct"]),
      maxDeposit: coin(scene.random.chance(0.95) ? 100n * ASSAY : 1n),
    } as never),
  ).finish();
};

/** A generator for each message, with how often it is drawn. */
export const OPERATIONS: Operations = {
  ...ACCOUNT_OPERATIONS,
  ...GOVERNANCE_OPERATIONS,
  [MsgSend.typeUrl]: [
    10,
    (scene) =>
      MsgSend.encode({
        fromAddress: someone(scene).account,
        toAddress: (scene.random.chance(0.1) ? createActor(`new ${scene.fresh()}`) : someone(scene)).account,
        amount: [coin(amountOf(scene)), ...(scene.random.chance(0.2) ? [coin(5, "ugold")] : [])],
      }).finish(),
  ],
  [MsgMultiSend.typeUrl]: [3, multiSend],
  [MsgCreateValidator.typeUrl]: [4, createValidator],
  [MsgSetVoteKey.typeUrl]: [5, setVoteKey],
  [MsgEditValidator.typeUrl]: [2, editValidator],
  [MsgDelegate.typeUrl]: [
    12,
    (scene) =>
      MsgDelegate.encode({
        delegatorAddress: someone(scene).account,
        validatorAddress: someOperator(scene),
        amount: coin(amountOf(scene)),
      }).finish(),
  ],
  [MsgUndelegate.typeUrl]: [9, undelegate],
  [MsgBeginRedelegate.typeUrl]: [7, redelegate],
  [MsgCancelUnbondingDelegation.typeUrl]: [4, cancelUnbonding],
  [MsgUnjail.typeUrl]: [8, (scene) => MsgUnjail.encode({ validatorAddr: someOperator(scene) }).finish()],
  [MsgWithdrawDelegatorReward.typeUrl]: [
    8,
    (scene) => {
      const found = delegationOf(scene);
      if (found === undefined) return undefined;
      const [[delegator, operator]] = found;
      const message = { delegatorAddress: accountOf(delegator), validatorAddress: valoperOf(operator) };
      return MsgWithdrawDelegatorReward.encode(message).finish();
    },
  ],
  [MsgWithdrawValidatorCommission.typeUrl]: [
    4,
    (scene) => MsgWithdrawValidatorCommission.encode({ validatorAddress: someOperator(scene) }).finish(),
  ],
  [MsgSetWithdrawAddress.typeUrl]: [
    3,
    (scene) =>
      MsgSetWithdrawAddress.encode({
        delegatorAddress: someone(scene).account,
        withdrawAddress: someone(scene).account,
      }).finish(),
  ],
  [MsgFundCommunityPool.typeUrl]: [
    2,
    (scene) =>
      MsgFundCommunityPool.encode({
        depositor: someone(scene).account,
        amount: [coin(amountOf(scene))],
      }).finish(),
  ],
  [MsgDepositValidatorRewardsPool.typeUrl]: [
    2,
    (scene) =>
      MsgDepositValidatorRewardsPool.encode({
        depositor: someone(scene).account,
        validatorAddress: someOperator(scene),
        amount: [coin(amountOf(scene))],
      }).finish(),
  ],
  [MsgRegisterModel.typeUrl]: [2, registerModel],
  [MsgRequestInference.typeUrl]: [
    8,
    (scene) =>
      MsgRequestInference.encode(
        MsgRequestInference.fromPartial({
          requester: someone(scene).account,
          model: scene.random.chance(0.9) ? "digits" : `model${scene.random.int(scene.fresh())}`,
          ...(scene.random.chance(0.8) ? { inputs: INPUTS } : { inputsBlob: blobOf(scene.random.int(3)) }),
          maxFee: coin(scene.random.chance(0.95) ? 50_000 : 1),
          valueAtRisk: scene.random.chance(0.3) ? String(amountOf(scene)) : "",
          lane: scene.random.pick(["", "attested", "inline"]),
        }),
      ).finish(),
  ],
  [MsgInferThen.typeUrl]: [6, inferThen],
  [MsgOpenAppeal.typeUrl]: [
    3,
    (scene) => {
      const [jobId = new Uint8Array(32)] = pickEntry(scene.random, jobs.entries(scene.reader)) ?? [];
      return MsgOpenAppeal.encode(
        MsgOpenAppeal.fromPartial({
          appellant: someone(scene).account,
          jobId,
          inputs: INPUTS,
          bond: coin(scene.random.chance(0.9) ? 10_000_000 : 1),
          claim: scene.random.chance(0.3) ? new Uint8Array(32).fill(1) : new Uint8Array(0),
        }),
      ).finish();
    },
  ],
  [MsgScheduleInference.typeUrl]: [
    3,
    (scene) =>
      MsgScheduleInference.encode(
        MsgScheduleInference.fromPartial({
          request: {
            requester: someone(scene).account,
            model: "digits",
            inputs: INPUTS,
            maxFee: coin(scene.random.pick([10_100, 10_120, 50_000])),
          },
          every: BigInt(scene.random.int(8)),
          runs: BigInt(scene.random.int(6)),
          seedInput: scene.random.chance(0.1) ? "x" : "",
        }),
      ).finish(),
  ],
  [MsgCancelSchedule.typeUrl]: [
    2,
    (scene) => {
      const [number, schedule] = pickEntry(scene.random, schedules.entries(scene.reader)) ?? [];
      const owner =
        schedule === undefined || scene.random.chance(0.1) ? someone(scene).account : accountOf(schedule.owner);
      return MsgCancelSchedule.encode({ owner, schedule: BigInt(number ?? 1) }).finish();
    },
  ],
  [MsgRegisterBlob.typeUrl]: [2, registerBlob],
  [MsgDeprecateModel.typeUrl]: [
    1,
    (scene) => {
      const [owner, model] = someModel(scene);
      return MsgDeprecateModel.encode({ owner, model, successor: scene.random.chance(0.5) ? "digits" : "" }).finish();
    },
  ],
  [MsgTransferModel.typeUrl]: [
    2,
    (scene) => {
      const [owner, model] = someModel(scene);
      return MsgTransferModel.encode({ owner, model, newOwner: someone(scene).account }).finish();
    },
  ],
  [MsgAcceptModel.typeUrl]: [
    2,
    (scene) => {
      const offer = pickEntry(scene.random, transfers.entries(scene.reader));
      const model = offer === undefined ? "digits" : toHex(offer[0]);
      const newOwner = offer === undefined ? someone(scene).account : accountOf(offer[1]);
      return MsgAcceptModel.encode({ newOwner, model }).finish();
    },
  ],
  [MsgSetInferenceTiers.typeUrl]: [
    2,
    ({ random, actors }) =>
      MsgSetInferenceTiers.encode({
        operator: random.pick(actors).valoper,
        tiers: random.pick([[0], [0], [0, 1], [1], [], [0, 9]]),
      }).finish(),
  ],
};
