import { toHex } from "../../chain/bytes.ts";
import { type Transition, transition } from "../core/core.ts";
import type { State } from "../core/state.ts";
import type { Effect, HeightConfig, Input } from "../core/types.ts";
import type { Checkpoint, InputRecord } from "../wal/records.ts";
import { effectsUnderWay, restore } from "./checkpoint.ts";
import { coreVote } from "./height.ts";
import type { SignedPosition } from "./ports.ts";

/** The input that a record was the log of. */
export function inputOf(record: InputRecord, config: HeightConfig): Input {
  switch (record.kind) {
    case "proposal": {
      const { round, polRound, blockId } = record.signed.proposal;
      const proposer = config.proposer(round);
      const proposal = { round, polRound: polRound - 1, valueId: toHex(blockId), proposer, timely: record.timely };
      return { kind: "proposal", proposal };
    }
    case "vote":
      return { kind: "vote", vote: coreVote(record.vote) };
    case "timeout":
      return { kind: "timeout", timeout: record.timeout, round: record.round };
    case "executed":
      return { kind: "executed", valueId: toHex(record.blockId), outcome: record.outcome };
  }
}

/** Whether the record shows that the effect had been carried out before the node stopped. */
function isCarriedOut(effect: Effect, record: InputRecord): boolean {
  switch (effect.kind) {
    case "vote": {
      if (record.kind !== "vote") return false;
      const { kind, round, value, validator } = coreVote(record.vote);
      const { vote } = effect;
      return kind === vote.kind && round === vote.round && value === vote.value && validator === vote.validator;
    }
    case "build":
    case "repropose":
      return record.kind === "proposal" && record.signed.proposal.round === effect.round;
    case "schedule":
      return record.kind === "timeout" && record.timeout === effect.timeout && record.round === effect.round;
    case "execute":
      return record.kind === "executed" && toHex(record.blockId) === effect.valueId;
    case "decide":
    case "conflict":
      return false;
  }
}

/** Whether an effect still means anything where the replay ended. */
function isDue(effect: Effect, { round, step }: State): boolean {
  switch (effect.kind) {
    case "schedule":
      return effect.round === round && (effect.timeout === "precommit" || effect.timeout === step);
    case "build":
    case "repropose":
      return effect.round === round && step === "propose";
    case "vote":
    case "execute":
    case "decide":
    case "conflict":
      return true;
  }
}

/**
 * Puts logged inputs through the same transitions as when they came, from the checkpoint on where there is one. Nothing
 * is carried out meanwhile.
 * @param remember called with each record that the core accepts.
 * @returns where that leads, and the effects that the log does not show as carried out.
 */
export function replay(
  start: Transition,
  records: readonly (InputRecord | Checkpoint)[],
  remember: (record: InputRecord) => void,
) {
  let { state } = start;
  let owed: readonly Effect[] = start.effects;
  for (const record of records) {
    if (record.kind === "checkpoint") {
      state = restore(start, record);
      owed = effectsUnderWay(state);
      continue;
    }
    const moved = transition(state, inputOf(record, state.config));
    if (moved.verdict !== "accepted") continue;
    remember(record);
    state = moved.state;
    owed = [...owed.filter((effect) => !isCarriedOut(effect, record)), ...moved.effects];
  }
  return { state, effects: owed.filter((effect) => isDue(effect, state)) };
}

const STEPS = ["proposal", "prevote", "precommit"] as const;

/**
 * Whether a signature of this height was given in a state that the log no longer leads to. A lock may be lost then, and
 * voting on could help to decide two blocks: forgetting a lock is no double vote, so no signer prevents it.
 */
export function isBehind({ config, round, step }: State, lastSigned: SignedPosition | undefined): boolean {
  if (lastSigned === undefined || lastSigned.height !== config.height) return false;
  const reached = step === "propose" ? 0 : STEPS.indexOf(step === "commit" ? "precommit" : step);
  return round < lastSigned.round || (round === lastSigned.round && reached < STEPS.indexOf(lastSigned.step));
}
