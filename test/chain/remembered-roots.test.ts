import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bodyRootOf, headerRoot } from "../../chain/block-roots.ts";
import { concatBytes, fromUtf8 } from "../../chain/bytes.ts";
import { DOMAIN, signingRoot } from "../../chain/domain.ts";
import {
  CHAIN_STATE,
  paramsRoot,
  readParams,
  readRotation,
  writeParams,
  writeRotation,
} from "../../chain/executor/chain-state.ts";
import { defineParams, ParamEntries, type Params, sealParams } from "../../chain/params.ts";
import { initialRotation } from "../../chain/proposer-rotation.ts";
import { Body } from "../../chain/types/block.ts";
import { Header } from "../../chain/types/header.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import { type Validator, ValidatorSet } from "../../chain/types/validator.ts";
import { PRECOMMIT, PREVOTE, VoteData } from "../../chain/types/vote.ts";
import { setRoot } from "../../chain/validator-set-root.ts";
import { voteRoot } from "../../chain/vote-signing.ts";
import type { StoredType } from "../../state/collections.ts";
import { createMemoryStore } from "../../state/memory-store.ts";
import { createOverlay } from "../../state/overlay.ts";
import type { StateReader } from "../../state/store.ts";
import { VALIDATORS } from "./toy-chain.ts";

const table = defineParams("toy", { limit: { unit: "count", default: 1n, min: 0n, max: 99n, doc: "A limit." } });
const NO_BYTES = new Uint8Array(0);

function part(index: number): StoredType<unknown> {
  const found = CHAIN_STATE[index];
  if (found === undefined) throw new Error(`the chain keeps no part ${index}`);
  return found;
}
const [PARAMS, CURRENT_SET, SETS] = [part(0), part(2), part(5)];

type Recall = (reader: StateReader) => {
  readonly limit: bigint;
  readonly params: Uint8Array;
  readonly set: Uint8Array;
};

/** As the executor asks. */
const recall: Recall = (reader) => {
  const params = readParams(reader);
  return {
    limit: table.read(params).limit,
    params: paramsRoot(params),
    set: setRoot(readRotation(reader).validators),
  };
};

/** From the bytes, each time anew. */
const compute: Recall = (reader) => {
  const entries = ParamEntries.deserialize(reader.get(PARAMS.prefix) ?? NO_BYTES);
  const limit = entries.find(({ name }) => fromUtf8(name) === "toy.limit")?.value ?? -1n;
  const current = reader.get(CURRENT_SET.prefix) ?? NO_BYTES;
  const bytes = reader.get(concatBytes(SETS.prefix, current)) ?? NO_BYTES;
  const { validators } = SETS.type.deserialize(bytes) as { validators: Validator[] };
  return { limit, params: ParamEntries.hashTreeRoot(entries), set: ValidatorSet.hashTreeRoot(validators) };
};

interface Step {
  readonly limit: number | undefined;
  readonly members: number | undefined;
  readonly kept: boolean;
}

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    limit: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
    members: fc.option(fc.integer({ min: 1, max: VALIDATORS.length }), { nil: undefined }),
    kept: fc.boolean(),
  }),
  { maxLength: 12 },
);

/** Blocks that change parameters and validators or do not, and are committed or dropped: the first state that `ask` is wrong about. */
async function firstFault(plan: readonly Step[], ask: Recall): Promise<string | undefined> {
  const store = createMemoryStore({ retention: 4 });
  const genesis = createOverlay(store.latest);
  writeParams(genesis, new Map([["toy.limit", 1n]]));
  writeRotation(genesis, 0, initialRotation(VALIDATORS));
  await store.commit(store.prepare(0, genesis.changes()), []);
  for (const { limit, members, kept } of plan) {
    const height = store.height + 1;
    const block = createOverlay(store.latest);
    if (limit !== undefined) writeParams(block, new Map([["toy.limit", BigInt(limit)]]));
    if (members !== undefined) writeRotation(block, height, initialRotation(VALIDATORS.slice(0, members)));
    const update = store.prepare(height, block.changes());
    const past = store.at(store.oldestHeight) ?? store.latest;
    for (const [name, reader] of Object.entries({ block, tip: store.latest, past })) {
      if (JSON.stringify(plain(ask(reader))) !== JSON.stringify(plain(compute(reader)))) return `${name} of ${height}`;
    }
    if (kept) await store.commit(update, []);
  }
  return undefined;
}

