import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { utf8 } from "../../chain/bytes.ts";
import { fieldAt } from "../../chain/field-path.ts";
import { FieldProof, PROOF_OP, TreeProof } from "../../chain/types/proof-ops.ts";
import { NodeError } from "../../client/errors.ts";
import { type AbciQuerier, provenState, type StateAnswer, verifyState } from "../../client/proofs.ts";
import { balances } from "../../modules/bank/store.ts";
import { bondedTotal, validators } from "../../modules/staking/store.ts";
import { provenValue } from "../../node/rpc/state-proof.ts";
import { createMemoryStore } from "../../state/memory-store.ts";
import { createOverlay } from "../../state/overlay.ts";

const address = (seed: number): Uint8Array => new Uint8Array(20).fill(seed);
const OPERATOR = address(0xaa);
const RECORD = {
  ...validators.type.defaultValue(),
  identityKey: new Uint8Array(32).fill(3),
  voteKey: new Uint8Array(48).fill(4),
  tokens: 123_456n,
  shares: 5n * 10n ** 18n,
};
RECORD.description.moniker = utf8("alice");
RECORD.commission.rate = 50_000n;

const store = createMemoryStore();
const overlay = createOverlay(store.latest);
for (let i = 0; i < 40; i++) balances.set(overlay, [address(i), "uassay"], BigInt(i + 1));
validators.set(overlay, OPERATOR, RECORD);
bondedTotal.set(overlay, 99n);
await store.commit(store.prepare(0, overlay.changes()), []);
const ROOT = store.root;

const KEY = validators.storeKey(OPERATOR);
const TOKENS = { key: KEY, type: validators.type, path: ["tokens"] } as const;

/** As a node does it. */
function answer(key: Uint8Array, path: readonly string[] = []): StateAnswer {
  const proof = store.prove(key, 0);
  if (proof === undefined) throw new Error("no proof");
  const { value = new Uint8Array(0), ops } = provenValue(proof, path);
  return { value, ops };
}

describe("what the state holds is proven", () => {
  test("a whole value, basic and composite", () => {
    const key = balances.storeKey([address(7), "uassay"]);
    expect(verifyState(ROOT, { key, type: balances.type }, answer(key))).toEqual({ valid: true, value: 8n });
    const all = verifyState(ROOT, { key: KEY, type: validators.type }, answer(KEY));
    expect(all).toMatchObject({ valid: true, value: { tokens: 123_456n } });
    const item = bondedTotal.storeKey;
    expect(verifyState(ROOT, { key: item, type: bondedTotal.type }, answer(item))).toEqual({ valid: true, value: 99n });
  });

  test.each<[readonly string[], unknown]>([
    [["tokens"], 123_456n],
    [["jailed"], false],
    [["voteKey"], RECORD.voteKey],
    [["commission", "rate"], 50_000n],
    [["description", "moniker"], utf8("alice")],
    [["commission"], RECORD.commission],
  ])("a single field: %j", (path, value) => {
    const proven = answer(KEY, path);
    expect(verifyState(ROOT, { key: KEY, type: validators.type, path }, proven)).toEqual({ valid: true, value });
    expect(proven.ops.map(({ type }) => type)).toEqual([PROOF_OP.field, PROOF_OP.state]);
    if (path.length === 1 && path[0] !== "commission")
      expect(proven.ops[0]?.data.length).toBeLessThanOrEqual(4 + 4 * 32);
  });

  test("that a key is absent, whether or not another leaf stands in its place", () => {
    const absent = Array.from({ length: 30 }, (_, i) => balances.storeKey([address(100 + i), "uassay"]));
    const shapes = new Set<number>();
    for (const key of absent) {
      const found = answer(key);
      shapes.add(TreeProof.deserialize(found.ops[0]?.data ?? new Uint8Array()).leaf.length);
      expect(verifyState(ROOT, { key, type: balances.type }, found)).toEqual({ valid: true, value: undefined });
    }
    expect(shapes).toEqual(new Set([0, 1]));
    const nobody = validators.storeKey(address(1));
    const question = { key: nobody, type: validators.type, path: ["tokens"] } as const;
    expect(verifyState(ROOT, question, answer(nobody, ["tokens"]))).toEqual({ valid: true, value: undefined });
  });
});

