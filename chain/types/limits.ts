/**
 * Sizes that are part of the SSZ types, so changing one changes every root: they are bounds no network may exceed.
 * The limits that a network chooses below them are parameters (chain/params.ts).
 */
export const MAX_VALIDATORS = 1024;
export const MAX_TX_BYTES = 1024 * 1024;
export const MAX_TXS_PER_BLOCK = 8192;
export const MAX_EVIDENCE_PER_BLOCK = 16;
/** Each names up to MAX_VALIDATORS, and verifying it adds up as many keys. */
export const MAX_ATTACKS_PER_BLOCK = 4;
export const MAX_CHALLENGES_PER_BLOCK = 8;
/** As many as challenges, each of which one of them ends: excuses can't be kept out by flooding. */
export const MAX_POLKAS_PER_BLOCK = 8;
/** Entries of one validator's commitment message in one block. */
export const MAX_COMMITMENT_ENTRIES = 256;
/** Reasons in the same message why models under admission were not run. */
export const MAX_ADMISSION_NOTES = 64;
export const MAX_REVEALS_PER_BLOCK = 4096;
export const MAX_OUTPUTS_PER_BLOCK = 256;
/** Models that run while a block is executed. */
export const MAX_INLINE_RESULTS_PER_BLOCK = 64;
/** Bytes of an output that a block carries itself. */
export const MAX_INLINE_OUTPUT = 16 * 1024;
/** Upper bound of a serialised block, whatever the parameters say. */
export const MAX_BLOCK_BYTES = 8 * 1024 * 1024;
