import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { toBech32 } from "@cosmjs/encoding";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { moduleAddress } from "../../modules/auth/keeper.ts";
import { temporaryFolder } from "../node/temporary-folder.ts";
import { assay } from "../scenarios/command.ts";
import { useNetwork } from "../scenarios/network.ts";
import { eventually } from "../scenarios/wait.ts";

/** What people do with stake, votes and grants, by `assay tx` and `assay query` and with every keyring, against real processes. */

const network = useNetwork({
  offset: 9700,
  params: { "consensus.emptyBlockInterval": 250n, "gov.votingPeriod": 10_000n, "gov.expeditedVotingPeriod": 3000n },
});

const AUTHORITY = toBech32("assay", moduleAddress("gov"));
const account = (byte: number): string => toBech32("assay", new Uint8Array(20).fill(byte));

type Words = readonly string[];

const node = (): Words => ["--node", network.rpc(0)];

async function query(...args: Words): Promise<unknown> {
  return JSON.parse(await assay("query", ...args, ...node()));
}

interface Sent {
  readonly height: number;
  readonly code: number;
}

/** Signs as the options say, and expects success. @returns the height. */
async function send(signer: Words, ...args: Words): Promise<number> {
  const { code, height } = JSON.parse(await assay("tx", ...args, ...signer, ...node(), "--yes", "--json")) as Sent;
  expect(code).toBe(0);
  return height;
}

const developer = (n: number): Words => ["--from", `dev${n}`];
const addressOf = async (n: number): Promise<string> => (await network.client(n)).address;

/** Where a simulation finds less than the block does: a reward that is there by then, an allowance of which it is told nothing. */
const ENOUGH: Words = ["--gas", "400000"];

async function balanceOf(address: string): Promise<bigint> {
  const { balances } = (await query("bank", "balances", address)) as {
    readonly balances: { readonly amount: string }[];
  };
  return BigInt(balances[0]?.amount ?? "0");
}

/** Besides validators, who vote on nothing here: together more than the quorum. */
const VOTERS = [4, 5, 6];

beforeAll(async () => {
  for (const voter of VOTERS) {
    await send(developer(voter), "staking", "delegate", network.validator(2).operator, "900000000000uassay");
  }
});

test("bank: to one, to several", async () => {
  await send(developer(0), "bank", "send", account(1), "5uassay");
  await send(developer(0), "bank", "multi-send", `${account(1)}:7uassay`, `${account(2)}:9uassay`);
  expect([await balanceOf(account(1)), await balanceOf(account(2))]).toEqual([12n, 9n]);
  expect(await query("bank", "supply-of", "uassay")).toMatchObject({ amount: { denom: "uassay" } });
});

test("staking and distribution", async () => {
  const me = developer(1);
  const delegator = await addressOf(1);
  const [from, to] = [network.validator(0).operator, network.validator(1).operator];
  await send(me, "staking", "delegate", from, "900000000000uassay");
  const left = await send(me, "staking", "unbond", from, "200000000000uassay");
  await send(me, "staking", "cancel-unbonding", from, "50000000000uassay", String(left));
  await send(me, "staking", "redelegate", from, to, "300000000000uassay");
  expect(await query("staking", "delegation", delegator, from)).toMatchObject({
    delegation_response: {
      delegation: { shares: "450000000000.000000000000000000" },
      balance: { amount: "450000000000" },
    },
  });
  expect(await query("staking", "unbonding", delegator)).toMatchObject({
    unbonding_responses: [{ entries: [{ balance: "150000000000" }] }],
  });
  expect(await query("staking", "redelegations", delegator)).toMatchObject({
    redelegation_responses: [{ entries: [{ balance: "300000000000" }] }],
  });
  const payee = account(3);
  await send(me, "distribution", "set-withdraw-address", payee);
  expect(await query("distribution", "withdraw-address", delegator)).toMatchObject({ withdraw_address: payee });
  await eventually("rewards", async () => {
    await send([...me, ...ENOUGH], "distribution", "withdraw-all-rewards");
    return (await balanceOf(payee)) > 0n ? true : undefined;
  });
  const before = await balanceOf(payee);
  await send([...me, ...ENOUGH], "distribution", "withdraw-rewards", to);
  expect(await balanceOf(payee)).toBeGreaterThanOrEqual(before);
  await send(me, "distribution", "fund-community-pool", "1000000uassay");
  const { pool } = (await query("distribution", "community-pool")) as { readonly pool: { readonly amount: string }[] };
  expect(Number(pool[0]?.amount)).toBeGreaterThanOrEqual(1_000_000);
});

