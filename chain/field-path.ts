import { ContainerType, type Type } from "@chainsafe/ssz";

/** Names of fields, from the outermost value inwards; an empty path is the value itself. Fields of containers only. */
export type FieldPath = readonly string[];

/** What `P` leads to in a value of type `T`. */
export type FieldAt<T, P extends FieldPath> = P extends readonly [
  infer K extends keyof T & string,
  ...infer Rest extends FieldPath,
]
  ? FieldAt<T[K], Rest>
  : T;

/** Where a field stands in its value's Merkle tree. The generalized index is that of the consensus specifications of Ethereum. */
export interface Field {
  readonly type: Type<unknown>;
  readonly gindex: bigint;
}

/** More than any path in the state has. */
const MAX_DEPTH = 8;

function depthOf(gindex: bigint): bigint {
  return BigInt(gindex.toString(2).length - 1);
}

/** @returns undefined for a path that leads nowhere, or into a list, whose elements are not proven one by one. */
export function fieldAt(type: Type<unknown>, path: FieldPath): Field | undefined {
  if (path.length > MAX_DEPTH) return undefined;
  let field: Field = { type, gindex: 1n };
  for (const name of path) {
    if (!(field.type instanceof ContainerType)) return undefined;
    const container: ContainerType<Record<string, Type<unknown>>> = field.type;
    const inner = Object.hasOwn(container.fields, name) ? container.fields[name] : undefined;
    if (inner === undefined) return undefined;
    const { gindex } = container.getPathInfo([name]);
    const depth = depthOf(gindex);
    field = { type: inner, gindex: (field.gindex << depth) | (gindex - (1n << depth)) };
  }
  return field;
}
