import { expect, test } from "vitest";
import { modules } from "../../modules/registry.ts";
import { EXAMINATIONS, examine } from "../../node/doctor.ts";
import type { StateStore } from "../../state/store.ts";
import { createActor, createKeys, createRandomChain } from "../modules/random/chain.ts";

const keys = createKeys();

async function chainOf() {
  const actor = createActor("a");
  return createRandomChain({
    modules,
    keys,
    params: {},
    stakes: [[actor, 5_000_000n]],
    balances: [[actor, 1_000_000n]],
    models: [],
  });
}

async function faultsOf(store: StateStore, spec: Awaited<ReturnType<typeof chainOf>>["runtime"]["spec"]) {
  const broken = new Map<string, readonly string[]>();
  let names = 0;
  for await (const { name, faults } of examine({ store, spec, bls: keys.bls }, () => 0)) {
    names++;
    if (faults.length > 0) broken.set(name, faults);
  }
  expect(names).toBe(EXAMINATIONS.length);
  return broken;
}

/** The same store whose table of values holds something else than its tree. */
function withOneValueChanged(store: StateStore, change: (value: Uint8Array) => Uint8Array): StateStore {
  return Object.create(store, {
    freeze: {
      value: () => {
        const state = store.freeze();
        return {
          ...state,
          async *entries() {
            let first = true;
            for await (const [key, value] of state.entries()) {
              yield [key, first ? change(value) : value] as const;
              first = false;
            }
          },
        };
      },
    },
  }) as StateStore;
}

test("a sound database has no faults", async () => {
  const { store, runtime } = await chainOf();
  expect([...(await faultsOf(store, runtime.spec))]).toEqual([]);
});

test("a value that the tree does not have is found, and one that is no value of its type", async () => {
  const { store, runtime } = await chainOf();
  const other = await faultsOf(
    withOneValueChanged(store, (value) =>
      Uint8Array.from(value, (byte, i) => (i === value.length - 1 ? byte ^ 1 : byte)),
    ),
    runtime.spec,
  );
  expect([...other.keys()]).toEqual(["state root", "tree and values"]);
  const cut = await faultsOf(
    withOneValueChanged(store, () => new Uint8Array(0)),
    runtime.spec,
  );
  expect(cut.get("tree and values")?.[0]).toContain("the tree does not lead to the value");
});
