import { GenericAuthorization } from "cosmjs-types/cosmos/authz/v1beta1/authz";
import { MsgExec, MsgGrant, MsgRevoke } from "cosmjs-types/cosmos/authz/v1beta1/tx";
import { SendAuthorization } from "cosmjs-types/cosmos/bank/v1beta1/authz";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { AuthorizationType, StakeAuthorization } from "cosmjs-types/cosmos/staking/v1beta1/authz";
import { MsgDelegate } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { protobufTime } from "../../../modules/timestamps.ts";
import { accountOf, valoperOf } from "../network.ts";
import { BAD_ACCOUNTS, coin, each, rowsOf } from "./inputs.ts";
import type { Refusal } from "./play.ts";
import { createWorld, FUNDS, OTHER_DENOM, type World } from "./world.ts";

const NOW = 1_700_000_001_000;
const encoded = <M>(codec: { typeUrl: string; encode(value: M): { finish(): Uint8Array } }, value: M) => ({
  typeUrl: codec.typeUrl,
  value: codec.encode(value).finish(),
});
const generic = (msg: string) => encoded(GenericAuthorization, { msg });
const sending = (amount: ReturnType<typeof coin>[], allowList: string[] = []) =>
  encoded(SendAuthorization, { spendLimit: amount, allowList });
const STAKE: StakeAuthorization = {
  authorizationType: AuthorizationType.AUTHORIZATION_TYPE_DELEGATE,
  maxTokens: coin(100n),
  allowList: { address: [valoperOf("alice")] },
};
const staking = (change: Partial<StakeAuthorization>) => encoded(StakeAuthorization, { ...STAKE, ...change });

const PARTIES = { granter: accountOf("ann"), grantee: accountOf("ben") };
const grant = rowsOf(MsgGrant, { ...PARTIES, grant: { authorization: generic(MsgSend.typeUrl) } });
const given = (wrong: string, code: string, authorization: ReturnType<typeof generic>) =>
  grant(wrong, code, { grant: { authorization } });
const revoke = rowsOf(MsgRevoke, { ...PARTIES, msgTypeUrl: MsgSend.typeUrl });

const SEND = { fromAddress: accountOf("ben"), toAddress: accountOf("alice"), amount: [coin(10n)] };
const ofBen = (change: Partial<typeof SEND> = {}) => encoded(MsgSend, { ...SEND, ...change });
const exec = rowsOf(MsgExec, { grantee: accountOf("ann"), msgs: [ofBen()] });

/** Ben has let ann do something. */
function granted(authorization: ReturnType<typeof generic>, after = 0): World {
  const world = createWorld();
  const message = { granter: accountOf("ben"), grantee: accountOf("ann") };
  world.send(encoded(MsgGrant, { ...message, grant: { authorization, expiration: protobufTime(NOW + 3600_000) } }));
  // The end of a block removes what has expired at its time; the block after it begins later.
  if (after > 0) world.block(after);
  return world;
}
const limited = (): World => granted(sending([coin(100n)], [accountOf("alice")]));
const anything = (): World => granted(generic(MsgSend.typeUrl));
const stake = (): World => granted(staking({}));
const late = (): World => granted(generic(MsgSend.typeUrl), 3600_001);
const delegate = (name: string, amount: bigint) =>
  encoded(MsgDelegate, { delegatorAddress: accountOf("ben"), validatorAddress: valoperOf(name), amount: coin(amount) });

