import type { LightBlock } from "../../chain/types/light-block.ts";

/** Blocks that a light client has verified. Bounded: the oldest goes first. */
export interface TrustedStore {
  readonly size: number;
  readonly latest: LightBlock | undefined;
  get(height: number): LightBlock | undefined;
  /** The highest one at or below a height. */
  upTo(height: number): LightBlock | undefined;
  /** The lowest one above a height. */
  above(height: number): LightBlock | undefined;
  add(block: LightBlock): void;
}

/**
 * In memory. PERF: each block holds its set, about 300 bytes of heap a validator.
 * @param max blocks; at least 1.
 */
export function createTrustedStore(max: number): TrustedStore {
  if (!(Number.isSafeInteger(max) && max >= 1)) throw new Error(`a store of ${max} blocks`);
  /** By height, ascending. */
  const blocks: LightBlock[] = [];

  /** How many blocks are at or below a height. */
  function countUpTo(height: number): number {
    let from = 0;
    let to = blocks.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      const found = blocks[middle];
      if (found !== undefined && found.header.height <= height) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  const upTo = (height: number): LightBlock | undefined => blocks[countUpTo(height) - 1];
  return {
    get size() {
      return blocks.length;
    },
    get latest() {
      return blocks.at(-1);
    },
    get(height) {
      const found = upTo(height);
      return found?.header.height === height ? found : undefined;
    },
    upTo,
    above: (height) => blocks[countUpTo(height)],
    add(block) {
      const { height } = block.header;
      const at = countUpTo(height);
      const replaces = blocks[at - 1]?.header.height === height;
      blocks.splice(replaces ? at - 1 : at, replaces ? 1 : 0, block);
      if (blocks.length > max) blocks.shift();
    },
  };
}
