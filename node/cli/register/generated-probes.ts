import { concatBytes, utf8 } from "../../../chain/bytes.ts";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { dataBytes, dtypeName } from "../../../modules/inference/tensor-check.ts";
import { DTYPES, type Tensor } from "../../../modules/inference/tensors.ts";
import type { TensorSpec } from "../../engine/model-spec.ts";

const LABEL = utf8("assay probe 1");
const WORD = 4;

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(WORD);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** Words of SHA-256 over what they are for and a counter. */
function* words(modelRoot: Uint8Array, probe: number, input: number): Generator<number> {
  for (let counter = 0; ; counter++) {
    const block = sha256(concatBytes(LABEL, modelRoot, word(probe), word(input), word(counter)));
    const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
    for (let at = 0; at < block.length; at += WORD) yield view.getUint32(at, true);
  }
}

/** 24 bits of a word as a number from -1 to 1, exact in both float types. */
const unit = (bits: number): number => (bits >>> 8) / 2 ** 23 - 1;

/** Writes an element. Wide integers are 0 or 1: most are indices, which anything larger might lead out of their table. */
const WRITE: Readonly<Record<number, (view: DataView, at: number, bits: number) => void>> = {
  [DTYPES.float32.code]: (view, at, bits) => view.setFloat32(at, unit(bits), true),
  [DTYPES.float64.code]: (view, at, bits) => view.setFloat64(at, unit(bits), true),
  [DTYPES.uint8.code]: (view, at, bits) => view.setUint8(at, bits & 0xff),
  [DTYPES.int8.code]: (view, at, bits) => view.setUint8(at, bits & 0xff),
  [DTYPES.int32.code]: (view, at, bits) => view.setInt32(at, bits & 1, true),
  [DTYPES.int64.code]: (view, at, bits) => view.setBigInt64(at, BigInt(bits & 1), true),
  [DTYPES.bool.code]: (view, at, bits) => view.setUint8(at, bits & 1),
};

/**
 * Inputs for a model, the same wherever and whenever they are made for this root.
 * @param inputs with concrete shapes.
 * @param probe its number; 0 to 7.
 */
export function generatedProbe(modelRoot: Uint8Array, inputs: readonly TensorSpec[], probe: number): Tensor[] {
  return inputs.map(({ dtype, shape }, input) => {
    const write = WRITE[dtype];
    if (write === undefined) throw new Error(`no probe of type ${dtypeName(dtype)}`);
    const elements = shape.reduce((product, length) => product * length, 1);
    const data = new Uint8Array(dataBytes({ dtype, shape: [...shape] }));
    const view = new DataView(data.buffer);
    const stream = words(modelRoot, probe, input);
    for (let index = 0; index < elements; index++) {
      const next = stream.next();
      if (next.done !== true) write(view, (data.length / elements) * index, next.value);
    }
    return { dtype, shape: [...shape], data };
  });
}

/** Zeros, which run where nothing else is known to. */
export function zeroProbe(inputs: readonly TensorSpec[]): Tensor[] {
  return inputs.map(({ dtype, shape }) => ({
    dtype,
    shape: [...shape],
    data: new Uint8Array(dataBytes({ dtype, shape: [...shape] })),
  }));
}
