import { prefixEnd, type StoredType, type StoredTypes } from "../state/collections.ts";
import type { StateReader, StateWriter } from "../state/store.ts";
import { compareBytes, concatBytes, equalBytes, fromHex, toHex } from "./bytes.ts";
import type { Report } from "./module.ts";

/**
 * The form of a genesis section that an export writes: all that a module keeps, collection by collection, so that nothing can be left
 * out and nothing is computed anew. `{"state": {"balances": [["<key in hex>", <value as JSON of its SSZ type>], ...]}}`, keys
 * ascending. A section that people write says less, and its module makes the rest.
 */
export interface RecordedSection {
  readonly state: Readonly<Record<string, readonly RecordedEntry[]>>;
}

export type RecordedEntry = readonly [key: string, value: unknown];

/** What the state's keys are bounded by, without the two bytes of the prefix. */
const MAX_KEY_BYTES = 1022;
const KEY = /^(?:[0-9a-f]{2})*$/;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a section is of this form; whether it is right, `checkRecorded` says. */
export function isRecorded(section: unknown): section is RecordedSection {
  return isRecord(section) && Object.keys(section).length === 1 && isRecord(section.state);
}

/** All entries of one part of the state, in the order of their keys. PERF: one at a time, so that a state of any size can be written. */
export function* recordedEntries(reader: StateReader, { prefix, type }: StoredType<unknown>): Generator<RecordedEntry> {
  for (const [key, bytes] of reader.iterate({ start: prefix, end: prefixEnd(prefix) })) {
    yield [toHex(key.subarray(prefix.length)), type.toJson(type.deserialize(bytes))];
  }
}

/** The value of an entry, or what is wrong with it. */
function readValue({ type }: StoredType<unknown>, json: unknown): { readonly value: unknown } | string {
  try {
    const value = type.fromJson(json);
    // The library takes more than it writes, such as numbers that do not fit: what comes back must be what was given.
    const read = type.deserialize(type.serialize(value));
    if (JSON.stringify(type.toJson(read)) !== JSON.stringify(json)) return "is not how this value is written";
    return { value };
  } catch (error) {
    return `can't be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** What is wrong with the key of an entry, given the one before it. */
function keyFault(key: unknown, before: Uint8Array | undefined): string | undefined {
  if (typeof key !== "string" || !KEY.test(key) || key.length > 2 * MAX_KEY_BYTES) {
    return `must be a key in lower-case hex, at most ${MAX_KEY_BYTES} bytes`;
  }
  const follows = before === undefined || compareBytes(before, fromHex(key)) < 0;
  return follows ? undefined : "must come after the key before it";
}

function checkEntries(stored: StoredType<unknown>, list: unknown, path: string, report: Report): void {
  if (!Array.isArray(list)) {
    report(path, "must be a list of [key, value]");
    return;
  }
  let before: Uint8Array | undefined;
  for (const [i, entry] of (list as readonly unknown[]).entries()) {
    const at = `${path}[${i}]`;
    if (!Array.isArray(entry) || entry.length !== 2) {
      report(at, "must be [key, value]");
      continue;
    }
    const [key, json] = entry as [unknown, unknown];
    const fault = keyFault(key, before);
    if (fault !== undefined) report(`${at}[0]`, fault);
    else before = fromHex(String(key));
    const read = readValue(stored, json);
    if (typeof read === "string") report(`${at}[1]`, read);
  }
}

/** Reports all that is wrong with a section of this form. */
export function checkRecorded(section: RecordedSection, stored: StoredTypes, report: Report): void {
  for (const [name, list] of Object.entries(section.state)) {
    const type = Object.hasOwn(stored, name) ? stored[name] : undefined;
    if (type === undefined) report(`state.${name.slice(0, 80)}`, "is unknown");
    else checkEntries(type, list, `state.${name}`, report);
  }
}

/** Writes what has been checked. */
export function restoreRecorded(writer: StateWriter, section: RecordedSection, stored: StoredTypes): void {
  for (const [name, list] of Object.entries(section.state)) {
    const part = stored[name];
    if (part === undefined) throw new Error(`the genesis section was not checked: it has ${name}`);
    for (const [key, json] of list) {
      const value = part.type.fromJson(json);
      const bytes = part.type.serialize(value);
      writer.set(concatBytes(part.prefix, fromHex(key)), { bytes, root: part.type.hashTreeRoot(value) });
    }
  }
}

/** Whether both hold the same under every key of these parts; the first difference in words. */
export function stateDifference(a: StateReader, b: StateReader, stored: StoredTypes): string | undefined {
  for (const [name, { prefix }] of Object.entries(stored)) {
    const range = { start: prefix, end: prefixEnd(prefix) };
    const left = [...a.iterate(range)];
    const right = [...b.iterate(range)];
    if (left.length !== right.length) return `${name}: ${left.length} entries, ${right.length}`;
    for (const [i, [key, value]] of left.entries()) {
      const other = right[i];
      if (other === undefined || !equalBytes(key, other[0])) return `${name}: the keys differ at ${toHex(key)}`;
      if (!equalBytes(value, other[1])) return `${name}: the values of ${toHex(key)} differ`;
    }
  }
  return undefined;
}
