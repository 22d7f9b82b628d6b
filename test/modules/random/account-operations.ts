import { GenericAuthorization } from "cosmjs-types/cosmos/authz/v1beta1/authz";
import { MsgExec, MsgGrant, MsgRevoke } from "cosmjs-types/cosmos/authz/v1beta1/tx";
import { SendAuthorization } from "cosmjs-types/cosmos/bank/v1beta1/authz";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { MsgWithdrawDelegatorReward } from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import { BasicAllowance, PeriodicAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import { MsgGrantAllowance, MsgPruneAllowances, MsgRevokeAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/tx";
import { AuthorizationType, StakeAuthorization } from "cosmjs-types/cosmos/staking/v1beta1/authz";
import { MsgDelegate } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import {
  MsgCreatePeriodicVestingAccount,
  MsgCreatePermanentLockedAccount,
  MsgCreateVestingAccount,
} from "cosmjs-types/cosmos/vesting/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { grants } from "../../../modules/authz/store.ts";
import { allowances } from "../../../modules/feegrant/store.ts";
import { type Actor, createActor, DENOM } from "./chain.ts";
import type { Scene } from "./scene.ts";
import {
  accountOf,
  amountOf,
  any,
  coin,
  type Operation,
  type Operations,
  pickEntry,
  someOperator,
  someone,
} from "./scene.ts";

/** Soon, later, or never. */
function expiry({ random, time }: Scene) {
  if (random.chance(0.3)) return undefined;
  return { seconds: BigInt(Math.floor(time / 1000) + random.int(60)), nanos: 0 };
}

function authorization(scene: Scene): Any {
  const { random } = scene;
  const kind = random.int(4);
  if (kind === 0) {
    const value = SendAuthorization.fromPartial({ spendLimit: [coin(amountOf(scene) + 1n)] });
    return any("/cosmos.bank.v1beta1.SendAuthorization", SendAuthorization.encode(value).finish());
  }
  if (kind === 1) {
    const value = StakeAuthorization.fromPartial({
      authorizationType: AuthorizationType.AUTHORIZATION_TYPE_DELEGATE,
      allowList: { address: [someOperator(scene)] },
      maxTokens: coin(amountOf(scene) + 1n),
    });
    return any("/cosmos.staking.v1beta1.StakeAuthorization", StakeAuthorization.encode(value).finish());
  }
  const msg = random.pick([MsgSend.typeUrl, MsgDelegate.typeUrl, MsgWithdrawDelegatorReward.typeUrl]);
  return any("/cosmos.authz.v1beta1.GenericAuthorization", GenericAuthorization.encode({ msg }).finish());
}

const grant: Operation = (scene) => {
  const expiration = expiry(scene);
  return MsgGrant.encode(
    MsgGrant.fromPartial({
      granter: someone(scene).account,
      grantee: someone(scene).account,
      grant: { authorization: authorization(scene), ...(expiration === undefined ? {} : { expiration }) },
    }),
  ).finish();
};

const granted = ({ random, reader }: Scene) => pickEntry(random, grants.entries(reader));

const revoke: Operation = (scene) => {
  const found = granted(scene);
  if (found === undefined) return undefined;
  const [granter, [grantee, msgTypeUrl]] = found[0];
  return MsgRevoke.encode({ granter: accountOf(granter), grantee: accountOf(grantee), msgTypeUrl }).finish();
};

const exec: Operation = (scene) => {
  const found = granted(scene);
  if (found === undefined) return undefined;
  const [granter, [grantee]] = found[0];
  const from = accountOf(granter);
  const toAddress = someone(scene).account;
  const send = MsgSend.fromPartial({ fromAddress: from, toAddress, amount: [coin(amountOf(scene))] });
  const validatorAddress = someOperator(scene);
  const stake = MsgDelegate.fromPartial({ delegatorAddress: from, validatorAddress, amount: coin(amountOf(scene)) });
  const withdraw = MsgWithdrawDelegatorReward.fromPartial({ delegatorAddress: from, validatorAddress });
  const messages = [
    any(MsgSend.typeUrl, MsgSend.encode(send).finish()),
    any(MsgDelegate.typeUrl, MsgDelegate.encode(stake).finish()),
    any(MsgWithdrawDelegatorReward.typeUrl, MsgWithdrawDelegatorReward.encode(withdraw).finish()),
  ];
  const msgs = [scene.random.pick(messages), ...(scene.random.chance(0.2) ? [scene.random.pick(messages)] : [])];
  return MsgExec.encode({ grantee: accountOf(grantee), msgs }).finish();
};

const grantAllowance: Operation = (scene) => {
  const expiration = expiry(scene);
  const basic = { spendLimit: [coin(amountOf(scene) + 1n)], ...(expiration === undefined ? {} : { expiration }) };
  const period = { seconds: BigInt(1 + scene.random.int(20)), nanos: 0 };
  const allowance = scene.random.chance(0.5)
    ? any("/cosmos.feegrant.v1beta1.BasicAllowance", BasicAllowance.encode(BasicAllowance.fromPartial(basic)).finish())
    : any(
        "/cosmos.feegrant.v1beta1.PeriodicAllowance",
        PeriodicAllowance.encode(
          PeriodicAllowance.fromPartial({ basic, period, periodSpendLimit: [coin(100_000)], periodCanSpend: [] }),
        ).finish(),
      );
  const message = { granter: someone(scene).account, grantee: someone(scene).account, allowance };
  return MsgGrantAllowance.encode(MsgGrantAllowance.fromPartial(message)).finish();
};

const revokeAllowance: Operation = (scene) => {
  const found = pickEntry(scene.random, allowances.entries(scene.reader));
  if (found === undefined) return undefined;
  const [grantee, granter] = found[0];
  return MsgRevokeAllowance.encode({ granter: accountOf(granter), grantee: accountOf(grantee) }).finish();
};

/** Who has one from now on takes part in all the rest. */
function newcomer(scene: Scene): Actor {
  const actor = createActor(`vesting ${scene.fresh()}`);
  if (scene.actors.length < 20) scene.actors.push(actor);
  return actor;
}

const locked = (scene: Scene) => ({
  fromAddress: someone(scene).account,
  toAddress: (scene.random.chance(0.9) ? newcomer(scene) : someone(scene)).account,
  amount: [{ denom: DENOM, amount: String(amountOf(scene)) }],
});
const seconds = ({ time }: Scene): number => Math.floor(time / 1000);

/** Grants, allowances and accounts whose coins are locked. */
export const ACCOUNT_OPERATIONS: Operations = {
  [MsgGrant.typeUrl]: [5, grant],
  [MsgRevoke.typeUrl]: [1, revoke],
  [MsgExec.typeUrl]: [6, exec],
  [MsgGrantAllowance.typeUrl]: [4, grantAllowance],
  [MsgRevokeAllowance.typeUrl]: [1, revokeAllowance],
  [MsgPruneAllowances.typeUrl]: [1, (scene) => MsgPruneAllowances.encode({ pruner: someone(scene).account }).finish()],
  [MsgCreateVestingAccount.typeUrl]: [
    2,
    (scene) =>
      MsgCreateVestingAccount.encode({
        ...locked(scene),
        endTime: BigInt(seconds(scene) + scene.random.int(200)),
        delayed: scene.random.chance(0.4),
      }).finish(),
  ],
  [MsgCreatePermanentLockedAccount.typeUrl]: [
    1,
    (scene) => MsgCreatePermanentLockedAccount.encode(locked(scene)).finish(),
  ],
  [MsgCreatePeriodicVestingAccount.typeUrl]: [
    1,
    (scene) => {
      const { amount, ...addresses } = locked(scene);
      const vestingPeriods = [1, 2, 3].map(() => ({ length: BigInt(1 + scene.random.int(30)), amount }));
      const startTime = BigInt(seconds(scene) - scene.random.int(10));
      return MsgCreatePeriodicVestingAccount.encode({ ...addresses, startTime, vestingPeriods }).finish();
    },
  ],
};
