import { Registry } from "@cosmjs/proto-signing";
import {
  accountFromAny,
  defaultRegistryTypes,
  QueryClient,
  setupAuthExtension,
  setupBankExtension,
  setupGovExtension,
  setupSlashingExtension,
  setupStakingExtension,
} from "@cosmjs/stargate";
import { TextProposal } from "cosmjs-types/cosmos/gov/v1beta1/gov";
import { expect, test } from "vitest";
import { utf8 } from "../../chain/bytes.ts";
import { QueryError } from "../../chain/errors.ts";
import { consensusText } from "../../modules/addresses.ts";
import { MODULE_ACCOUNTS } from "../../modules/auth/keeper.ts";
import { balance } from "../../modules/bank/keeper.ts";
import {
  accountOf,
  addressOf,
  createNetwork,
  MODULES,
  type Network,
  SPEC,
  validatorKeys,
  valoperOf,
} from "./network.ts";

const M = 1_000_000n;

/** CosmJS's own query client, answered by the modules as the RPC transport would. */
function client(net: Network) {
  const comet = {
    abciQuery({ path, data }: { path: string; data: Uint8Array }) {
      const base = { key: new Uint8Array(0), height: net.height, index: 0, codespace: "", info: "" };
      try {
        return Promise.resolve({ ...base, value: net.query(path, data), code: 0, log: "" });
      } catch (error) {
        if (!(error instanceof QueryError)) throw error;
        const log = `rpc error: code = NotFound desc = ${error.message}`;
        return Promise.resolve({ ...base, value: new Uint8Array(0), code: 22, log });
      }
    },
  };
  return QueryClient.withExtensions(
    comet as unknown as Parameters<typeof QueryClient.withExtensions>[0],
    setupAuthExtension,
    setupBankExtension,
    setupStakingExtension,
    setupSlashingExtension,
    setupGovExtension,
  );
}

test("CosmJS's query client reads accounts, balances, stake and signing records", async () => {
  const net = createNetwork({ validators: { a: 10n * M, b: 20n * M }, balances: { ann: 5n } });
  net.block();
  net.block();
  const queries = client(net);
  const account = await queries.auth.account(accountOf("ann"));
  expect(account === null ? undefined : accountFromAny(account).accountNumber).toBe(BigInt(MODULE_ACCOUNTS.length));
  await expect(queries.auth.account(accountOf("nobody"))).rejects.toThrow("rpc error: code = NotFound");
  expect(await queries.bank.balance(accountOf("ann"), "uassay")).toEqual({ denom: "uassay", amount: "5" });
  expect((await queries.bank.totalSupply()).supply).toEqual([{ denom: "uassay", amount: "30000005" }]);
  expect((await queries.bank.denomsMetadata())[0]?.base).toBe("uassay");
  expect((await queries.staking.validators("BOND_STATUS_BONDED")).validators).toHaveLength(2);
  expect((await queries.staking.delegatorDelegations(accountOf("a"))).delegationResponses[0]?.balance.amount).toBe(
    "10000000",
  );
  await expect(queries.staking.delegation(accountOf("ann"), valoperOf("a"))).rejects.toThrow("key not found");
  expect((await queries.staking.pool()).pool.bondedTokens).toBe("30000000");
  const address = consensusText(SPEC, validatorKeys("a").identityKey);
  expect((await queries.slashing.signingInfo(address)).valSigningInfo.address).toBe(address);
  expect((await queries.slashing.params()).params.signedBlocksWindow).toBe(100n);
});

test("CosmJS's gov calls work as they are: a text is proposed, paid for, voted on and read", async () => {
  const net = createNetwork({ validators: { a: 10n * M }, balances: { ann: 100n * M } });
  net.block();
  const registry = new Registry(defaultRegistryTypes);
  const run = (typeUrl: string, value: unknown) => net.run(typeUrl, registry.encode({ typeUrl, value }));
  const text = TextProposal.encode({ title: "A title", description: "A description" }).finish();
  run("/cosmos.gov.v1beta1.MsgSubmitProposal", {
    content: { typeUrl: "/cosmos.gov.v1beta1.TextProposal", value: text },
    initialDeposit: [{ denom: "uassay", amount: "4000000" }],
    proposer: accountOf("ann"),
  });
  const amount = [{ denom: "uassay", amount: "6000000" }];
  run("/cosmos.gov.v1beta1.MsgDeposit", { proposalId: 1n, depositor: accountOf("ann"), amount });
  run("/cosmos.gov.v1beta1.MsgVote", { proposalId: 1n, voter: accountOf("a"), option: 1 });
  const { gov } = client(net);
  const { proposal } = await gov.proposal(1);
  expect([proposal.status, proposal.totalDeposit]).toEqual([2, [{ denom: "uassay", amount: "10000000" }]]);
  expect(proposal.content?.value).toEqual(text);
  expect((await gov.proposals(2, "", "")).proposals).toHaveLength(1);
  expect((await gov.votes(1)).votes).toMatchObject([{ voter: accountOf("a"), option: 1 }]);
  expect((await gov.vote(1, accountOf("a"))).vote.options).toEqual([{ option: 1, weight: (10n ** 18n).toString() }]);
  expect((await gov.deposits(1)).deposits).toHaveLength(1);
  expect((await gov.tally(1)).tally?.yes).toBe("10000000");
  expect((await gov.params("tallying")).tallyParams.quorum).toEqual(utf8("334000000000000000"));
  await expect(gov.proposal(2)).rejects.toThrow("key not found");
});

test("messages that CosmJS's default registry encodes are parsed and run", () => {
  const net = createNetwork({ balances: { ann: 100n } });
  const registry = new Registry(defaultRegistryTypes);
  const value = registry.encode({
    typeUrl: "/cosmos.bank.v1beta1.MsgSend",
    value: { fromAddress: accountOf("ann"), toAddress: accountOf("bob"), amount: [{ denom: "uassay", amount: "40" }] },
  });
  net.run("/cosmos.bank.v1beta1.MsgSend", value);
  expect(balance(net.store, addressOf("bob"), "uassay")).toBe(40n);
  const known = new Set(defaultRegistryTypes.map(([typeUrl]) => typeUrl));
  const unknown = MODULES.flatMap(({ messages }) => messages).filter(({ typeUrl }) => !known.has(typeUrl));
  // CosmJS has no types for these; the client package registers the chain's own.
  expect(unknown.map(({ typeUrl }) => typeUrl).sort()).toEqual([
    "/assay.params.v1.MsgUpdateParams",
    "/assay.staking.v1.MsgSetVoteKey",
    "/cosmos.bank.v1beta1.MsgSetSendEnabled",
    "/cosmos.distribution.v1beta1.MsgCommunityPoolSpend",
    "/cosmos.distribution.v1beta1.MsgDepositValidatorRewardsPool",
    "/cosmos.feegrant.v1beta1.MsgPruneAllowances",
    "/cosmos.gov.v1.MsgCancelProposal",
    "/cosmos.gov.v1.MsgExecLegacyContent",
    "/cosmos.slashing.v1beta1.MsgUnjail",
    "/cosmos.upgrade.v1beta1.MsgCancelUpgrade",
    "/cosmos.upgrade.v1beta1.MsgSoftwareUpgrade",
    "/cosmos.vesting.v1beta1.MsgCreatePeriodicVestingAccount",
    "/cosmos.vesting.v1beta1.MsgCreatePermanentLockedAccount",
  ]);
});
