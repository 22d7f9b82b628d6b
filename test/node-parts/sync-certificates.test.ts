import { beforeAll, describe, expect, test } from "vitest";
import { verifyCommit } from "../../chain/commit.ts";
import { rememberingBls } from "../../chain/crypto/remembering-bls.ts";
import type { CertifiedBlock } from "../../chain/types/block.ts";
import { proveTogether } from "../../node/sync-certificates.ts";
import { BLS, CHANGE_SET, certify, SPEC, toyStore, VALIDATORS } from "../chain/toy-chain.ts";
import { toyNode } from "./toy-node.ts";

let blocks: CertifiedBlock[];

beforeAll(async () => {
  const node = toyNode({ store: await toyStore() });
  blocks = [];
  for (let i = 0; i < 6; i++) {
    const { block } = await node.advance(...(i === 4 ? [{ key: CHANGE_SET, memo: "0" }] : []));
    // Three sign at first; the fourth precommit comes late. From block 6 on there are only three.
    blocks.push({
      block,
      commit: i < 5 ? certify(block, [0, 1, 2]) : certify(block, [0, 1, 2], VALIDATORS.slice(0, 3)),
    });
  }
});

/** Counts pairings, and verifies in the end as the driver does. */
function prove(given: readonly CertifiedBlock[]) {
  let pairings = 0;
  const counting = {
    ...BLS,
    verifyAggregate: (...args: Parameters<typeof BLS.verifyAggregate>) => {
      pairings += 1;
      return BLS.verifyAggregate(...args);
    },
  };
  const bls = rememberingBls(counting);
  const proven = proveTogether(given, { bls, spec: SPEC, validators: () => VALIDATORS });
  const before = pairings;
  const faults = proven.map(({ commit }) => verifyCommit(commit, VALIDATORS, SPEC, bls));
  return { proven, together: before, alone: pairings - before, faults };
}

describe("blocks of one set", () => {
  test("are proven by the certificate of the last, and keep the certificates that are part of the chain", () => {
    const { proven, together, alone, faults } = prove(blocks.slice(0, 5));
    expect([together, alone]).toEqual([1, 0]);
    expect(faults).toEqual(new Array(5).fill(undefined));
    expect(proven.map(({ block }) => block)).toEqual(blocks.slice(0, 5).map(({ block }) => block));
    expect(proven.slice(0, 4).map(({ commit }) => commit)).toEqual(
      blocks.slice(1, 5).map(({ block }) => block.body.lastCommit),
    );
  });

  test("with forged certificates in between are still good, and the forged ones are kept by nobody", () => {
    const forged = blocks
      .slice(0, 5)
      .map((one, i) => (i === 2 ? { ...one, commit: { ...one.commit, signature: new Uint8Array(96).fill(3) } } : one));
    const { proven, faults } = prove(forged);
    expect(faults).toEqual(new Array(5).fill(undefined));
    expect(proven[2]?.commit.signature).not.toEqual(new Uint8Array(96).fill(3));
  });

  test.each<[string, (blocks: CertifiedBlock[]) => CertifiedBlock[]]>([
    [
      "the last certificate is wrong",
      (all) => edit(all, 4, (one) => ({ ...one, commit: { ...one.commit, round: 1 } })),
    ],
    [
      "the last certificate is of another block",
      (all) => edit(all, 4, (one) => ({ ...one, commit: all[3]?.commit ?? one.commit })),
    ],
    [
      "a body is not the one of its header",
      (all) =>
        edit(all, 2, ({ block, commit }) => ({
          block: { ...block, body: { ...block.body, randaoReveal: new Uint8Array(96) } },
          commit,
        })),
    ],
    [
      "a header is not the parent of the next",
      (all) =>
        edit(all, 2, ({ block, commit }) => ({ block: { ...block, header: { ...block.header, time: 5 } }, commit })),
    ],
  ])("are judged one by one when %s", (_, lie) => {
    const given = lie(blocks.slice(0, 5));
    const { proven, alone } = prove(given);
    // Nothing that stands at or after the lie has been taken for right.
    expect(proven.at(-1)).toEqual(given.at(-1));
    expect(alone).toBeGreaterThan(0);
  });

  test("end where the set changes", () => {
    const { proven } = prove(blocks);
    expect(proven[5]).toBe(blocks[5]);
    expect(proven).toHaveLength(6);
  });
});

function edit(all: CertifiedBlock[], at: number, change: (one: CertifiedBlock) => CertifiedBlock): CertifiedBlock[] {
  return all.map((one, i) => (i === at ? change(one) : one));
}
