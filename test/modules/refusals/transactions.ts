import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { AllowedMsgAllowance, BasicAllowance, PeriodicAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import { MsgGrantAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/tx";
import { protobufTime } from "../../../modules/timestamps.ts";
import { accountOf } from "../network.ts";
import { coin, rowsOf } from "./inputs.ts";
import type { Refusal } from "./play.ts";
import { createWorld, FUNDS, OTHER_DENOM, type World } from "./world.ts";

/** What is wrong with a transaction and not with its message: what comes before every message, shown with one that is right. */
const MESSAGE = { fromAddress: accountOf("ann"), toAddress: accountOf("ben"), amount: [coin(1n)] };
const send = rowsOf(MsgSend, MESSAGE);
const tx = (wrong: string, code: string, change: Refusal["tx"], given?: Refusal["given"]): Refusal =>
  send(wrong, code, {}, { ...(change === undefined ? {} : { tx: change }), ...(given === undefined ? {} : { given }) });
const ofBen = {
  typeUrl: MsgSend.typeUrl,
  value: MsgSend.encode({ ...MESSAGE, fromAddress: accountOf("ben") }).finish(),
};
const NOW = 1_700_000_001_000;

function allowed(allowance: { typeUrl: string; value: Uint8Array }): World {
  const world = createWorld();
  const value = { granter: accountOf("ben"), grantee: accountOf("ann"), allowance };
  world.send({ typeUrl: MsgGrantAllowance.typeUrl, value: MsgGrantAllowance.encode(value).finish() });
  return world;
}
const basic = (amount: string) => ({
  typeUrl: BasicAllowance.typeUrl,
  value: BasicAllowance.encode({ spendLimit: [coin(amount)], expiration: protobufTime(NOW + 1000) }).finish(),
});
const small = (): World => allowed(basic("24999"));
/** Ben's allowance is over, and no block has removed it. */
function late(): World {
  const world = small();
  world.block(2000);
  return world;
}
function nextBlock(): World {
  const world = createWorld();
  world.block();
  return world;
}
const periodic = (): World =>
  allowed({
    typeUrl: PeriodicAllowance.typeUrl,
    value: PeriodicAllowance.encode({
      basic: { spendLimit: [] },
      period: { seconds: 10n, nanos: 0 },
      periodSpendLimit: [coin(10n)],
      periodCanSpend: [coin(10n)],
      periodReset: protobufTime(NOW + 1000),
    }).finish(),
  });
const forVotes = (): World =>
  allowed({
    typeUrl: AllowedMsgAllowance.typeUrl,
    value: AllowedMsgAllowance.encode({
      allowance: basic("1000000"),
      allowedMessages: ["/cosmos.gov.v1.MsgVote"],
    }).finish(),
  });
const BY_BEN = { granter: accountOf("ben") };

export const transactions: readonly Refusal[] = [
  tx("sequence too low", "sdk/32", { sequence: 2n }),
  tx("sequence too high", "sdk/32", { sequence: 4n }),
  tx("signed for another chain", "sdk/4", { chainId: "another-1" }),
  tx("signed with another account number", "sdk/4", { accountNumber: 99n }),
  tx("signed by another", "sdk/4", { keys: ["ben"] }),
  tx("no signature", "sdk/15", { keys: [] }),
  tx("a signature too many", "sdk/4", { keys: ["ann", "ben"] }),
  tx("a signature of two is missing", "sdk/4", { more: [ofBen] }),
  send("the account does not exist", "sdk/9", { fromAddress: accountOf("nobody") }, { tx: { keys: ["nobody"] } }),
  tx("memo too long", "sdk/12", { memo: "x".repeat(257) }),
  tx("larger than a transaction may be", "sdk/21", { memo: "x".repeat(1_100_000) }),
  tx("fee too low", "sdk/13", { fee: [coin(24_999n)] }),
  tx("no fee", "sdk/13", { fee: [] }),
  tx("a fee of another denomination", "sdk/13", { fee: [coin(25_000n, OTHER_DENOM)] }),
  tx("a fee of zero", "sdk/10", { fee: [coin(0n)] }),
  tx("a negative fee", "sdk/10", { fee: [coin("-1")] }),
  tx("a fee of 2^128", "sdk/10", { fee: [coin(1n << 128n)] }),
  tx("a denomination twice in the fee", "sdk/10", { fee: [coin(1n), coin(1n)] }),
  tx("the fee is more than the sender has", "sdk/5", { fee: [coin(FUNDS + 1n)] }),
  tx("a gas limit above 2^53", "sdk/18", { gas: 1n << 60n }),
  tx("out of gas before its messages", "sdk/11", { gas: 1000n }),
  tx("out of gas in a message", "sdk/11", { gas: 30_000n }),
  tx("the time-out time has passed", "sdk/30", { timeoutMs: NOW - 1000 }),
  tx("the time-out height has passed", "sdk/30", { timeoutHeight: 1n }, nextBlock),
  tx("unordered without a time-out", "sdk/18", { unordered: true }),
  tx("unordered with a time-out far in the future", "sdk/18", { unordered: true, timeoutMs: NOW + 1e9 }),
  tx("unordered with a sequence", "sdk/18", { unordered: true, timeoutMs: NOW + 10_000, sequence: 3n }),
  tx("a fee payer that does not sign", "sdk/4", { payer: accountOf("ben") }),
  tx("a fee payer of another chain", "sdk/7", { payer: "cosmos1qqqq" }),
  tx("a fee granter that has granted nothing", "sdk/38", BY_BEN),
  tx("a fee granter of another chain", "sdk/7", { granter: "cosmos1qqqq" }),
  tx("a fee above the allowance", "feegrant/2", BY_BEN, small),
  tx("an allowance that is over", "feegrant/3", BY_BEN, late),
  tx("a fee above the period's allowance", "feegrant/2", BY_BEN, periodic),
  tx("an allowance for other messages", "feegrant/7", BY_BEN, forVotes),
  tx("an unknown second message", "sdk/2", {
    more: [{ typeUrl: "/cosmos.bank.v1beta1.MsgBurn", value: new Uint8Array(0) }],
  }),
  tx("an undecodable second message", "sdk/2", { more: [{ ...ofBen, value: Uint8Array.of(255) }] }),
  tx("300 messages", "sdk/18", { more: Array.from({ length: 300 }, () => ofBen) }),
];
