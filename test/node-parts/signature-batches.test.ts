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

test("many do not wait, and are verified a part at a time, those over one message together", async () => {
  const { together, batches, ring } = scene();
  const sets = [1, 2].map(setOf);
  const settled = Array.from({ length: 256 }, (_, i) => batches.settle(sets[i % 2] ?? setOf(1)));
  expect(together).toHaveBeenCalledTimes(1);
  for (let i = 0; i < 3; i++) ring();
  await Promise.all(settled);
  const messages = together.mock.calls.map(([batch]) => new Set(batch.map(({ message }) => String(message))).size);
  expect(messages.length).toBe(4);
  expect(Math.max(...messages)).toBe(1);
});

test("who may wait longer does, unless one comes that may not", async () => {
  const waits: number[] = [];
  const after = (ms: number) => {
    waits.push(ms);
    return () => undefined;
  };
  const batches = signatureBatches(() => createBls(), { after });
  for (const ms of [12, 12, 4, 12]) void batches.settle(setOf(1), ms);
  expect(waits).toEqual([12, 4]);
});
