import type { Bls } from "../../chain/crypto/bls.ts";
import type { BlockInfo } from "../../chain/module.ts";
import type { StateReader } from "../../state/store.ts";
import type { CommitteeCache } from "./committee.ts";

/**
 * What checks look at: the state before a block and the height of that block (the tip's plus one, for gossip). A
 * `Context` is one. `committees` may be kept from height to height.
 */
export interface InferenceView {
  readonly block: Pick<BlockInfo, "height" | "time" | "spec" | "params">;
  readonly store: StateReader;
  readonly bls: Bls;
}

export interface CheckView extends InferenceView {
  readonly committees: CommitteeCache;
}
