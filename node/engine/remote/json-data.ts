import type { Datatype } from "./datatypes.ts";

/**
 * Writes the `data` of a tensor in JSON, flat or nested as its shape ("Tensor Data": row-major either way), into its bytes.
 * @returns why it can not be: another count, another nesting, a value that is none of the type.
 */
export function storeJsonData(
  data: unknown,
  { name, size, json }: Datatype,
  shape: readonly number[],
  into: Uint8Array,
): string | undefined {
  if (json === undefined) return `${name} has no form in JSON, only as binary data`;
  if (!Array.isArray(data)) return "no data";
  const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
  let at = 0;

  function storeAll(values: readonly unknown[]): string | undefined {
    for (const value of values) {
      if (json?.store(view, at, value) !== true) return `element ${at / size} is no ${name}`;
      at += size;
    }
    return undefined;
  }

  /** As deep as the shape is long, which is bounded. */
  function storeNested(level: unknown, axis: number): string | undefined {
    if (!Array.isArray(level) || level.length !== shape[axis])
      return `data is not nested as its shape, at axis ${axis}`;
    if (axis === shape.length - 1) return storeAll(level);
    for (const part of level) {
      const fault = storeNested(part, axis + 1);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  if (Array.isArray(data[0])) return storeNested(data, 0);
  const count = into.length / size;
  return data.length === count ? storeAll(data) : `${data.length} elements, ${count} in the shape`;
}
