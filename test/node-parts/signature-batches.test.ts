import { expect, test, vi } from "vitest";
import { blsKeyFromSeed, blsSecretKey, createBls, type SignatureSet } from "../../chain/crypto/bls.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { rememberingBls } from "../../chain/crypto/remembering-bls.ts";
import { signatureBatches } from "../../node/signature-batches.ts";

const key = blsSecretKey(blsKeyFromSeed(sha256(Uint8Array.of(1))));
function setOf(number: number): SignatureSet {
  const message = sha256(Uint8Array.of(number));
  return { publicKey: key.publicKey, message, signature: key.sign(message) };
}

function scene() {
  const library = createBls();
  const single = vi.fn((set: SignatureSet) => library.verify(set));
  const together = vi.fn((sets: readonly SignatureSet[]) => library.verifyBatch(sets));
  const bls = rememberingBls({ ...library, verify: single, verifyBatch: together });
  let ring = (): void => undefined;
  const clock = {
    after: (_: number, callback: () => void) => {
      ring = callback;
      return () => {
        ring = () => undefined;
      };
    },
  };
  return { bls, single, together, batches: signatureBatches(() => bls, clock), ring: () => ring() };
}

test("signatures that come close together are verified as one batch, and are then known", async () => {
  const { bls, single, together, batches, ring } = scene();
  const sets = [1, 2, 3].map(setOf);
  const settled = Promise.all(sets.map((set) => batches.settle(set)));
  expect(together).not.toHaveBeenCalled();
  ring();
  await settled;
  expect(sets.map((set) => bls.verify(set))).toEqual([true, true, true]);
  expect([together.mock.calls.length, single.mock.calls.length]).toEqual([1, 0]);
});

test("a wrong one leaves each to be verified by itself, and is found", async () => {
  const { bls, batches, ring } = scene();
  const [right, other] = [setOf(1), setOf(2)];
  const wrong = { ...other, signature: right.signature };
  const settled = Promise.all([right, wrong].map((set) => batches.settle(set)));
  ring();
  await settled;
  expect([bls.verify(right), bls.verify(wrong)]).toEqual([true, false]);
});

test("a full batch does not wait", async () => {
  const { together, batches, ring } = scene();
  const set = setOf(1);
  await Promise.all(Array.from({ length: 64 }, () => batches.settle(set)));
  expect(together).toHaveBeenCalledTimes(1);
  ring();
  expect(together).toHaveBeenCalledTimes(1);
});
