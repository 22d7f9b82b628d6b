import type { Machine } from "./life.ts";
import type { NetworkFaults } from "./network.ts";
import type { Plant } from "./node-options.ts";
import type { Strategy } from "./strategy.ts";

/** What one run is. Everything else follows from the seed. */
export interface SimulationOptions {
  readonly seed: number;
  readonly nodes: number;
  /** How each of the last nodes is faulty. Together they must hold less than a third of the stake. */
  readonly byzantine: readonly (readonly Strategy[])[];
  /** Until then, in milliseconds, anything may go wrong; after it only the Byzantine nodes do. */
  readonly healAt: number;
  /** Every correct node must get so many heights beyond the highest at the healing. */
  readonly heights: number;
  readonly network: NetworkFaults & { readonly latency: number; readonly jitter: number };
  /** Mean time between two crashes of correct nodes, and until one is started again; 0 for no crashes. */
  readonly crashEvery: number;
  readonly downFor: number;
  /** The same for nodes that stand still for a while. */
  readonly pauseEvery: number;
  readonly pauseFor: number;
  /** Most that a correct clock is wrong by at the start, and how fast or slow it goes. */
  readonly skew: number;
  readonly drift: number;
  readonly machine: Machine;
  /** Mean time between two transactions; 0 for none. */
  readonly txEvery: number;
  readonly realBls: boolean;
  /** Faults in the code of nodes, by index, for tests of the checks. */
  readonly plants?: ReadonlyMap<number, Plant>;
  /** Every line of the trace, for a person. */
  readonly onTrace?: (line: string) => void;
}

/** How a run went. */
export interface SimulationResult {
  /** Rules that were broken; empty for a good run, which ends at the first. */
  readonly violations: readonly string[];
  /** SHA-256 of all that happened. */
  readonly traceHash: string;
  /** Highest committed height. */
  readonly heights: number;
  readonly events: number;
  /** Rounds that the committed heights took in all. */
  readonly rounds: number;
  readonly crashes: number;
  readonly torn: number;
  /** What faulty nodes did that honest ones would not have, by strategy and in all. */
  readonly acts: ReadonlyMap<string, number>;
  readonly byzantineActs: number;
  readonly evidence: number;
  /** Challenges to justify a vote against an own lock, and penalties of those who could not. */
  readonly challenges: number;
  readonly amnesia: number;
  readonly transactions: number;
  /** Runs of models that ended in an output, and without one. */
  /** Whose committee was drawn, and that everyone was asked after it. */
  readonly runsDrawn: number;
  readonly runsWidened: number;
  readonly runsFinal: number;
  readonly runsInline: number;
  readonly runsFailed: number;
  /** Opened by the chain itself, and validators that lost their seats in a tier. */
  readonly runsAudited: number;
  readonly suspended: number;
  /** Attestations of other outputs than the final one, and pairs that contradict each other, as blocks found them. */
  readonly dissents: number;
  readonly equivocations: number;
  /** Messages that never came, that came twice, and that came before an earlier one of the same pair of nodes. */
  readonly lost: number;
  readonly doubled: number;
  readonly overtaken: number;
  readonly pauses: number;
  /** Milliseconds of virtual time from the healing to the end, and what they might have been. */
  readonly healing: number;
  readonly bound: number;
}
