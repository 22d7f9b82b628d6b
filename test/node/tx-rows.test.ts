import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Registry } from "@cosmjs/proto-signing";
import { describe, expect, test } from "vitest";
import { messageRegistry } from "../../client/transactions.ts";
import { anyFromJson, anyToJson } from "../../node/cli/proto-json.ts";
import { findRow } from "../../node/cli/tx/find-row.ts";
import { time } from "../../node/cli/tx/kinds.ts";
import { TX_FLAGS } from "../../node/cli/tx/options.ts";
import { parseRow, type Sender } from "../../node/cli/tx/row.ts";
import { TX_ROWS } from "../../node/cli/tx/table.ts";
import { UserError } from "../../node/user-error.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const ANN = "assay15yk64u7zc9g9k2yr2wmzeva5qgwxps6y6kakhv";
const BOB = "assay1a0q8r8pweu3ga4md565hg39ue4rsay7h3svezf";
const VAL = "assayvaloper1r3gu8w95pvpk7tx90vgwkl8rhe6re65t4s8mf6";
const OTHER = "assayvaloper1a0q8r8pweu3ga4md565hg39ue4rsay7hayw23s";
const registry: Registry = messageRegistry();

const SENDER: Sender = {
  address: ANN,
  operator: "assayvaloper15yk64u7zc9g9k2yr2wmzeva5qgwxps6yk6vz5u",
  addressBytes: new Uint8Array(20),
  chainId: "assaytest-1",
  node: "http://127.0.0.1:9",
  home: "/nowhere",
  rpc: { request: () => Promise.reject(new Error("no node is asked")) },
};

/** The messages of a command line as JSON. */
async function messagesOf(line: string): Promise<unknown[]> {
  const { row, rest } = findRow("tx", TX_ROWS, line.split(" "));
  const { values } = parseRow("tx", row, TX_FLAGS, rest);
  const messages = await row.messages(values, SENDER);
  return messages.map((one) => anyToJson(registry.encodeAsAny(one)));
}

const coin = (amount: string, denom = "uassay") => ({ denom, amount });
const stake = (type: string, amount: string) => ({
  "@type": `/cosmos.staking.v1beta1.${type}`,
  delegator_address: ANN,
  validator_address: VAL,
  amount: coin(amount),
});

