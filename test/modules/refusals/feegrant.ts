import { AllowedMsgAllowance, BasicAllowance, PeriodicAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import { MsgGrantAllowance, MsgPruneAllowances, MsgRevokeAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/tx";
import { protobufTime } from "../../../modules/timestamps.ts";
import { accountOf } from "../network.ts";
import { BAD_ACCOUNTS, BAD_COINS, coin, each, rowsOf } from "./inputs.ts";
import type { Refusal } from "./play.ts";
import { createWorld, OTHER_DENOM, type World } from "./world.ts";

const NOW = 1_700_000_001_000;
const basic = (change: Partial<BasicAllowance> = {}) => ({
  typeUrl: BasicAllowance.typeUrl,
  value: BasicAllowance.encode({ spendLimit: [coin(1n)], ...change }).finish(),
});
const PERIODIC: PeriodicAllowance = {
  basic: { spendLimit: [coin(1n)] },
  period: { seconds: 10n, nanos: 0 },
  periodSpendLimit: [coin(1n)],
  periodCanSpend: [coin(1n)],
  periodReset: protobufTime(NOW + 1000),
};
const periodic = (change: Partial<PeriodicAllowance>) => ({
  typeUrl: PeriodicAllowance.typeUrl,
  value: PeriodicAllowance.encode({ ...PERIODIC, ...change }).finish(),
});
const forMessages = (change: Partial<AllowedMsgAllowance>) => ({
  typeUrl: AllowedMsgAllowance.typeUrl,
  value: AllowedMsgAllowance.encode({
    allowance: basic(),
    allowedMessages: ["/cosmos.bank.v1beta1.MsgSend"],
    ...change,
  }).finish(),
});
const nothingWithin = {
  typeUrl: AllowedMsgAllowance.typeUrl,
  value: AllowedMsgAllowance.encode({ allowedMessages: ["/cosmos.bank.v1beta1.MsgSend"] }).finish(),
};

const PARTIES = { granter: accountOf("ann"), grantee: accountOf("ben") };
const grant = rowsOf(MsgGrantAllowance, { ...PARTIES, allowance: basic() });
const revoke = rowsOf(MsgRevokeAllowance, PARTIES);
const prune = rowsOf(MsgPruneAllowances, { pruner: accountOf("ann") });

function granted(): World {
  const world = createWorld();
  const value = MsgGrantAllowance.encode({ ...PARTIES, allowance: basic() }).finish();
  world.send({ typeUrl: MsgGrantAllowance.typeUrl, value });
  return world;
}

export const feegrant: readonly Refusal[] = [
  ...each(BAD_ACCOUNTS, "granter", (wrong, granter) => grant(wrong, "sdk/7", { granter })),
  ...each(BAD_ACCOUNTS, "grantee", (wrong, grantee) => grant(wrong, "sdk/7", { grantee })),
  grant("the grantee is the granter", "sdk/7", { grantee: accountOf("ann") }),
  grant("there is one", "sdk/18", {}, { given: granted }),
  grant("no allowance", "feegrant/5", { allowance: undefined }),
  grant("an allowance of an unknown type", "sdk/29", { allowance: { typeUrl: "/x.Y", value: new Uint8Array(0) } }),
  grant("an undecodable allowance", "sdk/2", { allowance: { ...basic(), value: Uint8Array.of(255) } }),
  ...each(BAD_COINS.slice(1), "limit:", (wrong, spendLimit) =>
    grant(wrong, "sdk/10", { allowance: basic({ spendLimit }) }),
  ),
  grant("an expiration that has passed", "sdk/18", { allowance: basic({ expiration: protobufTime(NOW - 1) }) }),
  ...each(BAD_COINS, "period's limit:", (wrong, periodSpendLimit) =>
    grant(wrong, "sdk/10", { allowance: periodic({ periodSpendLimit }) }),
  ),
  grant("a period's limit of another denomination", "sdk/10", {
    allowance: periodic({ periodSpendLimit: [coin(1n, OTHER_DENOM)] }),
  }),
  grant("a period of no length", "feegrant/4", { allowance: periodic({ period: { seconds: 0n, nanos: 0 } }) }),
  grant("a negative period", "feegrant/4", { allowance: periodic({ period: { seconds: -1n, nanos: 0 } }) }),
  grant("no messages", "feegrant/6", { allowance: forMessages({ allowedMessages: [] }) }),
  grant("a message that is no type URL", "sdk/18", { allowance: forMessages({ allowedMessages: ["send"] }) }),
  grant("nothing within the allowance for messages", "feegrant/5", {
    allowance: nothingWithin,
  }),
  grant("allowances for messages within each other", "sdk/29", {
    allowance: forMessages({ allowance: forMessages({}) }),
  }),

  ...each(BAD_ACCOUNTS, "granter", (wrong, granter) => revoke(wrong, "sdk/7", { granter })),
  ...each(BAD_ACCOUNTS, "grantee", (wrong, grantee) => revoke(wrong, "sdk/7", { grantee })),
  revoke("the grantee is the granter", "sdk/7", { grantee: accountOf("ann") }),
  revoke("there is none", "sdk/38"),

  ...each(BAD_ACCOUNTS, "pruner", (wrong, pruner) => prune(wrong, "sdk/7", { pruner })),
];
