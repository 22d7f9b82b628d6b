import { utf8 } from "../../chain/bytes.ts";
import type { Context } from "../../chain/module.ts";
import { accountText } from "../addresses.ts";
import { DECIMAL_ONE, formatDecimal } from "../decimal.ts";
import { delegationsOf } from "../staking/keeper.ts";
import { recast } from "./cast.ts";
import { govError } from "./errors.ts";
import { LIMITS, proposals, votedOn, votes, voting, type WeightedOption } from "./store.ts";

/**
 * Options and weights (18 decimals, scaled; undefined for a text that is none), as a message has them.
 * @throws TxError gov 7
 */
export function weightedOptions(
  options: readonly { readonly option: number; readonly weight: bigint | undefined }[],
): readonly WeightedOption[] {
  let total = 0n;
  const seen = new Set<number>();
  const checked = options.map(({ option, weight }) => {
    if (option < 1 || option > 4 || weight === undefined || weight <= 0n || weight > DECIMAL_ONE) {
      throw govError("invalidVote", `option:${option} weight:${weight === undefined ? "?" : formatDecimal(weight)}`);
    }
    if (seen.has(option)) throw govError("invalidVote", "duplicated vote option");
    seen.add(option);
    total += weight;
    return { option, weight };
  });
  if (total > DECIMAL_ONE) throw govError("invalidVote", "total weight overflow 1.00");
  if (total < DECIMAL_ONE) throw govError("invalidVote", "total weight lower than 1.00");
  return checked;
}

const NAMES = ["", "YES", "ABSTAIN", "NO", "NO_WITH_VETO"];

/** `[{"option":"VOTE_OPTION_YES","weight":"1.000000000000000000"}]`, as the event says it. */
function optionsText(options: readonly WeightedOption[]): string {
  return JSON.stringify(
    options.map(({ option, weight }) => ({ option: `VOTE_OPTION_${NAMES[option]}`, weight: formatDecimal(weight) })),
  );
}

/**
 * Votes, or votes anew, with all that the voter delegates now and whatever it delegates until the vote ends.
 * PERF: costs a read and a write for each of the voter's delegations, which its gas pays.
 * @throws TxError gov 3 and 15
 */
export function castVote(
  ctx: Context,
  id: number,
  voter: Uint8Array,
  options: readonly WeightedOption[],
  metadata: string,
): void {
  if (!voting.has(ctx.store, id)) throw govError("inactiveProposal", `${id}`);
  // The queue may be behind by some blocks, and who votes then would know more than the others.
  if ((proposals.get(ctx.store, id)?.votingEndTime ?? 0) <= ctx.block.time) throw govError("inactiveProposal", `${id}`);
  const note = utf8(metadata);
  if (note.length > LIMITS.metadata) throw govError("metadataTooLong", `got metadata with length ${note.length}`);
  const before = votes.get(ctx.store, [id, voter])?.options ?? [];
  recast(ctx, id, delegationsOf(ctx.store, voter), before, options);
  votes.set(ctx.store, [id, voter], { options: [...options], metadata: note });
  votedOn.set(ctx.store, [voter, id], true);
  ctx.emit(
    "proposal_vote",
    ["voter", accountText(ctx.block.spec, voter)],
    ["option", optionsText(options)],
    ["proposal_id", id.toString()],
  );
}
