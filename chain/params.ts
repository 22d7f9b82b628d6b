import { ByteListType, ContainerType, ListCompositeType } from "@chainsafe/ssz";
import { portable } from "./types/portable.ts";
import { UintBn64 } from "./types/primitives.ts";

/** What a parameter counts. `ppm` is parts per million: there are no fractions in a state transition. */
export type ParamUnit = "count" | "blocks" | "ms" | "ppm" | "gas" | "bytes" | "uassay";

/** A row of the parameter table. All values are unsigned 64-bit integers; `min` and `max` are inclusive. */
export interface ParamRow {
  readonly unit: ParamUnit;
  readonly default: bigint;
  readonly min: bigint;
  readonly max: bigint;
  readonly doc: string;
}

/** The parameters in force, by full name (`staking.unbondingTime`). */
export type Params = ReadonlyMap<string, bigint>;

const sealed = new WeakSet<Params>();

function refuse(): never {
  throw new Error("parameters in force can't be changed in place: write others to the state");
}

/** Parameters that nothing can change any more, so that what is computed from them may be kept with them. */
export function sealParams(entries: Iterable<readonly [string, bigint]>): Params {
  const params = new Map(entries);
  for (const method of ["set", "delete", "clear"]) Object.defineProperty(params, method, { value: refuse });
  sealed.add(params);
  return Object.freeze(params);
}

/**
 * A function of parameters that is computed once for sealed ones, and each time for all others.
 * PERF: every module reads its parameters in each block and the header holds the root of all, while they hardly ever change.
 * Kept for as long as the parameters themselves.
 */
export function oncePerParams<V extends object>(compute: (params: Params) => V): (params: Params) => V {
  const known = new WeakMap<Params, V>();
  return (params) => {
    const kept = known.get(params);
    if (kept !== undefined) return kept;
    const value = compute(params);
    if (sealed.has(params)) known.set(params, value);
    return value;
  };
}

export interface ParamTable<R extends Record<string, ParamRow> = Record<string, ParamRow>> {
  readonly module: string;
  readonly rows: R;
  /** The module's own parameters, by short name. */
  read(params: Params): { readonly [K in keyof R]: bigint };
}

/** Declares a module's rows of the parameter table. */
export function defineParams<const R extends Record<string, ParamRow>>(module: string, rows: R): ParamTable<R> {
  const entries = Object.entries(rows) as [keyof R & string, ParamRow][];
  return {
    module,
    rows,
    read: oncePerParams((params) => {
      const values = {} as { [K in keyof R]: bigint };
      for (const [name, row] of entries) {
        // What the state does not hold came with an upgrade of the software, and has its default until it is set.
        values[name] = params.get(`${module}.${name}`) ?? row.default;
      }
      return Object.freeze(values);
    }),
  };
}

/** What `paramsRoot` is the root of: all parameters in byte order of their names. */
export const ParamEntries = portable(
  () =>
    new ListCompositeType(
      new ContainerType({ name: new ByteListType(64), value: UintBn64 }, { typeName: "ParamEntry" }),
      1024,
    ),
);

/** Merges tables into one list of rows by full name, in byte order. */
export function parameterRows(tables: readonly ParamTable[]): ReadonlyMap<string, ParamRow> {
  const rows: [string, ParamRow][] = [];
  for (const table of tables) {
    for (const [name, row] of Object.entries(table.rows)) rows.push([`${table.module}.${name}`, row]);
  }
  rows.sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(rows);
}
