import { createOverlay } from "../../state/overlay.ts";
import type { Overlay, StateReader } from "../../state/store.ts";
import { InvalidBlockError } from "../errors.ts";
import type { BlockInfo, Context } from "../module.ts";
import type { Params } from "../params.ts";
import { initialRotation, type Rotation } from "../proposer-rotation.ts";
import { isRecorded, restoreRecorded } from "../recorded-state.ts";
import type { Validator } from "../types/validator.ts";
import { writeParams, writeRotation, writeTip } from "./chain-state.ts";
import { createContext } from "./context.ts";
import { NO_LANE } from "./inline-lane.ts";
import { GENESIS_BEACON } from "./randomness.ts";
import { messageRegistry, type Runtime } from "./runtime.ts";

/** What genesis writes, out of a validated document. */
export interface GenesisState {
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  /** Every parameter of the table. */
  readonly params: Params;
  /** Each module's section, by its name. */
  readonly sections: ReadonlyMap<string, unknown>;
  /** Set where sections are those of a chain that ran before. */
  readonly recorded?: RecordedStart;
}

/** Where a chain stood, and who votes on its next block. */
export interface RecordedStart {
  readonly height: number;
  readonly rotation: Rotation;
}

function firstRotation(runtime: Runtime, context: Context): Rotation {
  let validators: readonly Validator[] | undefined;
  for (const module of runtime.modules) validators = module.endBlock?.(context, 0n) ?? validators;
  if (validators === undefined || validators.length === 0) {
    throw new InvalidBlockError("genesis makes no validator that can vote");
  }
  return initialRotation(validators);
}

/**
 * The state of height 0: the parameters, each module's section in the order of the modules, and the first validator set. That of a chain
 * that ran before is taken as it was, at its height, and nothing is done to it.
 * @throws InvalidBlockError when no validator can vote.
 */
export function initialState(runtime: Runtime, empty: StateReader, genesis: GenesisState): Overlay {
  const overlay = createOverlay(empty);
  const { recorded } = genesis;
  const height = recorded?.height ?? 0;
  const block: BlockInfo = {
    height,
    time: genesis.time,
    spec: runtime.spec,
    params: genesis.params,
    validators: [],
    proposer: new Uint8Array(20),
    beacon: GENESIS_BEACON,
    messages: messageRegistry(runtime),
    inline: NO_LANE,
  };
  const context = createContext(block, overlay, runtime.bls);
  writeParams(overlay, genesis.params);
  for (const module of runtime.modules) {
    const section = genesis.sections.get(module.name);
    if (recorded !== undefined && isRecorded(section)) restoreRecorded(overlay, section, module.stored);
    else module.genesis.init(context, section);
  }
  writeRotation(overlay, height, recorded?.rotation ?? firstRotation(runtime, context));
  writeTip(overlay, { height, time: genesis.time, beacon: GENESIS_BEACON });
  return overlay;
}
