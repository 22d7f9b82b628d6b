import { expect, test } from "vitest";
import { balances } from "../../modules/bank/store.ts";
import { invariantWatch } from "../../node/invariant-watch.ts";
import { createOverlay } from "../../state/overlay.ts";
import type { StateReader } from "../../state/store.ts";
import { DENOM } from "../modules/random/chain.ts";
import { simulateModules } from "../modules/random/simulate.ts";

test("a broken invariant stops a node that looks, in one line", async () => {
  let state: StateReader | undefined;
  const take = (reader: StateReader): StateReader => {
    state = reader;
    return reader;
  };
  await simulateModules({ seed: 2, blocks: 3, tamper: take });
  if (state === undefined) throw new Error("the run has a state");
  const broken = createOverlay(state);
  balances.set(broken, [new Uint8Array(20), DENOM], 1n);
  const watch = invariantWatch(5, { denom: DENOM });
  expect(watch(state, 10)).toBeUndefined();
  expect(watch(broken, 9)).toBeUndefined();
  expect(invariantWatch(0, { denom: DENOM })(broken, 10)).toBeUndefined();
  const message = watch(broken, 10)?.message ?? "";
  expect(message).toContain("the state after block 10 breaks an invariant: bank.supply");
  expect(message).not.toContain("\n");
});
