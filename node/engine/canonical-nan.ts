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

/** ONNX numbers of float32 and float64, as in modules/inference/tensors.ts. */
const FLOAT32 = 1;
const FLOAT64 = 11;

/** Whether a tensor has a NaN among its elements. PERF: reads each float once, a millisecond a megabyte. */
export function holdsNan({ dtype, data }: { readonly dtype: number; readonly data: Uint8Array }): boolean {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (dtype === FLOAT32) {
    for (let at = 0; at + 4 <= data.length; at += 4) {
      if ((view.getUint32(at, true) & 0x7fffffff) > 0x7f800000) return true;
    }
  } else if (dtype === FLOAT64) {
    for (let at = 0; at + 8 <= data.length; at += 8) {
      const high = view.getUint32(at + 4, true) & 0x7fffffff;
      if (high > 0x7ff00000 || (high === 0x7ff00000 && view.getUint32(at, true) !== 0)) return true;
    }
  }
  return false;
}
