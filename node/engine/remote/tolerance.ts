import { equalBytes } from "../../../chain/bytes.ts";
import { TOLERANCE_UNIT } from "../../../modules/inference/classes.ts";
import type { ModelManifest } from "../../../modules/inference/manifest.ts";
import { DTYPES, type Tensor, type Tensors } from "../../../modules/inference/tensors.ts";

/** |own − reference| ≤ absolute + relative × |reference|. Both finite and not negative. */
export interface ToleranceBound {
  readonly absolute: number;
  readonly relative: number;
}

/** The bound of a manifest, which is in units of 10^-9. One rounding, of a quotient of two doubles that are exact: the same on every machine. */
export function boundOf({
  absoluteTolerance,
  relativeTolerance,
}: Pick<ModelManifest, "absoluteTolerance" | "relativeTolerance">): ToleranceBound {
  return { absolute: absoluteTolerance / TOLERANCE_UNIT, relative: relativeTolerance / TOLERANCE_UNIT };
}

export type ToleranceVerdict = { readonly within: true } | { readonly within: false; readonly reason: string };

type ReadElement = (view: DataView, at: number) => number;

const FLOATS = new Map<number, { readonly size: number; readonly read: ReadElement }>([
  [DTYPES.float32.code, { size: DTYPES.float32.size, read: (view, at) => view.getFloat32(at, true) }],
  [DTYPES.float64.code, { size: DTYPES.float64.size, read: (view, at) => view.getFloat64(at, true) }],
]);

const WITHIN: ToleranceVerdict = { within: true };

/**
 * Whether outputs are those of a reference, up to a bound on each float: what a `tolerance` attestation says. Count, dtypes and shapes are
 * equal; integers and truth values are equal byte for byte; NaN goes with NaN alone, an infinity with the same infinity, −0 with 0.
 * Additions, multiplications and comparisons of doubles alone, whose results IEEE 754 fixes: the same answer on every machine. The empty
 * list, the output of a failed run, is within any bound of itself alone. Not symmetric: the relative part is of the reference.
 * @returns the first tensor and element that is not, when there is one.
 * @throws RangeError for a bound that is negative or not finite.
 */
export function withinTolerance(reference: Tensors, own: Tensors, bound: ToleranceBound): ToleranceVerdict {
  for (const part of [bound.absolute, bound.relative]) {
    if (!(Number.isFinite(part) && part >= 0))
      throw new RangeError(`a tolerance must be finite and not negative, not ${part}`);
  }
  if (reference.length !== own.length) return outside(`${own.length} tensors, the reference has ${reference.length}`);
  for (const [i, tensor] of reference.entries()) {
    const other = own[i];
    const fault = other === undefined ? "missing" : tensorFault(tensor, other, bound);
    if (fault !== undefined) return outside(`tensor ${i}: ${fault}`);
  }
  return WITHIN;
}

function outside(reason: string): ToleranceVerdict {
  return { within: false, reason };
}

function tensorFault(reference: Tensor, own: Tensor, bound: ToleranceBound): string | undefined {
  if (own.dtype !== reference.dtype) return `dtype ${own.dtype}, the reference has ${reference.dtype}`;
  if (own.shape.length !== reference.shape.length || own.shape.some((axis, i) => axis !== reference.shape[i])) {
    return `shape [${own.shape.join(", ")}], the reference has [${reference.shape.join(", ")}]`;
  }
  if (own.data.length !== reference.data.length) {
    return `${own.data.length} bytes, the reference has ${reference.data.length}`;
  }
  const float = FLOATS.get(reference.dtype);
  if (float === undefined) return equalBytes(own.data, reference.data) ? undefined : "differs, and is not of floats";
  if (reference.data.length % float.size !== 0) return `${reference.data.length} bytes are no whole number of elements`;
  const left = viewOf(reference);
  const right = viewOf(own);
  for (let at = 0; at < reference.data.length; at += float.size) {
    const expected = float.read(left, at);
    const found = float.read(right, at);
    if (!isNear(expected, found, bound)) return `element ${at / float.size} is ${found}, the reference has ${expected}`;
  }
  return undefined;
}

function viewOf({ data }: Tensor): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}

function isNear(expected: number, found: number, { absolute, relative }: ToleranceBound): boolean {
  if (found === expected) return true;
  if (Number.isNaN(expected)) return Number.isNaN(found);
  const distance = Math.abs(found - expected);
  // No bound reaches to NaN or an infinity, nor between two doubles that are further apart than the largest one.
  return Number.isFinite(distance) && distance <= absolute + relative * Math.abs(expected);
}