const plain = ({ limit, params, set }: ReturnType<Recall>) => [String(limit), [...params], [...set]];

describe("what is remembered of a state", () => {
  test("is what its bytes say, in any order of blocks", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        expect(await firstFault(plan, recall)).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });

  test("a memory that outlives a write is found", async () => {
    const known = new WeakMap<StateReader, ReturnType<Recall>>();
    const stale: Recall = (reader) => {
      const answer = known.get(reader) ?? recall(reader);
      known.set(reader, answer);
      return answer;
    };
    const change = { limit: 2, members: undefined, kept: true };
    expect(await firstFault([change, change], stale)).toBe("tip of 2");
    const leave = { limit: undefined, members: 2, kept: true };
    expect(await firstFault([leave, leave], stale)).toBe("tip of 2");
  });
});

describe("nothing that has a remembered root can change", () => {
  test("parameters: those sealed refuse, others are read each time", () => {
    const sealed = sealParams([["toy.limit", 1n]]) as Map<string, bigint>;
    expect(() => sealed.set("toy.limit", 2n)).toThrow("in place");
    expect(() => sealed.delete("toy.limit")).toThrow("in place");
    expect(() => sealed.clear()).toThrow("in place");
    const open = new Map([["toy.limit", 1n]]);
    const before = [table.read(open).limit, paramsRoot(open)];
    open.set("toy.limit", 2n);
    expect(table.read(open).limit).toBe(2n);
    expect(paramsRoot(open)).not.toEqual(before[1]);
    expect(paramsRoot(open)).toEqual(paramsRoot(sealParams(open) satisfies Params));
  });

  test("sets: those of the state are frozen, others are hashed each time", () => {
    const open = [...VALIDATORS];
    const whole = setRoot(open);
    open.pop();
    expect(setRoot(open)).not.toEqual(whole);
    expect(setRoot(open)).toEqual(ValidatorSet.hashTreeRoot(open));
  });

  test("headers and bodies are frozen, and their roots are copies", () => {
    const header = Header.defaultValue();
    const body = Body.defaultValue();
    const root = headerRoot(header);
    expect(root).toEqual(Header.hashTreeRoot(header));
    expect(bodyRootOf(body)).toEqual(Body.hashTreeRoot(body));
    root.fill(7);
    expect(headerRoot(header)).toEqual(Header.hashTreeRoot(header));
    expect(() => Object.assign(header, { height: 7 })).toThrow();
    expect(() => body.transactions.push(ZERO_32)).toThrow();
    expect(() => Object.assign(body.lastCommit, { round: 7 })).toThrow();
    expect(headerRoot({ ...header, height: 7 })).not.toEqual(headerRoot(header));
  });
});

test("a vote's root is of its own type, height, round, block and chain, however many have been asked for", () => {
  const bytes = fc.uint8Array({ minLength: 32, maxLength: 32, max: 1 });
  const votes = fc.record({
    type: fc.constantFrom(PREVOTE, PRECOMMIT),
    data: fc.record({ height: fc.nat(2), round: fc.nat(2), blockId: bytes }),
    genesisRoot: fc.constantFrom(ZERO_32, new Uint8Array(32).fill(1)),
  });
  fc.assert(
    fc.property(votes, ({ type, data, genesisRoot }) => {
      const domain = type === PREVOTE ? DOMAIN.PREVOTE : DOMAIN.PRECOMMIT;
      const expected = signingRoot(VoteData.hashTreeRoot(data), domain, genesisRoot);
      voteRoot(type, data, genesisRoot).fill(9);
      expect(voteRoot(type, data, genesisRoot)).toEqual(expected);
    }),
    { numRuns: 600 },
  );
});
