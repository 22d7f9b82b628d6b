import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { INVARIANTS, type Invariant } from "../../modules/invariants.ts";
import { modules } from "../../modules/registry.ts";
import { prefixEnd, type StoredType } from "../../state/collections.ts";
import { createOverlay } from "../../state/overlay.ts";
import type { StateReader } from "../../state/store.ts";
import { DENOM } from "./random/chain.ts";
import { simulateModules } from "./random/simulate.ts";

type Json = unknown;

/** Copies of a value in JSON in which one number, flag or byte differs. */
function* changed(json: Json): Generator<Json> {
  if (typeof json === "boolean") yield !json;
  else if (typeof json === "number") yield json + 1;
  else if (typeof json === "string" && /^0x[0-9a-f]+$/.test(json)) {
    yield `${json.slice(0, -1)}${json.endsWith("0") ? "1" : "0"}`;
  } else if (typeof json === "string" && /^\d+$/.test(json)) {
    yield String(BigInt(json) + 1n);
    for (const digits of [12n, 18n, 27n]) yield String(BigInt(json) + 10n ** digits);
    yield String(BigInt(json) / 2n);
  } else if (Array.isArray(json)) {
    for (const [i, item] of json.entries()) for (const other of changed(item)) yield json.with(i, other);
  } else if (typeof json === "object" && json !== null) {
    for (const [key, item] of Object.entries(json)) for (const other of changed(item)) yield { ...json, [key]: other };
  }
}

/** Few of many: each is one fault. */
const ENTRIES = 3;

/** States that differ from this one in one entry of a part. */
function* planted(reader: StateReader, { prefix, type }: StoredType<unknown>): Generator<StateReader> {
  let left = ENTRIES;
  for (const [key, bytes] of reader.iterate({ start: prefix, end: prefixEnd(prefix) })) {
    if (left-- === 0) return;
    const without = createOverlay(reader);
    without.delete(key);
    yield without;
    if (key.length > prefix.length) {
      const other = Uint8Array.from(key);
      other[prefix.length] = (other[prefix.length] ?? 0) ^ 1;
      const moved = createOverlay(reader);
      moved.set(other, { bytes, root: type.hashTreeRoot(type.deserialize(bytes)) });
      yield moved;
    }
    for (const json of changed(type.toJson(type.deserialize(bytes)))) {
      const overlay = createOverlay(reader);
      try {
        const value = type.fromJson(json);
        overlay.set(key, { bytes: type.serialize(value), root: type.hashTreeRoot(value) });
      } catch {
        continue; // A value of another type can't be in a state.
      }
      yield overlay;
    }
  }
}

const nameOf = ({ module, name }: Invariant): string => `${module}.${name}`;

/** Invariants that hold of a state and are seen to break by one entry that is wrong. */
function caught(reader: StateReader, wanted: ReadonlySet<string>): string[] {
  const spec = { denom: DENOM };
  const left = INVARIANTS.filter((invariant) => wanted.has(nameOf(invariant)));
  const found = new Set<string>();
  for (const { stored } of modules) {
    for (const part of Object.values(stored)) {
      for (const state of planted(reader, part)) {
        for (const invariant of left) {
          if (!found.has(nameOf(invariant)) && invariant.check(state, spec).length > 0) found.add(nameOf(invariant));
        }
        if (found.size === left.length) return [...found];
      }
    }
  }
  return [...found];
}

describe("the table of invariants", () => {
  it("has every invariant that a module exports", async () => {
    const exported: string[] = [];
    for (const folder of readdirSync(new URL("../../modules", import.meta.url), { withFileTypes: true })) {
      if (!folder.isDirectory()) continue;
      const files = readdirSync(new URL(`../../modules/${folder.name}`, import.meta.url));
      if (!files.includes("invariants.ts")) continue;
      const file = (await import(`../../modules/${folder.name}/invariants.ts`)) as Record<string, unknown>;
      for (const name of Object.keys(file)) {
        if (name.endsWith("Invariant")) exported.push(`${folder.name}.${name.slice(0, -"Invariant".length)}`);
      }
    }
    expect(INVARIANTS.map(nameOf)).toEqual(expect.arrayContaining(exported));
    expect(new Set(INVARIANTS.map(nameOf)).size).toBe(INVARIANTS.length);
  });

  it("catches a wrong entry by each of them", async () => {
    const wanted = new Set(INVARIANTS.map(nameOf));
    for (let seed = 1; seed <= 8 && wanted.size > 0; seed++) {
      const run = await simulateModules({
        seed,
        blocks: 40,
        tamper(reader, height) {
          if (height % 13 === 0) for (const name of caught(reader, wanted)) wanted.delete(name);
          return reader;
        },
      });
      expect(run.failure).toBeUndefined();
    }
    expect([...wanted]).toEqual([]);
  }, 60_000);
});
