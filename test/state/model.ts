import { createHash } from "node:crypto";
import type { StateReader, StoredValue } from "../../state/store.ts";

/** The state as plainly as it can be said: a map, and the definition of the tree taken word for word. */

export const ZERO = new Uint8Array(32);

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

export const leaf = (path: Uint8Array, valueRoot: Uint8Array): Uint8Array => sha256(Uint8Array.of(0), path, valueRoot);
export const inner = (left: Uint8Array, right: Uint8Array): Uint8Array => sha256(Uint8Array.of(1), left, right);

export function bit(path: Uint8Array, depth: number): number {
  return ((path[depth >> 3] ?? 0) >> (7 - (depth % 8))) & 1;
}

export function naiveRoot(
  leaves: readonly (readonly [path: Uint8Array, valueRoot: Uint8Array])[],
  depth = 0,
): Uint8Array {
  const only = leaves[0];
  if (only === undefined) return ZERO;
  if (leaves.length === 1) return leaf(...only);
  const side = (wanted: number): Uint8Array =>
    naiveRoot(
      leaves.filter(([path]) => bit(path, depth) === wanted),
      depth + 1,
    );
  return inner(side(0), side(1));
}

export const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value, "latin1"));

/** A value whose root is a hash of its bytes. */
export function value(content: string): StoredValue {
  return { bytes: text(content), root: sha256(text(`root of ${content}`)) };
}

/** Key and content, as latin1 text. */
export type Contents = ReadonlyMap<string, string>;

export function rootOf(contents: Contents): Uint8Array {
  return naiveRoot([...contents].map(([key, content]) => [sha256(text(key)), value(content).root] as const));
}

/** The contents within a range, in byte order or its reverse. */
export function slice(contents: Contents, start: string, end: string, reverse: boolean): [string, string][] {
  const found = [...contents].filter(([key]) => key >= start && key < end).sort(([a], [b]) => (a < b ? -1 : 1));
  return reverse ? found.reverse() : found;
}

export function read(reader: StateReader, start: string, end: string, reverse: boolean): [string, string][] {
  const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
  const entries = reader.iterate({ start: text(start), end: text(end), reverse });
  return [...entries].map(([key, bytes]) => [latin1(key), latin1(bytes)]);
}