export const authz: readonly Refusal[] = [
  ...each(BAD_ACCOUNTS, "granter", (wrong, granter) => grant(wrong, "sdk/7", { granter })),
  ...each(BAD_ACCOUNTS, "grantee", (wrong, grantee) => grant(wrong, "sdk/7", { grantee })),
  grant("the grantee is the granter", "authz/7", { grantee: accountOf("ann") }),
  grant("no authorisation", "sdk/18", { grant: {} }),
  grant("an expiration that has passed", "authz/3", {
    grant: { authorization: generic(MsgSend.typeUrl), expiration: protobufTime(NOW) },
  }),
  given("an authorisation of an unknown type", "authz/4", { typeUrl: "/x.Y", value: new Uint8Array(0) }),
  given("an undecodable authorisation", "sdk/2", { ...generic(""), value: Uint8Array.of(255) }),
  given("an unknown message", "sdk/29", generic("/cosmos.bank.v1beta1.MsgBurn")),
  given("a message that is no type URL", "sdk/29", generic("send")),
  given("a spend limit of nothing", "sdk/10", sending([])),
  given("a spend limit of zero", "sdk/10", sending([coin(0n)])),
  given("a denomination twice in the limit", "sdk/10", sending([coin(1n), coin(1n)])),
  given("a recipient twice", "sdk/18", sending([coin(1n)], [accountOf("ben"), accountOf("ben")])),
  given("a recipient of another chain", "sdk/7", sending([coin(1n)], ["cosmos1qqqq"])),
  given("both lists of validators", "sdk/18", staking({ denyList: { address: [] } })),
  given("no type of stake", "authz/4", staking({ authorizationType: 0 })),
  given("stake of zero", "authz/12", staking({ maxTokens: coin(0n) })),
  given("negative stake", "authz/12", staking({ maxTokens: coin("-1") })),
  given("a validator of another chain", "sdk/7", staking({ allowList: { address: ["cosmosvaloper1qqqq"] } })),

  ...each(BAD_ACCOUNTS, "granter", (wrong, granter) => revoke(wrong, "sdk/7", { granter })),
  ...each(BAD_ACCOUNTS, "grantee", (wrong, grantee) => revoke(wrong, "sdk/7", { grantee })),
  revoke("the grantee is the granter", "authz/7", { grantee: accountOf("ann") }),
  revoke("no message", "sdk/18", { msgTypeUrl: "" }),
  revoke("no grant", "authz/2"),

  ...each(BAD_ACCOUNTS, "grantee", (wrong, grantee) => exec(wrong, "sdk/7", { grantee })),
  exec("no messages", "sdk/18", { msgs: [] }),
  exec("too many messages", "sdk/18", { msgs: Array.from({ length: 200 }, () => ofBen()) }),
  exec("no grant", "authz/2"),
  exec("a grant that has expired", "authz/6", {}, { given: late }),
  exec("a grant of another message", "authz/2", {}, { given: stake }),
  exec("more than the limit", "sdk/5", { msgs: [ofBen({ amount: [coin(101n)] })] }, { given: limited }),
  exec(
    "another denomination than the limit's",
    "sdk/5",
    { msgs: [ofBen({ amount: [coin(1n, OTHER_DENOM)] })] },
    { given: limited },
  ),
  exec(
    "a recipient that is not on the list",
    "sdk/4",
    { msgs: [ofBen({ toAddress: accountOf("bob") })] },
    { given: limited },
  ),
  exec(
    "two messages that are together above the limit",
    "sdk/5",
    { msgs: [ofBen({ amount: [coin(60n)] }), ofBen({ amount: [coin(60n)] })] },
    { given: limited },
  ),
  exec("more than the granter has", "sdk/5", { msgs: [ofBen({ amount: [coin(FUNDS + 1n)] })] }, { given: anything }),
  exec("a message that is itself wrong", "sdk/10", { msgs: [ofBen({ amount: [] })] }, { given: anything }),
  exec("a validator that is not on the list", "sdk/4", { msgs: [delegate("bob", 1n)] }, { given: stake }),
  exec("more stake than the limit", "sdk/5", { msgs: [delegate("alice", 101n)] }, { given: stake }),
  exec("within another", "sdk/18", { msgs: [encoded(MsgExec, { grantee: accountOf("ann"), msgs: [] })] }),
  exec("an unknown message", "sdk/2", { msgs: [{ typeUrl: "/x.Y", value: new Uint8Array(0) }] }),
  exec("an undecodable message", "sdk/2", { msgs: [{ ...ofBen(), value: Uint8Array.of(255) }] }),
];
