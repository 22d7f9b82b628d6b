import { CommunityPoolSpendProposal } from "cosmjs-types/cosmos/distribution/v1beta1/distribution";
import { MsgFundCommunityPool } from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import { VoteOption } from "cosmjs-types/cosmos/gov/v1/gov";
import {
  MsgCancelProposal,
  MsgDeposit,
  MsgExecLegacyContent,
  MsgSubmitProposal,
  MsgVote,
  MsgVoteWeighted,
} from "cosmjs-types/cosmos/gov/v1/tx";
import { TextProposal } from "cosmjs-types/cosmos/gov/v1beta1/gov";
import {
  MsgDeposit as LegacyDeposit,
  MsgSubmitProposal as LegacySubmit,
  MsgVote as LegacyVote,
  MsgVoteWeighted as LegacyVoteWeighted,
} from "cosmjs-types/cosmos/gov/v1beta1/tx";
import { ParameterChangeProposal } from "cosmjs-types/cosmos/params/v1beta1/params";
import { accountText } from "../../../modules/addresses.ts";
import { moduleAddress } from "../../../modules/auth/keeper.ts";
import { accountOf, SPEC } from "../network.ts";
import { BAD_ACCOUNTS, BAD_COINS, coin, each, rowsOf } from "./inputs.ts";
import type { Refusal } from "./play.ts";
import { createWorld, FUNDS, OTHER_DENOM, type World } from "./world.ts";

const GOV = accountText(SPEC, moduleAddress("gov"));
const PERIOD = 172_800_000;
const encoded = <M>(codec: { typeUrl: string; encode(value: M): { finish(): Uint8Array } }, value: M) => ({
  typeUrl: codec.typeUrl,
  value: codec.encode(value).finish(),
});
const text = (change: Partial<TextProposal> = {}) =>
  encoded(TextProposal, { title: "title", description: "description", ...change });

const SUBMIT: MsgSubmitProposal = {
  messages: [],
  initialDeposit: [coin(10_000_000n)],
  proposer: accountOf("ann"),
  metadata: "text",
  title: "title",
  summary: "summary",
  expedited: false,
};

/** Proposal 1 is voted on, 2 waits for its deposit. */
function proposed(): World {
  const world = createWorld();
  world.send(encoded(MsgSubmitProposal, { ...SUBMIT, initialDeposit: [coin(10_000_000_000n)] }));
  world.send(encoded(MsgSubmitProposal, { ...SUBMIT, initialDeposit: [coin(1_000_000n)] }));
  return world;
}

/** The vote on proposal 1 has ended. */
function ended(): World {
  const world = proposed();
  world.block(PERIOD + 1000);
  world.block();
  return world;
}

/** Its time is over, and the end of the block that decides it has not come. */
function over(): World {
  const world = proposed();
  world.block(PERIOD + 1000);
  return world;
}

const submit = rowsOf(MsgSubmitProposal, SUBMIT);
const carrying = (wrong: string, code: string, ...messages: ReturnType<typeof text>[]) =>
  submit(wrong, code, { messages });
const legacySubmit = rowsOf(LegacySubmit, {
  content: text(),
  initialDeposit: SUBMIT.initialDeposit,
  proposer: accountOf("ann"),
});
const DEPOSIT = { proposalId: 2n, depositor: accountOf("ann"), amount: [coin(1_000_000n)] };
const VOTE = { proposalId: 1n, voter: accountOf("ann"), option: VoteOption.VOTE_OPTION_YES };
const option = (weight: string, choice: number = VoteOption.VOTE_OPTION_YES) => ({ option: choice, weight });
const cancel = rowsOf(MsgCancelProposal, { proposalId: 1n, proposer: accountOf("ann") }, { given: proposed });
const exec = rowsOf(MsgExecLegacyContent, { content: text(), authority: GOV }, { by: "governance" });

