import { sdkError } from "../../chain/errors.ts";
import type { Context } from "../../chain/module.ts";
import type { Coin } from "../../chain/tx.ts";
import { heightKey } from "../../state/collections.ts";
import { accountText } from "../addresses.ts";
import { moduleAddress } from "../auth/keeper.ts";
import { burn, formatCoins, transfer } from "../bank/keeper.ts";
import { govError } from "./errors.ts";
import { govParams } from "./params.ts";
import { depositQueue, deposits, type Proposal, proposals, STATUS, voting, votingQueue } from "./store.ts";

/**
 * Holds the deposits. It is not the account of governance, in whose name a proposal can send, stake and grant what that account holds: deposits
 * of others could then be spent, and the end of a vote that can't pay them back is a block that nobody can make.
 */
export const DEPOSITS = moduleAddress("gov_deposits");

const PPM = 1_000_000n;
/** A deposit is at least 0.5 % of what is needed (params.ts), so that so many come together before they are too many. */
export const MAX_DEPOSITORS = 256;

/** The part of an amount, rounded up. */
function part(amount: bigint, ppm: bigint): bigint {
  return (amount * ppm + PPM - 1n) / PPM;
}

/** The amount in the base denomination. @throws TxError gov 23 for any other */
export function depositAmount(ctx: Context, coins: readonly Coin[]): bigint {
  const { denom } = ctx.block.spec;
  const foreign = coins.find((coin) => coin.denom !== denom);
  if (foreign !== undefined) {
    throw govError(
      "invalidDenom",
      `deposited ${formatCoins(coins)}, but gov accepts only the following denom(s): [${denom}]`,
    );
  }
  return coins[0]?.amount ?? 0n;
}

function neededDeposit(ctx: Context, expedited: boolean): bigint {
  const params = govParams.read(ctx.block.params);
  return expedited ? params.expeditedMinDeposit : params.minDeposit;
}

/** @throws TxError gov 16 */
export function checkInitialDeposit(ctx: Context, amount: bigint, expedited: boolean): void {
  const { denom } = ctx.block.spec;
  const least = part(neededDeposit(ctx, expedited), govParams.read(ctx.block.params).minInitialDepositRatio);
  if (amount < least) throw govError("depositTooSmall", `was (${amount}${denom}), need (${least}${denom})`);
}

function beginVote(ctx: Context, id: number, proposal: Proposal): Proposal {
  const { votingPeriod, expeditedVotingPeriod } = govParams.read(ctx.block.params);
  const votingStartTime = ctx.block.time;
  const votingEndTime = votingStartTime + Number(proposal.expedited ? expeditedVotingPeriod : votingPeriod);
  depositQueue.delete(ctx.store, [proposal.depositEndTime, id]);
  votingQueue.set(ctx.store, [votingEndTime, id], true);
  voting.set(ctx.store, id, true);
  return { ...proposal, status: STATUS.voting, votingStartTime, votingEndTime };
}

/**
 * Takes a deposit; the vote begins once enough has come together.
 * @returns whether it has begun by this.
 * @throws TxError gov 3, 16 and 17, sdk 5 and 18
 */
export function addDeposit(ctx: Context, id: number, depositor: Uint8Array, amount: bigint): boolean {
  const proposal = proposals.get(ctx.store, id);
  if (proposal === undefined) throw govError("noProposal", `${id}`);
  if (proposal.status !== STATUS.deposit && proposal.status !== STATUS.voting) {
    throw govError("inactiveProposal", `${id}`);
  }
  const { spec, params } = ctx.block;
  const needed = neededDeposit(ctx, proposal.expedited);
  const least = part(needed, govParams.read(params).minDepositRatio);
  if (amount < least) {
    const got = `received ${amount}${spec.denom} but need at least one of the following: ${least}${spec.denom}`;
    throw govError("depositTooSmall", got);
  }
  const before = deposits.get(ctx.store, [id, depositor]);
  if (before === undefined && proposal.depositors >= MAX_DEPOSITORS) {
    throw sdkError(
      "invalidRequest",
      `proposal ${id} has the deposits of ${MAX_DEPOSITORS} accounts and takes no other's`,
    );
  }
  const coins = [{ denom: spec.denom, amount }];
  transfer(ctx, depositor, DEPOSITS, coins);
  deposits.set(ctx.store, [id, depositor], (before ?? 0n) + amount);
  const updated = {
    ...proposal,
    totalDeposit: proposal.totalDeposit + amount,
    depositors: proposal.depositors + (before === undefined ? 1 : 0),
  };
  const begins = proposal.status === STATUS.deposit && updated.totalDeposit >= needed;
  proposals.set(ctx.store, id, begins ? beginVote(ctx, id, updated) : updated);
  ctx.emit(
    "proposal_deposit",
    ["depositor", accountText(spec, depositor)],
    ["amount", formatCoins(coins)],
    ["proposal_id", id.toString()],
  );
  return begins;
}

/**
 * Ends the deposits of a proposal: a part of each is burnt, rounded down, the rest paid back.
 * @param burnPpm a million burns all.
 * @returns how many there were.
 */
export function settleDeposits(ctx: Context, id: number, burnPpm: bigint): number {
  const { denom } = ctx.block.spec;
  const all = deposits.entries(ctx.store, { within: heightKey.encode(id) });
  let burnt = 0n;
  for (const [key, amount] of all) {
    const [, depositor] = key;
    const lost = (amount * burnPpm) / PPM;
    burnt += lost;
    deposits.delete(ctx.store, key);
    transfer(ctx, DEPOSITS, depositor, [{ denom, amount: amount - lost }]);
  }
  if (burnt > 0n) {
    burn(ctx, DEPOSITS, [{ denom, amount: burnt }]);
    ctx.emit("burn_proposal_deposits", ["proposal_id", id.toString()], ["amount", `${burnt}${denom}`]);
  }
  return all.length;
}
