import { expect, test } from "vitest";
import { createProofs } from "../../node/engine/proofs.ts";

/** A prover whose proofs end when they are told to. */
function prover() {
  const begun: number[] = [];
  const ends: ((fault: string | undefined) => void)[] = [];
  const proofs = createProofs((bytes) => {
    begun.push(bytes[0] ?? 0);
    return new Promise((resolve) => ends.push(resolve));
  });
  return { begun, ends, fault: (root: string, byte: number) => proofs.fault(root, async () => Uint8Array.of(byte)) };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("one is made at a time, and each once", async () => {
  const { begun, ends, fault } = prover();
  const first = fault("a", 1);
  const again = fault("a", 1);
  const second = fault("b", 2);
  await settled();
  expect(begun).toEqual([1]);
  ends[0]?.(undefined);
  await settled();
  expect(begun).toEqual([1, 2]);
  ends[1]?.("no");
  expect([await first, await again, await second, await fault("a", 1), await fault("b", 2)]).toEqual([
    undefined,
    undefined,
    "no",
    undefined,
    "no",
  ]);
  expect(begun).toEqual([1, 2]);
});

test("one that could not be made is tried again, and does not keep others from theirs", async () => {
  let tries = 0;
  const proofs = createProofs(async () => {
    if (tries++ === 0) throw new Error("no memory");
    return undefined;
  });
  const bytes = async () => new Uint8Array(1);
  const failing = proofs.fault("a", bytes);
  const other = proofs.fault("b", bytes);
  await expect(failing).rejects.toThrow("no memory");
  expect(await other).toBeUndefined();
  expect(await proofs.fault("a", bytes)).toBeUndefined();
  expect(tries).toBe(3);
});
