import { afterAll, describe, expect, test } from "vitest";
import { createEngine } from "../../../node/engine/engine.ts";
import { unary } from "../onnx-builder.ts";
import { HOSTILE_MODELS } from "./catalogue.ts";
import { confront, MEMORY_MIB } from "./confront.ts";

/** The quick ones; test/long/hostile-models.test.ts meets all of them, and looks at what they leave behind. */
const engine = createEngine({ processes: 1, memoryMiB: MEMORY_MIB });
afterAll(() => engine.close());

const quick = HOSTILE_MODELS.filter(({ slow }) => slow === undefined);

test("the names are distinct, and there are enough of each sort", () => {
  const names = HOSTILE_MODELS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(quick.length).toBeGreaterThan(100);
  for (const kind of ["ok", "execError", "absent"]) expect(quick.some((one) => one.engine === kind)).toBe(true);
});

test("a model that does something else than the catalogue says is noticed", async () => {
  const planted = { name: "no loop", bytes: () => unary("Neg"), check: undefined, engine: "execError" } as const;
  await expect(confront(engine, planted, 400)).rejects.toThrow();
  await expect(confront(engine, { ...planted, engine: "ok", check: /endless/ }, 400)).rejects.toThrow();
  await confront(engine, { ...planted, engine: "ok" }, 400);
});

describe("a hostile model", () => {
  test.each(quick)("$name", (hostile) => confront(engine, hostile, 400));
});
