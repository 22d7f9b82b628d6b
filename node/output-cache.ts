import { toHex } from "../chain/bytes.ts";

/** Outputs of jobs by their root, for the block that makes one final. */
export interface OutputCache {
  get(outputRoot: Uint8Array): Uint8Array | undefined;
  /** Keeps bytes that are known to hash to the root. @returns whether they are new. */
  add(outputRoot: Uint8Array, output: Uint8Array): boolean;
}

/** The oldest give way when there are more than `maxBytes` of them. */
export function createOutputCache(maxBytes: number): OutputCache {
  const outputs = new Map<string, Uint8Array>();
  let bytes = 0;
  return {
    get: (outputRoot) => outputs.get(toHex(outputRoot)),
    add(outputRoot, output) {
      const id = toHex(outputRoot);
      if (output.length === 0 || outputs.has(id)) return false;
      outputs.set(id, output);
      bytes += output.length;
      for (const [oldest, value] of outputs) {
        if (bytes <= maxBytes) break;
        outputs.delete(oldest);
        bytes -= value.length;
      }
      return true;
    },
  };
}
