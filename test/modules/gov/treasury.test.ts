import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { MsgFundCommunityPool } from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import { MsgDeposit } from "cosmjs-types/cosmos/gov/v1/tx";
import { MsgDelegate } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { describe, expect, test } from "vitest";
import { balance } from "../../../modules/bank/keeper.ts";
import { deposits, STATUS } from "../../../modules/gov/store.ts";
import { accountOf, addressOf, createNetwork, type Network, valoperOf } from "../network.ts";
import { AUTHORITY, afterwards, coins, M, stored, submit, vote, YES } from "./proposing.ts";

const RICH = 1000n * M;
const network = (): Network =>
  createNetwork({ validators: { alice: 100n * M }, balances: { ann: RICH, bob: RICH, eve: RICH } });

const any = (typeUrl: string, value: Uint8Array): Any => ({ typeUrl, value });
const amount = coins(15n * M);

/** What would take the deposits of others, in the name of governance. */
const RAIDS: Readonly<Record<string, (id: number) => Any>> = {
  "a transfer": () =>
    any(MsgSend.typeUrl, MsgSend.encode({ fromAddress: AUTHORITY, toAddress: accountOf("eve"), amount }).finish()),
  "a delegation": () =>
    any(
      MsgDelegate.typeUrl,
      MsgDelegate.encode({
        delegatorAddress: AUTHORITY,
        validatorAddress: valoperOf("alice"),
        amount: { denom: "uassay", amount: (15n * M).toString() },
      }).finish(),
    ),
  "a gift to the community": () =>
    any(MsgFundCommunityPool.typeUrl, MsgFundCommunityPool.encode({ depositor: AUTHORITY, amount }).finish()),
  "a deposit": (id) =>
    any(MsgDeposit.typeUrl, MsgDeposit.encode({ proposalId: BigInt(id), depositor: AUTHORITY, amount }).finish()),
};

describe("the deposits of other proposals are not governance's to spend", () => {
  test.each(Object.entries(RAIDS))("by %s", (_, raid) => {
    const net = network();
    // The number of the one that is submitted second.
    const id = submit(net, { messages: [raid(2)], deposit: 10n * M });
    net.block({ after: 86_400_000 });
    submit(net, { proposer: "bob", deposit: 9n * M });
    const late = submit(net, { proposer: "eve", deposit: 10n * M });
    vote(net, id, "alice", YES);
    expect(afterwards(net, 86_400_000)).toBe("proposal_failed");
    expect(net.violations()).toEqual([]);
    expect(stored(net, id).status).toBe(STATUS.failed);
    // Who waits for his deposit gets it, and the chain goes on.
    net.block({ after: 200_000_000 });
    net.block();
    expect(deposits.entries(net.store)).toEqual([]);
    expect(stored(net, late).status).toBe(STATUS.rejected);
    for (const name of ["ann", "bob", "eve"]) expect(balance(net.store, addressOf(name), "uassay")).toBe(RICH);
    expect(net.violations()).toEqual([]);
  });
});
