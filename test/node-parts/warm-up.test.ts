import { expect, test, vi } from "vitest";
import { MODEL_STATUS, models, residentSet } from "../../modules/inference/store.ts";
import { Tensors } from "../../modules/inference/tensors.ts";
import type { RunRequest } from "../../node/attester/runs.ts";
import { createWarmUp } from "../../node/inline/warm-up.ts";
import { createChain, manifestOf } from "../inference/harness.ts";

test("a model of the resident set is run on zeros, once, when it is active; others are not", () => {
  const digits = manifestOf("digits", { inline: true });
  const { store } = createChain({ models: [digits, manifestOf("other")] });
  const start = vi.fn<(request: RunRequest) => Promise<undefined>>().mockResolvedValue(undefined);
  const committed = createWarmUp({ start });
  committed(store);
  committed(store);
  expect(start).toHaveBeenCalledTimes(1);
  const [request] = start.mock.calls[0] ?? [];
  expect(request?.manifest).toEqual(digits);
  const { inputs } = request ?? {};
  const [zeros] = Tensors.deserialize(inputs instanceof Uint8Array ? inputs : new Uint8Array());
  expect([zeros?.shape, zeros?.data]).toEqual([[1, 2], new Uint8Array(8)]);

  // One that is being admitted takes its place now, and is run later.
  const next = manifestOf("next", { inline: true });
  const record = models.get(store, digits.modelRoot);
  if (record === undefined) throw new Error("no model");
  models.set(store, next.modelRoot, { ...record, manifest: next, status: MODEL_STATUS.registered });
  residentSet.set(store, { models: 2, bytes: 2000 });
  committed(store);
  expect(start).toHaveBeenCalledTimes(1);
  models.set(store, next.modelRoot, { ...record, manifest: next });
  committed(store);
  committed(store);
  expect(start).toHaveBeenCalledTimes(2);
});
