import type { Bls } from "../crypto/bls.ts";
import type { ChainSpec, MessageRegistry, Module } from "../module.ts";
import type { Ante } from "../tx.ts";
import type { BlockEvidence } from "../types/evidence.ts";
import type { Commit } from "../types/vote.ts";

/** What a chain is made of: the same for every block. */
export interface Runtime {
  readonly spec: ChainSpec;
  readonly modules: readonly Module[];
  readonly ante: Ante;
  readonly bls: Bls;
}

const registries = new WeakMap<readonly Module[], MessageRegistry>();

/** The messages of all modules. PERF: made once for a list of modules, since each block names it. */
export function messageRegistry({ modules }: Pick<Runtime, "modules">): MessageRegistry {
  const known = registries.get(modules);
  if (known !== undefined) return known;
  const made = new Map(modules.flatMap((module) => module.messages.map((type) => [type.typeUrl, type] as const)));
  registries.set(modules, made);
  return made;
}

/** The parts of a block that are known before its transactions run. */
export interface BlockStart {
  readonly height: number;
  readonly time: number;
  readonly proposerIndex: number;
  /** That the block is built in. */
  readonly round: number;
  readonly parentId: Uint8Array;
  /** A certificate of the parent that has been verified: the same one in the block needs no second look. */
  readonly parentCommit: Commit;
  readonly validatorsRoot: Uint8Array;
  readonly paramsRoot: Uint8Array;
  readonly randaoReveal: Uint8Array;
  readonly lastCommit: Commit;
  readonly evidence: BlockEvidence;
}
