import { VoteOption } from "cosmjs-types/cosmos/gov/v1/gov";
import { MsgDeposit, MsgSubmitProposal, MsgVote, MsgVoteWeighted } from "cosmjs-types/cosmos/gov/v1/tx";
import { UserError } from "../../user-error.ts";
import { readJsonFile } from "../client.ts";
import { anyFromJson } from "../proto-json.ts";
import { choice, coins, file, integer, type Kind, optional, words } from "./kinds.ts";
import { message, type TxRow, txRow } from "./row.ts";

const OPTIONS = {
  yes: VoteOption.VOTE_OPTION_YES,
  abstain: VoteOption.VOTE_OPTION_ABSTAIN,
  no: VoteOption.VOTE_OPTION_NO,
  no_with_veto: VoteOption.VOTE_OPTION_NO_WITH_VETO,
} as const;
const vote = choice("yes", "abstain", "no", "no_with_veto");

interface Weighted {
  readonly option: VoteOption;
  readonly weight: string;
}

/** Weights as gov v1 has them, `0.600000000000000000`; that they add up to one, the chain checks. */
const weighted: Kind<Weighted[]> = {
  shape: "yes=0.6,no=0.4",
  parse: (text) =>
    text.split(",").map((part) => {
      const [option = "", weight = "", ...rest] = part.split("=");
      if (!/^(1(\.0{1,18})?|0\.[0-9]{1,18})$/.test(weight) || rest.length > 0) {
        throw new UserError(`must be like yes=0.6,no=0.4, not "${text.slice(0, 100)}"`);
      }
      const [whole, decimals = ""] = weight.split(".");
      return { option: OPTIONS[vote.parse(option)], weight: `${whole}.${decimals.padEnd(18, "0")}` };
    }),
};

const FIELDS = ["messages", "metadata", "deposit", "title", "summary", "expedited"];

function textField(json: Readonly<Record<string, unknown>>, name: string): string {
  const value = json[name] ?? "";
  if (typeof value === "string") return value;
  throw new UserError(`${name} must be a text`);
}

/** A proposal as the Cosmos SDK's command line reads it. */
function readProposal(path: string, proposer: string): MsgSubmitProposal {
  const json = readJsonFile(path);
  try {
    if (typeof json !== "object" || json === null) throw new UserError("must hold an object");
    const fields = json as Readonly<Record<string, unknown>>;
    const unknown = Object.keys(fields).find((name) => !FIELDS.includes(name));
    if (unknown !== undefined) throw new UserError(`there is no field ${unknown}; known are ${FIELDS.join(", ")}`);
    const { messages = [], expedited = false } = fields;
    if (!Array.isArray(messages)) throw new UserError("messages must be a list");
    if (typeof expedited !== "boolean") throw new UserError("expedited must be true or false");
    const deposit = textField(fields, "deposit");
    return MsgSubmitProposal.fromPartial({
      messages: messages.map(anyFromJson),
      initialDeposit: deposit === "" ? [] : coins.parse(deposit),
      proposer,
      metadata: textField(fields, "metadata"),
      title: textField(fields, "title"),
      summary: textField(fields, "summary"),
      expedited,
    });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${path}: ${error.message}`, { cause: error });
  }
}

const METADATA = optional(words, "a text kept with the vote");

export const govRows: readonly TxRow[] = [
  txRow({
    path: "gov submit-proposal",
    summary: "proposes what a file says: {messages, metadata, deposit, title, summary, expedited}",
    args: { proposal: file },
    messages: ({ proposal }, { address }) => [message(MsgSubmitProposal, readProposal(proposal, address))],
  }),
  txRow({
    path: "gov deposit",
    summary: "adds to a proposal's deposit",
    args: { proposal: integer, amount: coins },
    messages: ({ proposal, amount }, { address }) => [
      message(MsgDeposit, MsgDeposit.fromPartial({ proposalId: proposal, depositor: address, amount })),
    ],
  }),
  txRow({
    path: "gov vote",
    summary: "votes on a proposal",
    args: { proposal: integer, option: vote },
    flags: { metadata: METADATA },
    messages: ({ proposal, option, metadata }, { address }) => [
      message(
        MsgVote,
        MsgVote.fromPartial({
          proposalId: proposal,
          voter: address,
          option: OPTIONS[option],
          metadata: metadata ?? "",
        }),
      ),
    ],
  }),
  txRow({
    path: "gov weighted-vote",
    summary: "votes on a proposal with a share for each option",
    args: { proposal: integer, options: weighted },
    flags: { metadata: METADATA },
    messages: ({ proposal, options, metadata }, { address }) => [
      message(
        MsgVoteWeighted,
        MsgVoteWeighted.fromPartial({ proposalId: proposal, voter: address, options, metadata: metadata ?? "" }),
      ),
    ],
  }),
];
