import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { createMemoryStore } from "../../state/memory-store.ts";
import { createOverlay } from "../../state/overlay.ts";
import { verifyStateProof } from "../../state/proof.ts";
import type { StateProof, StateStore } from "../../state/store.ts";
import { bit, inner, leaf, sha256, text, value, ZERO } from "./model.ts";

const KEYS = Array.from({ length: 40 }, (_, i) => `key ${i}`);
let store: StateStore;

beforeAll(async () => {
  store = createMemoryStore();
  const overlay = createOverlay(store.latest);
  for (const key of KEYS) overlay.set(text(key), value(`value of ${key}`));
  await store.commit(store.prepare(0, overlay.changes()), []);
});

function proofOf(key: string): StateProof {
  const proof = store.prove(text(key), 0);
  if (proof === undefined) throw new Error("no proof");
  return proof;
}

const expectedOf = (key: string): { valueRoot: Uint8Array } => ({ valueRoot: value(`value of ${key}`).root });

test("every key is proved with its value, and every other key absent", () => {
  for (const key of KEYS) {
    const proof = proofOf(key);
    expect(proof.value).toEqual(text(`value of ${key}`));
    expect(verifyStateProof(store.root, text(key), expectedOf(key), proof)).toBe(true);
    expect(verifyStateProof(store.root, text(key), undefined, proof)).toBe(false);
    expect(verifyStateProof(store.root, text(key), { valueRoot: value("another").root }, proof)).toBe(false);
    expect(verifyStateProof(store.root, text(`${key}!`), expectedOf(key), proof)).toBe(false);
    expect(verifyStateProof(ZERO, text(key), expectedOf(key), proof)).toBe(false);
  }
  let ends = 0;
  for (let i = 0; i < 60; i++) {
    const key = `absent ${i}`;
    const proof = proofOf(key);
    if (proof.leaf === undefined) ends++;
    expect(proof.value).toBeUndefined();
    expect(verifyStateProof(store.root, text(key), undefined, proof)).toBe(true);
    expect(verifyStateProof(store.root, text(key), { valueRoot: value("a").root }, proof)).toBe(false);
    expect(verifyStateProof(store.root, text(KEYS[0] ?? ""), undefined, proof)).toBe(false);
  }
  expect(ends).toBeGreaterThan(0);
  expect(ends).toBeLessThan(60);
});

test("the empty state proves that nothing is there", () => {
  const proof: StateProof = { key: text("a"), value: undefined, leaf: undefined, siblings: [] };
  expect(verifyStateProof(ZERO, text("a"), undefined, proof)).toBe(true);
  expect(verifyStateProof(ZERO, text("a"), { valueRoot: ZERO }, proof)).toBe(false);
});

/** Each single-bit change of everything that the root commits to. */
function* flips(proof: StateProof): Iterable<StateProof> {
  const flipped = function* (bytes: Uint8Array): Iterable<Uint8Array> {
    for (let i = 0; i < bytes.length * 8; i++) {
      const copy = Uint8Array.from(bytes);
      copy[i >> 3] = (copy[i >> 3] ?? 0) ^ (1 << (i & 7));
      yield copy;
    }
  };
  const { leaf: end, siblings } = proof;
  for (const key of flipped(proof.key)) yield { ...proof, key };
  if (end !== undefined) {
    for (const path of flipped(end.path)) yield { ...proof, leaf: { ...end, path } };
    for (const valueRoot of flipped(end.valueRoot)) yield { ...proof, leaf: { ...end, valueRoot } };
  }
  for (const [i, sibling] of siblings.entries()) {
    for (const changed of flipped(sibling)) yield { ...proof, siblings: siblings.with(i, changed) };
  }
}

test("one flipped bit anywhere is refused", () => {
  const absent = Array.from({ length: 20 }, (_, i) => `absent ${i}`);
  const besideLeaf = absent.find((key) => proofOf(key).leaf !== undefined) ?? "";
  const besideNothing = absent.find((key) => proofOf(key).leaf === undefined) ?? "";
  for (const [key, expected] of [
    ["key 7", expectedOf("key 7")],
    [besideLeaf, undefined],
    [besideNothing, undefined],
  ] as const) {
    let tried = 0;
    for (const proof of flips(proofOf(key))) {
      tried++;
      if (verifyStateProof(store.root, text(key), expected, proof)) expect.fail(`flip ${tried} of ${key} was accepted`);
    }
    expect(tried).toBeGreaterThan(1000);
  }
});

test("missing, additional and swapped siblings are refused", () => {
  for (const key of [...KEYS, "absent 1", "absent 2", "absent 3"]) {
    const proof = proofOf(key);
    const expected = KEYS.includes(key) ? expectedOf(key) : undefined;
    const { siblings } = proof;
    const isAccepted = (changed: readonly Uint8Array[]): boolean =>
      verifyStateProof(store.root, text(key), expected, { ...proof, siblings: changed });
    expect(isAccepted(siblings)).toBe(true);
    for (let i = 0; i < siblings.length; i++) {
      expect(isAccepted(siblings.toSpliced(i, 1))).toBe(false);
      expect(isAccepted(siblings.toSpliced(i, 0, ZERO))).toBe(false);
      const other = siblings[i + 1];
      const mine = siblings[i];
      if (mine === undefined || other === undefined || Buffer.compare(mine, other) === 0) continue;
      expect(isAccepted(siblings.with(i, other).with(i + 1, mine))).toBe(false);
    }
    expect(isAccepted([...siblings, ZERO])).toBe(false);
    expect(isAccepted([...siblings].reverse())).toBe(siblings.length < 2);
  }
});

