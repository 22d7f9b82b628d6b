import { readParams, readRotation, readTip } from "../chain/executor/chain-state.ts";
import { NO_LANE } from "../chain/executor/inline-lane.ts";
import { messageRegistry, type Runtime } from "../chain/executor/runtime.ts";
import type { BlockInfo } from "../chain/module.ts";
import type { StateStore } from "../state/store.ts";

/**
 * The block after the tip, as far as checks of what waits for it care: who proposes it and its beacon are not known yet.
 * PERF: decoding the set and the parameters costs milliseconds with a thousand validators, so it is done once a height.
 */
export function pendingBlocks(runtime: Runtime, store: Pick<StateStore, "latest" | "height">): () => BlockInfo {
  let known: { readonly height: number; readonly block: BlockInfo } | undefined;
  return () => {
    if (known?.height === store.height) return known.block;
    const { height, time, beacon } = readTip(store.latest);
    const { validators } = readRotation(store.latest);
    const block: BlockInfo = {
      height: height + 1,
      time,
      spec: runtime.spec,
      params: readParams(store.latest),
      validators,
      proposer: validators[0]?.operator ?? new Uint8Array(20),
      beacon,
      messages: messageRegistry(runtime),
      inline: NO_LANE,
    };
    known = { height: store.height, block };
    return block;
  };
}
