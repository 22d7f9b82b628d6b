import type { Shape } from "./facts.ts";

/** Shapes of results, as far as they are known. None of these checks a model: a wrong shape makes the engine refuse it. */

/** Of elementwise operators (onnx "multidirectional broadcasting"). */
export function broadcast(shapes: readonly Shape[]): Shape {
  const known = shapes.filter((shape) => shape !== undefined);
  if (known.length < shapes.length) return undefined;
  const rank = known.reduce((most, { length }) => Math.max(most, length), 0);
  return Array.from({ length: rank }, (_, axis) => {
    const lengths = known.map((shape) => (axis < rank - shape.length ? 1 : shape[axis - rank + shape.length]));
    const long = lengths.find((length) => length !== undefined && length !== 1);
    if (long !== undefined) return long;
    return lengths.includes(undefined) ? undefined : 1;
  });
}

export function elements(shape: Shape): number | undefined {
  return shape?.reduce<number | undefined>(
    (product, length) => (product === undefined || length === undefined ? undefined : product * length),
    1,
  );
}

/** An axis counted from the front; undefined when it is not one. */
export function axisOf(axis: number, rank: number): number | undefined {
  const index = axis < 0 ? axis + rank : axis;
  return Number.isSafeInteger(index) && index >= 0 && index < rank ? index : undefined;
}

export function matMulShape(a: Shape, b: Shape): Shape {
  if (a === undefined || b === undefined || a.length < 2 || b.length < 2) return undefined;
  return [...(broadcast([a.slice(0, -2), b.slice(0, -2)]) ?? []), a.at(-2), b.at(-1)];
}

/** The window of a convolution or pooling, one entry a spatial axis; `pads` undefined where the engine chooses them (auto_pad). */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: { readonly begin: readonly number[]; readonly end: readonly number[] } | undefined;
}

export function windowShape(x: Shape, channels: number | undefined, window: Window): Shape {
  const { kernel, strides, dilations, pads } = window;
  if (x === undefined || x.length !== kernel.length + 2 || pads === undefined) return undefined;
  const spatial = kernel.map((taps, axis) => {
    const length = x[axis + 2];
    if (length === undefined) return undefined;
    const padded = length + (pads.begin[axis] ?? 0) + (pads.end[axis] ?? 0);
    return Math.floor((padded - (taps - 1) * (dilations[axis] ?? 1) - 1) / (strides[axis] ?? 1)) + 1;
  });
  return [x[0], channels, ...spatial];
}
