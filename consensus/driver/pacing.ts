import { consensusParams } from "../../chain/consensus-params.ts";
import type { Params } from "../../chain/params.ts";
import type { TimeoutKind } from "../core/types.ts";

/** When things may or must happen at one height. All times in milliseconds. */
export interface Pacing {
  /** The earliest time a block of `round` may carry. `hasWork` matters in round 0 only: later rounds are late already. */
  proposeAt(round: number, hasWork: boolean): number;
  timeout(kind: TimeoutKind, round: number): number;
  /** Whether a block's time stamp suits the time its proposal came. */
  isTimely(blockTime: number, receivedAt: number, round: number): boolean;
  /** How often to repeat what may have been lost. */
  readonly repeatEvery: number;
}

/** The allowed message delay grows by a tenth with each round, up to a day. */
const MAX_MESSAGE_DELAY = 24 * 3_600_000;

/** @param parentTime of the last block, or the genesis time: the first block is not proposed before it. */
export function pacing(params: Params, parentTime: number): Pacing {
  const values = consensusParams.read(params);
  const precision = Number(values.timePrecision);
  const messageDelay = Number(values.timeMessageDelay);
  // A block is later than its parent by a millisecond at least, so a proposer waits for its clock to pass it.
  const interval = Math.max(1, Number(values.blockInterval));
  const emptyInterval = Math.max(interval, Number(values.emptyBlockInterval));
  const timeouts = {
    propose: [Number(values.timeoutPropose), Number(values.timeoutProposeDelta)],
    prevote: [Number(values.timeoutPrevote), Number(values.timeoutPrevoteDelta)],
    precommit: [Number(values.timeoutPrecommit), Number(values.timeoutPrecommitDelta)],
  } as const;
  return {
    proposeAt: (round, hasWork) => parentTime + (round > 0 || hasWork ? interval : emptyInterval),
    timeout(kind, round) {
      const [base, delta] = timeouts[kind];
      return base + delta * round;
    },
    isTimely(blockTime, receivedAt, round) {
      const delay = Math.min(messageDelay * 1.1 ** Math.min(round, 1000), MAX_MESSAGE_DELAY);
      return receivedAt >= blockTime - precision && receivedAt <= blockTime + delay + precision;
    },
    repeatEvery: Number(values.timeoutPrevote),
  };
}