const CASES: readonly (readonly [line: string, message: object])[] = [
  [
    `bank send ${BOB} 5uassay,3abc`,
    {
      "@type": "/cosmos.bank.v1beta1.MsgSend",
      from_address: ANN,
      to_address: BOB,
      amount: [coin("3", "abc"), coin("5")],
    },
  ],
  [
    `bank multi-send ${BOB}:5uassay ${ANN}:7uassay`,
    {
      "@type": "/cosmos.bank.v1beta1.MsgMultiSend",
      inputs: [{ address: ANN, coins: [coin("12")] }],
      outputs: [
        { address: BOB, coins: [coin("5")] },
        { address: ANN, coins: [coin("7")] },
      ],
    },
  ],
  [`staking delegate ${VAL} 5uassay`, stake("MsgDelegate", "5")],
  [`staking unbond ${VAL} 6uassay`, stake("MsgUndelegate", "6")],
  [
    `staking cancel-unbonding ${VAL} 6uassay 77`,
    { ...stake("MsgCancelUnbondingDelegation", "6"), creation_height: "77" },
  ],
  [
    `staking redelegate ${VAL} ${OTHER} 6uassay`,
    {
      "@type": "/cosmos.staking.v1beta1.MsgBeginRedelegate",
      delegator_address: ANN,
      validator_src_address: VAL,
      validator_dst_address: OTHER,
      amount: coin("6"),
    },
  ],
  [
    "staking edit-validator --moniker me --commission-rate 0.05",
    {
      "@type": "/cosmos.staking.v1beta1.MsgEditValidator",
      description: {
        moniker: "me",
        identity: "[do-not-modify]",
        website: "[do-not-modify]",
        security_contact: "[do-not-modify]",
        details: "[do-not-modify]",
      },
      validator_address: SENDER.operator,
      commission_rate: "0.050000000000000000",
      min_self_delegation: "",
    },
  ],
  ["slashing unjail", { "@type": "/cosmos.slashing.v1beta1.MsgUnjail", validator_addr: SENDER.operator }],
  [
    `distribution withdraw-rewards ${VAL}`,
    {
      "@type": "/cosmos.distribution.v1beta1.MsgWithdrawDelegatorReward",
      delegator_address: ANN,
      validator_address: VAL,
    },
  ],
  [
    `distribution set-withdraw-address ${BOB}`,
    { "@type": "/cosmos.distribution.v1beta1.MsgSetWithdrawAddress", delegator_address: ANN, withdraw_address: BOB },
  ],
  [
    "distribution fund-community-pool 5uassay",
    { "@type": "/cosmos.distribution.v1beta1.MsgFundCommunityPool", amount: [coin("5")], depositor: ANN },
  ],
  [
    "gov vote 3 no_with_veto",
    {
      "@type": "/cosmos.gov.v1.MsgVote",
      proposal_id: "3",
      voter: ANN,
      option: "VOTE_OPTION_NO_WITH_VETO",
      metadata: "",
    },
  ],
  [
    "gov weighted-vote 3 yes=0.6,no=0.4",
    {
      "@type": "/cosmos.gov.v1.MsgVoteWeighted",
      proposal_id: "3",
      voter: ANN,
      options: [
        { option: "VOTE_OPTION_YES", weight: "0.600000000000000000" },
        { option: "VOTE_OPTION_NO", weight: "0.400000000000000000" },
      ],
      metadata: "",
    },
  ],
  [
    "gov deposit 3 5uassay",
    { "@type": "/cosmos.gov.v1.MsgDeposit", proposal_id: "3", depositor: ANN, amount: [coin("5")] },
  ],
  [
    `authz grant ${BOB} send --spend-limit 5uassay`,
    {
      "@type": "/cosmos.authz.v1beta1.MsgGrant",
      granter: ANN,
      grantee: BOB,
      grant: {
        authorization: {
          "@type": "/cosmos.bank.v1beta1.SendAuthorization",
          spend_limit: [coin("5")],
          allow_list: [],
        },
      },
    },
  ],
  [
    `authz revoke ${BOB} /cosmos.gov.v1.MsgVote`,
    { "@type": "/cosmos.authz.v1beta1.MsgRevoke", granter: ANN, grantee: BOB, msg_type_url: "/cosmos.gov.v1.MsgVote" },
  ],
  [
    `feegrant grant ${BOB} --spend-limit 9uassay --allowed-messages /cosmos.gov.v1.MsgVote`,
    {
      "@type": "/cosmos.feegrant.v1beta1.MsgGrantAllowance",
      granter: ANN,
      grantee: BOB,
      allowance: {
        "@type": "/cosmos.feegrant.v1beta1.AllowedMsgAllowance",
        allowance: { "@type": "/cosmos.feegrant.v1beta1.BasicAllowance", spend_limit: [coin("9")] },
        allowed_messages: ["/cosmos.gov.v1.MsgVote"],
      },
    },
  ],
  [`feegrant revoke ${BOB}`, { "@type": "/cosmos.feegrant.v1beta1.MsgRevokeAllowance", granter: ANN, grantee: BOB }],
];

test.each(CASES)("assay tx %s", async (line, expected) => {
  const [message, ...more] = await messagesOf(line);
  expect(more).toEqual([]);
  expect(message).toEqual(expected);
  // What files hold is what was meant.
  expect(anyToJson(anyFromJson(message))).toEqual(expected);
});

