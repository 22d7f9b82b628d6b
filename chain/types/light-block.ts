import { ContainerType, type ValueOf } from "@chainsafe/ssz";
import { Header } from "./header.ts";
import { ValidatorSet } from "./validator.ts";
import { Commit } from "./vote.ts";

/**
 * All that it takes to judge a block without executing it: its header, the certificate for it and the set that made the
 * certificate. Whatever the number of validators there is one signature. 110 KiB at most; 16.5 KiB with 150 validators.
 */
export const LightBlock = new ContainerType(
  { header: Header, commit: Commit, validators: ValidatorSet },
  { typeName: "LightBlock" },
);
export type LightBlock = ValueOf<typeof LightBlock>;

/** Bytes that no serialised light block exceeds: what a reader takes at most. */
export const MAX_LIGHT_BLOCK_BYTES = LightBlock.maxSize;
