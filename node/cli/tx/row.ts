import type { EncodeObject } from "@cosmjs/proto-signing";
import type { ProtobufRpcClient } from "@cosmjs/stargate";
import { UserError } from "../../user-error.ts";
import { parseArguments } from "../arguments.ts";
import type { Flag, Kind } from "./kinds.ts";

/** Who will sign, and what a message may need to know of the chain. */
export interface Sender {
  /** `assay1…` */
  readonly address: string;
  /** `assayvaloper1…` of the same account. */
  readonly operator: string;
  /** 20 bytes. */
  readonly addressBytes: Uint8Array;
  readonly chainId: string;
  /** The node's RPC. */
  readonly node: string;
  /** Where the keyring is, and the node's keys where no other place is named. */
  readonly home: string;
  readonly rpc: ProtobufRpcClient;
}

type Kinds = Readonly<Record<string, Kind<unknown>>>;
type Flags = Readonly<Record<string, Flag<unknown>>>;
type Parsed<A extends Kinds, F extends Flags> = { readonly [K in keyof A]: ReturnType<A[K]["parse"]> } & {
  readonly [K in keyof F]: ReturnType<F[K]["parse"]>;
};

interface Definition<A extends Kinds, F extends Flags> {
  /** `staking delegate`. */
  readonly path: string;
  readonly summary: string;
  /** In the order in which they stand there. */
  readonly args?: A;
  readonly flags?: F;
  messages(values: Parsed<A, F>, sender: Sender): readonly EncodeObject[] | Promise<readonly EncodeObject[]>;
}

/** One kind of transaction: what its command line is and which messages that makes. */
export interface TxRow {
  readonly path: string;
  readonly summary: string;
  readonly args: Kinds;
  readonly flags: Flags;
  messages(values: Readonly<Record<string, unknown>>, sender: Sender): Promise<readonly EncodeObject[]>;
}

export function txRow<const A extends Kinds, const F extends Flags>(definition: Definition<A, F>): TxRow {
  const { path, summary, args, flags } = definition;
  return {
    path,
    summary,
    args: args ?? {},
    flags: flags ?? {},
    messages: async (values, sender) => definition.messages(values as Parsed<A, F>, sender),
  };
}

/** The fields that are given: an optional field of a message must not be there as undefined. */
export function given<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}

/** A whole message as rows write it. */
export function message<M>(codec: { readonly typeUrl: string }, value: M): EncodeObject {
  return { typeUrl: codec.typeUrl, value };
}

function naming<T>(command: string, name: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${command}: ${name} ${error.message}`, { cause: error });
  }
}

/** What stands behind `assay ` in help. */
export function rowUsage(row: Pick<TxRow, "path" | "args" | "flags">, root: string): string {
  const args = Object.values(row.args).map(({ shape, isRepeated }) => `<${shape}>${isRepeated === true ? "…" : ""}`);
  const flags = Object.entries(row.flags).map(([name, { shape, isRequired, isSwitch }]) => {
    const option = isSwitch ? `--${name}` : `--${name} ${shape}`;
    return isRequired ? option : `[${option}]`;
  });
  return [root, row.path, ...args, ...flags].join(" ");
}

export interface ParsedRow<V> {
  /** By the names of the row's arguments and flags. */
  readonly values: Readonly<Record<string, unknown>>;
  /** By the names of the common flags. */
  readonly common: V;
}

/**
 * Reads a command line by its row and the flags that all rows have.
 * @throws UserError naming the argument or flag.
 */
export function parseRow<F extends Flags>(
  root: string,
  row: Pick<TxRow, "path" | "args" | "flags">,
  common: F,
  words: readonly string[],
): ParsedRow<{ readonly [K in keyof F]: ReturnType<F[K]["parse"]> }> {
  const command = `${root} ${row.path}`;
  const all: Flags = { ...common, ...row.flags };
  const options = Object.fromEntries(
    Object.entries(all).map(([name, { isSwitch }]) => [name, { type: isSwitch ? "boolean" : "string" } as const]),
  );
  const expected = Object.entries(row.args).map(([name, { isRepeated }]) => (isRepeated === true ? `${name}…` : name));
  const parsed = parseArguments({ name: command }, words, options, expected);
  const given = parsed.values as Readonly<Record<string, string | boolean | undefined>>;
  const values: Record<string, unknown> = {};
  for (const [index, [name, kind]] of Object.entries(row.args).entries()) {
    const texts = parsed.positionals.slice(index, kind.isRepeated === true ? undefined : index + 1);
    const read = texts.map((text) => naming(command, name, () => kind.parse(text)));
    values[name] = kind.isRepeated === true ? read.flat() : read[0];
  }
  for (const [name, one] of Object.entries(row.flags)) {
    values[name] = naming(command, `--${name}`, () => one.parse(given[name]));
  }
  const shared: Record<string, unknown> = {};
  for (const [name, one] of Object.entries(common)) {
    shared[name] = naming(command, `--${name}`, () => one.parse(given[name]));
  }
  return { values, common: shared as { readonly [K in keyof F]: ReturnType<F[K]["parse"]> } };
}