test("withdraw-rewards --commission is two messages", async () => {
  const messages = await messagesOf(`distribution withdraw-rewards ${VAL} --commission`);
  expect(messages.map((one) => (one as { "@type": string })["@type"])).toEqual([
    "/cosmos.distribution.v1beta1.MsgWithdrawDelegatorReward",
    "/cosmos.distribution.v1beta1.MsgWithdrawValidatorCommission",
  ]);
});

test("a proposal is read from its file, with whatever messages", async () => {
  const path = join(temporaryFolder(), "p.json");
  const changes = [{ name: "staking.maxEntries", value: "9" }];
  const update = { "@type": "/assay.params.v1.MsgUpdateParams", authority: BOB, changes };
  writeFileSync(path, JSON.stringify({ title: "t", summary: "s", deposit: "7uassay", messages: [update] }));
  expect(await messagesOf(`gov submit-proposal ${path}`)).toEqual([
    {
      "@type": "/cosmos.gov.v1.MsgSubmitProposal",
      messages: [update],
      initial_deposit: [coin("7")],
      proposer: ANN,
      metadata: "",
      title: "t",
      summary: "s",
      expedited: false,
    },
  ]);
  writeFileSync(path, JSON.stringify({ title: "t", messages: [{ ...update, chagnes: [] }] }));
  await expect(messagesOf(`gov submit-proposal ${path}`)).rejects.toThrow(
    'there is no chagnes (did you mean "changes"?)',
  );
  writeFileSync(path, JSON.stringify({ title: "t", messages: [{ "@type": "/assay.params.v1.MsgUpdateParam" }] }));
  await expect(messagesOf(`gov submit-proposal ${path}`)).rejects.toThrow("did you mean");
});

test("times are taken as they are printed, with and without thousandths", async () => {
  for (const [text, nanos] of [
    ["2030-01-31T12:00:00Z", 0],
    ["2030-01-31T12:00:00.000Z", 0],
    ["2030-01-31T12:00:00.250Z", 250_000_000],
  ] as const) {
    expect(time.parse(text)).toEqual({ seconds: BigInt(Date.UTC(2030, 0, 31, 12) / 1000), nanos });
  }
});

describe("mistakes", () => {
  test.each([
    ["staking delegate", "tx staking delegate: validator is missing; see assay tx staking delegate --help"],
    [`staking delegate ${ANN} 5uassay`, "is not a validator's address"],
    [`bank send ${VAL} 5uassay`, "is not the address of an account"],
    [`bank send ${BOB} 5uassay,6uassay`, "uassay is there twice"],
    [`bank send ${BOB} 5uassay --meno x`, 'unknown option --meno (did you mean "--memo"?)'],
    [`bank send ${BOB} 0uassay`, "amount must be a number and a denomination"],
    ["staking create-validator --amount 5uassay", "tx staking create-validator: --moniker is missing"],
    ["staking edit-validator --commission-rate 1.1", "--commission-rate must be from 0 to 1"],
    ["gov vote 3 yse", 'option must be yes, abstain, no, no_with_veto, not "yse" (did you mean "yes"?)'],
    ["gov weighted-vote 3 yes=2", "must be like yes=0.6,no=0.4"],
    [`authz grant ${BOB} generic`, "generic needs --msg-type"],
    [`authz grant ${BOB} delegate`, "needs either --allowed-validators or --deny-validators"],
    [`feegrant grant ${BOB} --period 1h`, "--period and --period-limit go together"],
    [`feegrant grant ${BOB} --expiration tomorrow`, "--expiration must be a time such as"],
    ["staking", "tx staking: one of create-validator, edit-validator"],
    ["stakin", 'nothing is called "stakin" (did you mean "staking"?)'],
    ["slashing unjial", 'nothing is called "unjial" (did you mean "unjail"?)'],
  ])("assay tx %s", async (line, expected) => {
    await expect(messagesOf(line)).rejects.toThrow(UserError);
    await expect(messagesOf(line)).rejects.toThrow(expected);
  });
});