test("governance, from the proposal's file to what it carries out", async () => {
  const path = join(temporaryFolder(), "proposal.json");
  const spend = { authority: AUTHORITY, recipient: account(4), amount: [{ denom: "uassay", amount: "1000" }] };
  const proposal = {
    messages: [{ "@type": "/cosmos.distribution.v1beta1.MsgCommunityPoolSpend", ...spend }],
    deposit: "5000000uassay",
    metadata: "",
    title: "a title",
    summary: "a summary",
  };
  writeFileSync(path, JSON.stringify(proposal));
  await send(developer(2), "distribution", "fund-community-pool", "1000000uassay");
  await send(developer(2), "gov", "submit-proposal", path);
  const proposer = await addressOf(2);
  const { proposals } = (await query("gov", "proposals", "--depositor", proposer)) as {
    readonly proposals: { readonly id: string }[];
  };
  const id = proposals[0]?.id ?? "";
  await send(developer(3), "gov", "deposit", id, "5000000uassay");
  expect(await query("gov", "proposal", id)).toMatchObject({ proposal: { status: "PROPOSAL_STATUS_VOTING_PERIOD" } });
  for (const voter of VOTERS) await send(developer(voter), "gov", "vote", id, "yes");
  await send(developer(1), "gov", "weighted-vote", id, "yes=0.6,no=0.4");
  expect(await query("gov", "vote", id, await addressOf(4))).toMatchObject({
    vote: { options: [{ option: "VOTE_OPTION_YES" }] },
  });
  await eventually("the money", async () => ((await balanceOf(account(4))) === 1000n ? true : undefined));
  expect(await query("gov", "proposal", id)).toMatchObject({ proposal: { status: "PROPOSAL_STATUS_PASSED" } });
});

test("authz: granted, used for a file's messages, and taken back", async () => {
  const [granter, grantee] = [await addressOf(7), await addressOf(8)];
  const type = "/cosmos.bank.v1beta1.MsgSend";
  await send(developer(7), "authz", "grant", grantee, "send", "--spend-limit", "1000uassay");
  expect(await query("authz", "grants", granter, grantee)).toMatchObject({
    grants: [{ authorization: { "@type": "/cosmos.bank.v1beta1.SendAuthorization" } }],
  });
  const unsigned = ["--from", granter, "--gas", "200000", "--generate-only", ...node()];
  const path = join(temporaryFolder(), "send.json");
  writeFileSync(path, await assay("tx", "bank", "send", account(5), "400uassay", ...unsigned));
  await send(developer(8), "authz", "exec", path);
  expect(await balanceOf(account(5))).toBe(400n);
  await send(developer(7), "authz", "revoke", grantee, type);
  await expect(send(developer(8), "authz", "exec", path)).rejects.toThrow(/authorization not found/);
});

test("feegrant: another pays, until it is taken back; a time after 2038 stays what it is", async () => {
  const [granter, grantee] = [await addressOf(7), await addressOf(9)];
  const until = "2049-03-22T04:26:40";
  await send(developer(7), "feegrant", "grant", grantee, "--spend-limit", "1000000uassay", "--expiration", `${until}Z`);
  expect(await query("feegrant", "allowance", granter, grantee)).toMatchObject({
    allowance: { allowance: { expiration: `${until}.000Z` } },
  });
  const before = await balanceOf(grantee);
  await send([...developer(9), ...ENOUGH, "--fee-granter", granter], "bank", "send", account(6), "11uassay");
  expect(await balanceOf(grantee)).toBe(before - 11n);
  await send(developer(7), "feegrant", "revoke", grantee);
  const again = send([...developer(9), ...ENOUGH, "--fee-granter", granter], "bank", "send", account(6), "11uassay");
  await expect(again).rejects.toThrow(/fee-grant not found/);
});

test("slashing: who signs, and that only the jailed are unjailed", async () => {
  const { info } = (await query("slashing", "signing-infos")) as { readonly info: { readonly tombstoned: boolean }[] };
  expect(info.map(({ tombstoned }) => tombstoned)).toEqual([false, false, false, false]);
  await expect(send(developer(9), "slashing", "unjail")).rejects.toThrow(/validator/);
});

/** Keeps secrets in files beside itself, as `secret-tool` keeps them by their attributes. */
const SECRET_TOOL = `#!/bin/sh
cd "$(dirname "$0")" || exit 2
command=$1
for id do :; done
case $command in
  store) cat > "secret-$id" ;;
  lookup) test -f "secret-$id" && cat "secret-$id" ;;
  clear) rm -f "secret-$id" ;;
  *) exit 2 ;;
esac
`;

describe("keyrings", () => {
  test.each(["file", "test", "os"])(
    "%s: a key is made, funded, signs in both modes, and is removed",
    async (backend) => {
      const folder = temporaryFolder();
      const tools = join(folder, "tools");
      mkdirSync(tools);
      writeFileSync(join(tools, "secret-tool"), SECRET_TOOL);
      chmodSync(join(tools, "secret-tool"), 0o755);
      const path = process.env.PATH ?? "";
      process.env.PATH = `${tools}${delimiter}${path}`;
      onTestFinished(() => {
        process.env.PATH = path;
      });
      writeFileSync(join(folder, "passphrase"), "correct horse battery\n", { mode: 0o600 });
      const passphrase = backend === "file" ? ["--passphrase-file", join(folder, "passphrase")] : [];
      const keyring = ["--home", folder, "--keyring-backend", backend, ...passphrase];
      await assay("keys", "add", "alice", ...keyring);
      const alice = await assay("keys", "show", "alice", "--address", ...keyring);
      await send(developer(0), "bank", "send", alice, "1000000uassay");
      const to = toBech32("assay", Buffer.from(backend.padEnd(20)));
      for (const mode of ["direct", "amino"]) {
        await send(["--from", "alice", "--sign-mode", mode, ...keyring], "bank", "send", to, "21uassay");
      }
      expect(await balanceOf(to)).toBe(42n);
      await assay("keys", "delete", "alice", "--yes", ...keyring);
      await expect(assay("keys", "show", "alice", ...keyring)).rejects.toThrow(/alice/);
    },
  );
});
