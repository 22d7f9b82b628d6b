/**
 * Overwrites every NaN with the one quiet NaN (0x7fc00000, or 0x7ff8000000000000 for doubles). WebAssembly leaves the sign
 * and payload of a generated NaN open, and CPUs do differ. Works on the bits: storing NaN through a float array would
 * leave the pattern to the JavaScript engine.
 */
export function canonicalizeNan(data: Float32Array | Float64Array): void {
  if (data instanceof Float32Array) canonicalizeFloat32(new Uint32Array(data.buffer, data.byteOffset, data.length));
  else canonicalizeFloat64(new Uint32Array(data.buffer, data.byteOffset, data.length * 2));
}

function canonicalizeFloat32(words: Uint32Array): void {
  for (let i = 0; i < words.length; i++) {
    if (((words[i] as number) & 0x7fffffff) > 0x7f800000) words[i] = 0x7fc00000;
  }
}

/** Pairs of words, low one first: the child refuses to start on a big-endian machine. */
function canonicalizeFloat64(words: Uint32Array): void {
  for (let i = 0; i < words.length; i += 2) {
    const high = (words[i + 1] as number) & 0x7fffffff;
    if (high > 0x7ff00000 || (high === 0x7ff00000 && words[i] !== 0)) {
      words[i] = 0;
      words[i + 1] = 0x7ff80000;
    }
  }
}