test("an inner node can't pass for a leaf", () => {
  // Without the tags, the children of an inner node would be a leaf's path and value root, and the subtree a value.
  const key = KEYS.find((candidate) => proofOf(candidate).siblings.length > 3) ?? "";
  const { siblings, leaf: end } = proofOf(key);
  const path = sha256(text(key));
  let below = leaf(end?.path ?? ZERO, end?.valueRoot ?? ZERO);
  for (const [i, sibling] of siblings.entries()) {
    const onRight = bit(path, siblings.length - 1 - i) === 1;
    const [left, right] = onRight ? [sibling, below] : [below, sibling];
    const forged: StateProof = {
      key: text(key),
      value: undefined,
      leaf: { path: left, valueRoot: right },
      siblings: siblings.slice(i + 1),
    };
    const asMember = { ...forged, value: text("anything") };
    expect(verifyStateProof(store.root, text(key), undefined, forged)).toBe(false);
    expect(verifyStateProof(store.root, text(key), { valueRoot: right }, asMember)).toBe(false);
    below = inner(left, right);
  }
  expect(below).toEqual(store.root);
});

test("an untagged tree would have let it pass: the attack is real", () => {
  const untagged = sha256(Uint8Array.of(0), ZERO, text("x".repeat(32)));
  const proof: StateProof = {
    key: text("k"),
    value: undefined,
    leaf: { path: ZERO, valueRoot: text("x".repeat(32)) },
    siblings: [],
  };
  expect(verifyStateProof(untagged, text("k"), undefined, proof)).toBe(true);
  expect(verifyStateProof(inner(ZERO, text("x".repeat(32))), text("k"), undefined, proof)).toBe(false);
});

test("a leaf from elsewhere in the tree proves no absence", () => {
  const [one, other] = [proofOf("key 1"), proofOf("key 2")];
  const forged: StateProof = { key: text("key 1"), value: undefined, leaf: other.leaf, siblings: other.siblings };
  expect(verifyStateProof(store.root, text("key 1"), undefined, forged)).toBe(false);
  expect(verifyStateProof(store.root, text("key 1"), undefined, { ...one, value: undefined })).toBe(false);
});

test("a leaf where its own path does not lead proves no absence, even under a root that was made so", () => {
  const key = text("key 1");
  const elsewhere = Uint8Array.from(sha256(key));
  elsewhere[0] = (elsewhere[0] ?? 0) ^ 0x80;
  const end = { path: elsewhere, valueRoot: ZERO };
  const [mine, sibling] = [leaf(elsewhere, ZERO), sha256(text("sibling"))];
  const made = bit(sha256(key), 0) === 1 ? inner(sibling, mine) : inner(mine, sibling);
  expect(verifyStateProof(made, key, undefined, { key, value: undefined, leaf: end, siblings: [sibling] })).toBe(false);
});

test("bounded: as many siblings as a path has bits, and not one more", () => {
  const key = text("key 1");
  const path = sha256(key);
  const verify = (count: number): boolean => {
    const siblings = new Array<Uint8Array>(count).fill(ZERO);
    const made = siblings.reduce(
      (below, sibling, i) => (bit(path, count - 1 - i) === 1 ? inner(sibling, below) : inner(below, sibling)),
      leaf(path, ZERO),
    );
    return verifyStateProof(
      made,
      key,
      { valueRoot: ZERO },
      { key, value: key, leaf: { path, valueRoot: ZERO }, siblings },
    );
  };
  expect([verify(0), verify(1), verify(256), verify(257), verify(100_000)]).toEqual([true, true, true, false, false]);
});

test("hostile shapes get a verdict, never an exception", () => {
  const good = proofOf("key 1");
  const shapes: unknown[] = [
    undefined,
    null,
    1,
    "proof",
    [],
    {},
    { ...good, siblings: undefined },
    { ...good, siblings: {} },
    { ...good, siblings: new Array(3) },
    { ...good, siblings: [null] },
    { ...good, siblings: [new Uint8Array(31)] },
    { ...good, siblings: [new Uint8Array(33)] },
    { ...good, leaf: null },
    { ...good, leaf: 7 },
    { ...good, leaf: {} },
    { ...good, leaf: { path: new Uint8Array(64), valueRoot: new Uint8Array(0) } },
    { ...good, leaf: undefined },
    { ...good, value: undefined },
    { ...good, value: null },
    { ...good, key: "key 1" },
  ];
  for (const shape of shapes) {
    expect(verifyStateProof(store.root, text("key 1"), expectedOf("key 1"), shape as StateProof)).toBe(false);
  }
  expect(verifyStateProof(new Uint8Array(31), text("key 1"), expectedOf("key 1"), good)).toBe(false);
  expect(verifyStateProof(store.root, text("key 1"), { valueRoot: new Uint8Array(31) }, good)).toBe(false);
  fc.assert(
    fc.property(
      fc.object({ key: fc.constantFrom("key", "value", "leaf", "siblings", "path"), maxDepth: 3 }),
      (shape) => {
        expect(verifyStateProof(store.root, text("key 1"), undefined, shape as unknown as StateProof)).toBe(false);
      },
    ),
  );
});