const depositRows = (row: ReturnType<typeof rowsOf<MsgDeposit>>): readonly Refusal[] => [
  ...each(BAD_ACCOUNTS, "depositor", (wrong, depositor) => row(wrong, "sdk/7", { depositor })),
  ...each(BAD_COINS.slice(1), "amount:", (wrong, amount) => row(wrong, "sdk/10", { amount })),
  row("unknown proposal", "gov/17", { proposalId: 99n }),
  row("a number above 2^53", "gov/17", { proposalId: 1n << 60n }),
  row("another denomination", "gov/23", { amount: [coin(1n, OTHER_DENOM)] }),
  row("nothing", "gov/16", { amount: [] }),
  row("dust", "gov/16", { amount: [coin(1n)] }),
  row("more than the depositor has", "sdk/5", { amount: [coin(FUNDS)] }),
  row("the vote has ended", "gov/3", { proposalId: 1n }, { given: ended }),
];
const voteRows = (row: ReturnType<typeof rowsOf<{ proposalId: bigint; voter: string }>>): readonly Refusal[] => [
  ...each(BAD_ACCOUNTS, "voter", (wrong, voter) => row(wrong, "sdk/7", { voter })),
  row("unknown proposal", "gov/3", { proposalId: 99n }),
  row("the vote has not begun", "gov/3", { proposalId: 2n }),
  row("the vote has ended", "gov/3", {}, { given: ended }),
  row("the time to vote is over", "gov/3", {}, { given: over }),
];
const optionRows = (row: (wrong: string, code: string, change: object) => Refusal): readonly Refusal[] => [
  row("no option", "gov/7", { option: 0 }),
  row("an unknown option", "gov/7", { option: 5 }),
];

const vote = rowsOf(MsgVote, { ...VOTE, metadata: "" }, { given: proposed });
const legacyVote = rowsOf(LegacyVote, VOTE, { given: proposed });
const WEIGHTED = { proposalId: 1n, voter: accountOf("ann"), metadata: "" };
const weighted = rowsOf(MsgVoteWeighted, { ...WEIGHTED, options: [option("1.0")] }, { given: proposed });
const legacyWeighted = rowsOf(
  LegacyVoteWeighted,
  { proposalId: 1n, voter: accountOf("ann"), options: [option(`${10n ** 18n}`)] },
  { given: proposed },
);
const legacyDeposit = rowsOf(LegacyDeposit, DEPOSIT, { given: proposed });
const deposit = rowsOf(MsgDeposit, DEPOSIT, { given: proposed });

type Weights = (wrong: string, code: string, change: { options: ReturnType<typeof option>[] }) => Refusal;
/** @param half a half, as that version writes it. */
const weightRows = (row: Weights, half: string, small: string): readonly Refusal[] => [
  row("no options", "sdk/18", { options: [] }),
  row("weights below one", "gov/7", { options: [option(half)] }),
  row("weights above one", "gov/7", { options: [option(half), option(half, 2), option(small, 3)] }),
  row("an option twice", "gov/7", { options: [option(half), option(half)] }),
  row("an unknown option", "gov/7", { options: [option(half), option(half, 5)] }),
  row("a weight of zero", "gov/7", { options: [option("0")] }),
  row("a negative weight", "gov/7", { options: [option("-1")] }),
  row("a weight that is no number", "gov/7", { options: [option("half")] }),
];

