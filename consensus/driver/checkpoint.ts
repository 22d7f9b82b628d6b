import { fromHex, toHex } from "../../chain/bytes.ts";
import type { Vote } from "../../chain/types/vote.ts";
import type { Transition } from "../core/core.ts";
import type { State } from "../core/state.ts";
import type { Effect, Outcome, ValueId, ValueRound } from "../core/types.ts";
import type { Checkpoint, LoggedValue, WalRecord } from "../wal/records.ts";
import { coreVote, type Height } from "./height.ts";

/*
 * A height that finds no decision goes through round after round, and its log grows with each: a block each time it is
 * proposed again, and votes of rounds far ahead, which one faulty validator can send by the thousand while the core
 * keeps those of two. A checkpoint replaces the inputs by the state they led to.
 *
 * The state is put back in two steps: the checkpoint sets round, step, lock, valid value, outcomes and marks, and then
 * the kept votes and proposals go through the usual transition. That enables no clause: every clause asks for votes,
 * proposals and outcomes, never for their absence, so that none holds for a part of what the settled state had settled.
 */

function logged(value: ValueRound | undefined): LoggedValue | undefined {
  return value === undefined ? undefined : { blockId: fromHex(value.valueId), round: value.round };
}

function known(value: LoggedValue | undefined): ValueRound | undefined {
  return value === undefined ? undefined : { valueId: toHex(value.blockId), round: value.round };
}

/** Whether nothing is under way that only the inputs themselves could bring back. */
export function canCompact({ step }: State): boolean {
  return step !== "commit";
}

/** Whether the core counts it still: of rounds far ahead it forgets some, of which the messages are kept a while. */
function isCounted({ votes }: State, vote: Vote): boolean {
  const { kind, round, value, validator } = coreVote(vote);
  const tally = votes.rounds.get(round)?.[kind];
  return tally?.first[validator] === value || tally?.further.get(validator)?.includes(value) === true;
}

/**
 * Records that lead to `state` from the height's beginning. Proposals whose block is no longer kept, and second ones of
 * a round, are left out: they come again when others have chosen them, as for a node that has not seen them.
 */
export function checkpointRecords(state: State, height: Height, abstaining: boolean): WalRecord[] {
  if (state.step === "commit") throw new Error("a decided height is not compacted");
  const outcomes = [...state.outcomes].flatMap(([valueId, outcome]) =>
    outcome === "pending" ? [] : [{ blockId: fromHex(valueId), outcome }],
  );
  const checkpoint: Checkpoint = {
    kind: "checkpoint",
    round: state.round,
    step: state.step,
    locked: logged(state.locked),
    valid: logged(state.valid),
    ...state.done,
    outcomes,
  };
  const rounds = [...state.votes.rounds.keys()].sort((a, b) => a - b);
  const votes = rounds.flatMap((round) => height.votes(round)).filter((vote) => isCounted(state, vote));
  const isFirst = (vote: Vote): boolean => {
    const { kind, round, value, validator } = coreVote(vote);
    return state.votes.rounds.get(round)?.[kind].first[validator] === value;
  };
  // First votes first: whether a further one is kept depends on them.
  const ordered = [...votes.filter(isFirst), ...votes.filter((vote) => !isFirst(vote))];
  const proposals = [...state.proposals.keys()].flatMap((round): WalRecord[] => {
    const signed = height.proposal(round);
    const timely = state.proposals.get(round)?.[0]?.timely;
    return signed === undefined || timely === undefined ? [] : [{ kind: "proposal", signed, timely }];
  });
  // Votes before proposals: a third proposal of a round is only taken for the votes it has.
  return [
    checkpoint,
    ...(abstaining ? [{ kind: "abstain" } as const] : []),
    ...ordered.map((vote): WalRecord => ({ kind: "vote", vote })),
    ...proposals,
  ];
}

/** Where a checkpoint stood, before its votes and proposals are put back. */
export function restore({ state }: Transition, checkpoint: Checkpoint): State {
  const { round, step, prevoteTimer, precommitTimer, polka } = checkpoint;
  return {
    ...state,
    round,
    step,
    locked: known(checkpoint.locked),
    valid: known(checkpoint.valid),
    done: { prevoteTimer, precommitTimer, polka },
    outcomes: new Map<ValueId, Outcome | "pending">(
      checkpoint.outcomes.map(({ blockId, outcome }) => [toHex(blockId), outcome]),
    ),
  };
}

/** What was under way there: timers, and this node's proposal if none is known. Votes had been cast. */
export function effectsUnderWay({ round, step, done, config, proposals, valid }: State): Effect[] {
  const effects: Effect[] = [];
  if (step === "propose") {
    effects.push({ kind: "schedule", timeout: "propose", round });
    const isOwed = config.self !== undefined && config.proposer(round) === config.self && !proposals.has(round);
    if (isOwed && valid === undefined) effects.push({ kind: "build", round });
    if (isOwed && valid !== undefined) {
      effects.push({ kind: "repropose", round, polRound: valid.round, valueId: valid.valueId });
    }
  }
  if (step === "prevote" && done.prevoteTimer) effects.push({ kind: "schedule", timeout: "prevote", round });
  if (done.precommitTimer) effects.push({ kind: "schedule", timeout: "precommit", round });
  return effects;
}
