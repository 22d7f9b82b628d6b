import type { Any } from "cosmjs-types/google/protobuf/any";
import { equalBytes, fromUtf8, utf8 } from "../../chain/bytes.ts";
import { sdkError, TxError } from "../../chain/errors.ts";
import { parseNested } from "../../chain/executor/nested-messages.ts";
import type { Context, ParsedMessage } from "../../chain/module.ts";
import { accountText } from "../addresses.ts";
import { GOV } from "../auth/keeper.ts";
import { addDeposit, checkInitialDeposit } from "./deposits.ts";
import { govError } from "./errors.ts";
import { govParams } from "./params.ts";
import { depositQueue, LIMITS, NO_TALLY, nextProposal, type Proposal, proposals, STATUS } from "./store.ts";

/** What somebody wants to be voted on. */
export interface Draft {
  readonly messages: readonly Any[];
  readonly proposer: Uint8Array;
  readonly title: string;
  readonly summary: string;
  readonly metadata: string;
  readonly expedited: boolean;
  /** Base units. */
  readonly deposit: bigint;
}

/** A proposal's number as the state keeps it. @throws TxError gov 17 for one that no proposal can have */
export function proposalNumber(id: bigint): number {
  if (id > BigInt(Number.MAX_SAFE_INTEGER)) throw govError("noProposal", `${id}`);
  return Number(id);
}

/** Proposals do not make proposals. */
const BARRED: ReadonlySet<string> = new Set([
  "/cosmos.gov.v1.MsgSubmitProposal",
  "/cosmos.gov.v1beta1.MsgSubmitProposal",
]);

/** @throws TxError gov 15 and 22, sdk 18 */
export function checkTexts({ title, summary, metadata }: Pick<Draft, "title" | "summary" | "metadata">): void {
  if (title === "") throw sdkError("invalidRequest", "proposal title cannot be empty");
  if (summary === "") throw sdkError("invalidRequest", "proposal summary cannot be empty");
  const bytes = (text: string): number => utf8(text).length;
  if (bytes(title) > LIMITS.title) throw govError("metadataTooLong", `got title with length ${bytes(title)}`);
  if (bytes(summary) > LIMITS.summary) throw govError("summaryTooLong", `got summary with length ${bytes(summary)}`);
  if (bytes(metadata) > LIMITS.metadata)
    throw govError("metadataTooLong", `got metadata with length ${bytes(metadata)}`);
}

/**
 * Decodes what a proposal is to do: known messages that only governance signs.
 * @throws TxError gov 10, 12 and 13
 */
export function parseProposalMessages(block: Context["block"], messages: readonly Any[]): ParsedMessage[] {
  return messages.map((message) => {
    if (!block.messages.has(message.typeUrl)) throw govError("unroutable", message.typeUrl.slice(0, 200));
    let parsed: ParsedMessage;
    try {
      parsed = parseNested(block, message, BARRED);
    } catch (error) {
      if (!(error instanceof TxError)) throw error;
      throw govError("invalidMessage", error.message);
    }
    const [signer, ...others] = parsed.signers;
    if (signer === undefined || others.length > 0 || !equalBytes(signer, GOV)) {
      const shown = parsed.signers.map((one) => accountText(block.spec, one)).join(", ");
      throw govError("invalidSigner", shown === "" ? "nobody" : shown);
    }
    return parsed;
  });
}

/** A proposal's messages as they were handed in. */
export function messagesOf(proposal: Pick<Proposal, "messages">): Any[] {
  return proposal.messages.map(({ typeUrl, value }) => ({ typeUrl: fromUtf8(typeUrl), value }));
}

/**
 * Takes a proposal in, with the first deposit.
 * @returns its number.
 * @throws TxError gov 10, 11, 12, 13, 15, 16 and 22, sdk 5 and 18
 */
export function submitProposal(ctx: Context, draft: Draft): number {
  const { messages, proposer, title, summary, metadata, expedited, deposit } = draft;
  checkTexts(draft);
  if (messages.length === 0 && metadata === "") {
    throw govError("noMessages", "either metadata or Msgs length must be non-nil");
  }
  if (messages.length > LIMITS.messages) {
    throw sdkError("invalidRequest", `${messages.length} messages, at most ${LIMITS.messages} are allowed`);
  }
  parseProposalMessages(ctx.block, messages);
  checkInitialDeposit(ctx, deposit, expedited);
  const id = nextProposal.get(ctx.store) ?? 1;
  nextProposal.set(ctx.store, id + 1);
  const depositEndTime = ctx.block.time + Number(govParams.read(ctx.block.params).maxDepositPeriod);
  proposals.set(ctx.store, id, {
    messages: messages.map(({ typeUrl, value }) => ({ typeUrl: utf8(typeUrl), value })),
    status: STATUS.deposit,
    expedited,
    proposer,
    title: utf8(title),
    summary: utf8(summary),
    metadata: utf8(metadata),
    failedReason: new Uint8Array(0),
    submitTime: ctx.block.time,
    depositEndTime,
    votingStartTime: 0,
    votingEndTime: 0,
    totalDeposit: 0n,
    depositors: 0,
    finalTally: NO_TALLY,
  });
  depositQueue.set(ctx.store, [depositEndTime, id], true);
  const urls = messages.map(({ typeUrl }) => `,${typeUrl}`).join("");
  ctx.emit(
    "submit_proposal",
    ["proposal_id", id.toString()],
    ["proposal_proposer", accountText(ctx.block.spec, proposer)],
    ["proposal_messages", urls],
  );
  if (addDeposit(ctx, id, proposer, deposit)) {
    ctx.emit("submit_proposal", ["voting_period_start", id.toString()]);
  }
  return id;
}