export const gov: readonly Refusal[] = [
  ...each(BAD_ACCOUNTS, "proposer", (wrong, proposer) => submit(wrong, "sdk/7", { proposer })),
  ...each(BAD_COINS.slice(1), "deposit:", (wrong, initialDeposit) => submit(wrong, "sdk/10", { initialDeposit })),
  submit("a deposit of another denomination", "gov/23", { initialDeposit: [coin(1n, OTHER_DENOM)] }),
  submit("a deposit that is too small", "gov/16", { initialDeposit: [coin(1n)] }),
  submit("a deposit the proposer does not have", "sdk/5", { initialDeposit: [coin(FUNDS)] }),
  submit("no title", "sdk/18", { title: "" }),
  submit("no summary", "sdk/18", { summary: "" }),
  submit("a title too long", "gov/15", { title: "x".repeat(256) }),
  submit("a summary too long", "gov/22", { summary: "x".repeat(10_201) }),
  submit("metadata too long", "gov/15", { metadata: "x".repeat(256) }),
  submit("neither messages nor metadata", "gov/11", { metadata: "" }),
  carrying("an unknown message", "gov/10", { typeUrl: "/x.Y", value: new Uint8Array(0) }),
  carrying("an undecodable message", "gov/12", { typeUrl: MsgExecLegacyContent.typeUrl, value: Uint8Array.of(255) }),
  carrying("a proposal within a proposal", "gov/12", encoded(MsgSubmitProposal, { ...SUBMIT, proposer: GOV })),
  carrying(
    "a message that another signs",
    "gov/13",
    encoded(MsgFundCommunityPool, { depositor: accountOf("ann"), amount: [coin(1n)] }),
  ),
  carrying(
    "too many messages",
    "sdk/18",
    ...Array.from({ length: 33 }, () => encoded(MsgExecLegacyContent, { content: text(), authority: GOV })),
  ),

  ...each(BAD_ACCOUNTS, "proposer", (wrong, proposer) => legacySubmit(wrong, "sdk/7", { proposer })),
  ...each(BAD_COINS.slice(1), "deposit:", (wrong, initialDeposit) => legacySubmit(wrong, "sdk/10", { initialDeposit })),
  legacySubmit("a deposit of another denomination", "gov/23", { initialDeposit: [coin(1n, OTHER_DENOM)] }),
  legacySubmit("a deposit that is too small", "gov/16", { initialDeposit: [coin(1n)] }),
  legacySubmit("no content", "gov/5", { content: undefined }),
  legacySubmit("undecodable content", "gov/5", { content: { ...text(), value: Uint8Array.of(255) } }),
  legacySubmit("a blank title", "gov/5", { content: text({ title: " " }) }),
  legacySubmit("a title too long", "gov/5", { content: text({ title: "x".repeat(141) }) }),
  legacySubmit("no description", "gov/5", { content: text({ description: "" }) }),
  legacySubmit("a description too long", "gov/5", { content: text({ description: "x".repeat(10_001) }) }),
  legacySubmit("a kind that is unknown", "gov/9", { content: { typeUrl: "/x.Y", value: new Uint8Array(0) } }),
  legacySubmit("a change of parameters", "gov/9", {
    content: encoded(ParameterChangeProposal, { title: "t", description: "d", changes: [] }),
  }),
  legacySubmit("a payment that is itself wrong", "gov/12", {
    content: encoded(CommunityPoolSpendProposal, { title: "t", description: "d", recipient: GOV, amount: [] }),
  }),

  ...depositRows(deposit),
  ...depositRows(legacyDeposit),

  ...voteRows((wrong, code, change, rest) => vote(wrong, code, change, rest)),
  ...optionRows(vote),
  vote("metadata too long", "gov/15", { metadata: "x".repeat(256) }),
  ...voteRows((wrong, code, change, rest) => legacyVote(wrong, code, change, rest)),
  ...optionRows(legacyVote),
  ...voteRows((wrong, code, change, rest) => weighted(wrong, code, change, rest)),
  ...weightRows(weighted, "0.5", "0.1"),
  weighted("metadata too long", "gov/15", { metadata: "x".repeat(256) }),
  ...voteRows((wrong, code, change, rest) => legacyWeighted(wrong, code, change, rest)),
  ...weightRows(legacyWeighted, `${5n * 10n ** 17n}`, "1"),

  ...each(BAD_ACCOUNTS, "proposer", (wrong, proposer) => cancel(wrong, "sdk/7", { proposer })),
  cancel("unknown proposal", "gov/17", { proposalId: 99n }),
  cancel("another's proposal", "gov/18", { proposer: accountOf("ben") }, { by: "ben" }),
  cancel("the time to vote is over", "gov/20", {}, { given: over }),
  cancel("the vote has ended", "gov/21", {}, { given: ended }),

  exec("not by governance", "sdk/4", { authority: accountOf("ann") }, { by: "ann" }),
  ...each(BAD_ACCOUNTS, "authority", (wrong, authority) => exec(wrong, "sdk/7", { authority })),
  exec("no content", "gov/5", { content: undefined }),
  exec("another content than a text", "gov/5", { content: { typeUrl: "/x.Y", value: new Uint8Array(0) } }),
];