describe("nothing else is", () => {
  const honest = answer(KEY, ["tokens"]);
  const [fieldOp, treeOp] = honest.ops;
  if (fieldOp === undefined || treeOp === undefined) throw new Error("two steps were expected");

  test.each<[string, StateAnswer, RegExp]>([
    ["another value", { ...honest, value: answer(KEY, ["shares"]).value.subarray(0, 16) }, /does not lead/],
    ["another field's proof", answer(KEY, ["shares"]), /can't be read|not of this field/],
    ["another key's proof", answer(validators.storeKey(address(1))), /not of this key/],
    ["no proof", { ...honest, ops: [] }, /not of this key/],
    ["only the first step", { ...honest, ops: [fieldOp] }, /not of this key/],
    ["only the second step", { ...honest, ops: [treeOp] }, /not of this field/],
    ["a step too many", { ...honest, ops: [fieldOp, fieldOp, treeOp] }, /not of this field/],
    ["steps in the wrong order", { ...honest, ops: [treeOp, fieldOp] }, /not of this key/],
    ["another field's name", { ...honest, ops: [{ ...fieldOp, key: utf8("shares") }, treeOp] }, /not of this field/],
    [
      "a type of step that is not known",
      { ...honest, ops: [{ ...fieldOp, type: "ics23:iavl" }, treeOp] },
      /this field/,
    ],
    ["a longer value", { ...honest, value: new Uint8Array(17) }, /value can't be read/],
    [
      "bytes after the proof",
      { ...honest, ops: [fieldOp, { ...treeOp, data: new Uint8Array([...treeOp.data, 0]) }] },
      /proof can't be read/,
    ],
    [
      "a branch that is too short",
      { ...honest, ops: [{ ...fieldOp, data: FieldProof.serialize({ branch: [] }) }, treeOp] },
      /not of this field/,
    ],
    [
      "a branch that is too long",
      {
        ...honest,
        ops: [
          { ...fieldOp, data: FieldProof.serialize({ branch: new Array<Uint8Array>(9).fill(new Uint8Array(32)) }) },
          treeOp,
        ],
      },
      /not of this field/,
    ],
    [
      "an absent key that has a value",
      { value: honest.value, ops: answer(validators.storeKey(address(1))).ops },
      /not of this key/,
    ],
  ])("%s", (_, forged, reason) => {
    const verdict = verifyState(ROOT, TOKENS, forged);
    expect(verdict).toMatchObject({ valid: false });
    expect(verdict).toHaveProperty("reason", expect.stringMatching(reason));
  });

  test("a value for a key that is absent", () => {
    const key = validators.storeKey(address(1));
    const question = { key, type: validators.type, path: ["tokens"] } as const;
    const { ops } = answer(key);
    expect(verifyState(ROOT, question, { value: honest.value, ops })).toMatchObject({ valid: false });
    expect(verifyState(ROOT, question, { value: new Uint8Array(0), ops })).toMatchObject({ valid: true });
  });

  test("absence of a key that is there", () => {
    const tree = TreeProof.deserialize(treeOp.data);
    for (const leaf of [[], [{ path: new Uint8Array(32), valueRoot: new Uint8Array(32) }]]) {
      const data = TreeProof.serialize({ ...tree, leaf });
      const forged = { value: new Uint8Array(0), ops: [{ ...treeOp, data }] };
      expect(verifyState(ROOT, TOKENS, forged)).toMatchObject({ valid: false });
    }
  });

  test("another state's root", () => {
    expect(verifyState(new Uint8Array(32), TOKENS, honest)).toMatchObject({ valid: false, reason: /does not lead/ });
  });

  test("any changed bit, of the value or of a step", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 7 }), fc.constantFrom("value", "field", "tree"), (position, bit, part) => {
        const flip = (bytes: Uint8Array): Uint8Array => {
          const changed = Uint8Array.from(bytes);
          const index = position % changed.length;
          changed[index] = (changed[index] ?? 0) ^ (1 << bit);
          return changed;
        };
        const forged = {
          value: part === "value" ? flip(honest.value) : honest.value,
          ops: [
            part === "field" ? { ...fieldOp, data: flip(fieldOp.data) } : fieldOp,
            part === "tree" ? { ...treeOp, data: flip(treeOp.data) } : treeOp,
          ],
        };
        expect(verifyState(ROOT, TOKENS, forged).valid).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});

test.each([
  [["nothing"]],
  [["tokens", "more"]],
  [["toString"]],
  [["description", "moniker", "0"]],
  [new Array<string>(9).fill("tokens")],
])("a path that leads nowhere: %j", (path) => {
  expect(fieldAt(validators.type, path)).toBeUndefined();
  expect(verifyState(ROOT, { key: KEY, type: validators.type, path }, answer(KEY))).toMatchObject({ valid: false });
  expect(() => answer(KEY, path)).toThrow(/have no field/);
});

test("keys of no module have no fields", () => {
  expect(() => answer(Uint8Array.of(0xee, 1), ["tokens"])).toThrow(/have no field/);
});

describe("asked of a node", () => {
  const header = { height: 5, stateRoot: ROOT };
  function node(change: Partial<Awaited<ReturnType<AbciQuerier["abciQuery"]>>>): AbciQuerier & { paths: string[] } {
    const paths: string[] = [];
    return {
      paths,
      async abciQuery({ path, data }) {
        paths.push(path);
        const { value, ops } = answer(data, path.split("/")[3]?.split(".") ?? []);
        return { code: 0, value, height: 5, proof: { ops }, ...change };
      },
    };
  }

  test("a field and a whole value, typed", async () => {
    const honest = node({});
    const rate: bigint | undefined = await provenState(honest, header, {
      key: KEY,
      type: validators.type,
      path: ["commission", "rate"],
    });
    expect(rate).toBe(50_000n);
    const key = balances.storeKey([address(7), "uassay"]);
    expect(await provenState(honest, header, { key, type: balances.type })).toBe(8n);
    expect(honest.paths).toEqual(["/store/key/commission.rate", "/store/key"]);
  });

  test.each([
    ["an error", { code: 18, log: "no state is kept" }, "the node does not answer: no state is kept"],
    ["another height", { height: 6 }, "the node answers with the state of height 6, asked for 5"],
    ["nothing proven", { proof: { ops: [] } }, "the node's answer is not proven: the proof is not of this key"],
  ])("%s is refused", async (_, change, message) => {
    await expect(provenState(node(change), header, TOKENS)).rejects.toThrow(new NodeError(message));
  });
});
