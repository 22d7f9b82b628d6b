import { createOverlay } from "../../state/overlay.ts";
import type { Overlay, StateReader } from "../../state/store.ts";
import { InvalidBlockError } from "../errors.ts";
import type { BlockInfo } from "../module.ts";
import type { Params } from "../params.ts";
import { initialRotation } from "../proposer-rotation.ts";
import type { Validator } from "../types/validator.ts";
import { writeParams, writeRotation, writeTip } from "./chain-state.ts";
import { createContext } from "./context.ts";
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
}

/**
 * The state of height 0: the parameters, each module's section in the order of the modules, and the first validator set.
 * @throws InvalidBlockError when no validator can vote.
 */
export function initialState(runtime: Runtime, empty: StateReader, genesis: GenesisState): Overlay {
  const overlay = createOverlay(empty);
  const block: BlockInfo = {
    height: 0,
    time: genesis.time,
    spec: runtime.spec,
    params: genesis.params,
    validators: [],
    proposer: new Uint8Array(20),
    beacon: GENESIS_BEACON,
    messages: messageRegistry(runtime),
  };
  const context = createContext(block, overlay, runtime.bls);
  writeParams(overlay, genesis.params);
  for (const module of runtime.modules) module.genesis.init(context, genesis.sections.get(module.name));
  let validators: readonly Validator[] | undefined;
  for (const module of runtime.modules) validators = module.endBlock?.(context) ?? validators;
  if (validators === undefined || validators.length === 0) {
    throw new InvalidBlockError("genesis makes no validator that can vote");
  }
  writeRotation(overlay, 0, initialRotation(validators));
  writeTip(overlay, { height: 0, time: genesis.time, beacon: GENESIS_BEACON });
  return overlay;
}
