import { describe, expect, test, vi } from "vitest";
import type { Context } from "../../chain/module.ts";
import { CertifiedBlock } from "../../chain/types/block.ts";
import { Validator } from "../../chain/types/validator.ts";
import { Vote } from "../../chain/types/vote.ts";
import { SigningRefusedError } from "../../consensus/signer/signer.ts";
import { mint } from "../../modules/bank/keeper.ts";
import { balances } from "../../modules/bank/store.ts";
import { validators } from "../../modules/staking/store.ts";
import { decodeWire } from "../../node/wire.ts";
import type { StateStore } from "../../state/store.ts";
import { createChecks } from "./checks.ts";
import type { Plant } from "./node-options.ts";
import { findings, firstFinding, QUIET } from "./planted.ts";
import { createSimulator } from "./simulate.ts";
import { createWorld } from "./world.ts";

/** A busy machine takes its time. */
vi.setConfig({ testTimeout: 120_000 });

const onAll = (plant: Plant): ReadonlyMap<number, Plant> => new Map([0, 1, 2, 3].map((index) => [index, plant]));
const onOne = (plant: Plant): ReadonlyMap<number, Plant> => new Map([[2, plant]]);

/** Puts something at the end of every block. */
function withEndBlock(add: (ctx: Context) => void): Plant {
  return {
    modules: (honest) =>
      honest.map((module) =>
        module.name === "bank"
          ? {
              ...module,
              endBlock(ctx, gasWanted) {
                add(ctx);
                return module.endBlock?.(ctx, gasWanted);
              },
            }
          : module,
      ),
  };
}

const RICH = new Uint8Array(20).fill(7);

test("without a planted fault nothing is found", async () => {
  const { first, results } = await findings({}, 5);
  expect(first).toEqual([]);
  expect(Math.min(...results.map(({ heights }) => heights))).toBeGreaterThan(4);
});

describe("a planted fault is found:", () => {
  test("coins out of nothing, without a supply", async () => {
    const plant = withEndBlock((ctx) => balances.set(ctx.store, [RICH, "uassay"], BigInt(ctx.block.height)));
    const { first } = await findings({ plants: onAll(plant) }, 2);
    expect(first).toHaveLength(2);
    for (const violation of first)
      expect(violation).toMatch(/coins: bank\.supply: supply of uassay is \d+, balances add up to/);
  });

  test("coins out of nothing, with a supply that goes along", async () => {
    const plant = withEndBlock((ctx) => mint(ctx, RICH, [{ denom: "uassay", amount: 5n }]));
    const { first } = await findings({ plants: onAll(plant) }, 2);
    expect(first).toHaveLength(2);
    for (const violation of first) expect(violation).toMatch(/coins: the supply is \d+, expected \d+/);
  });

  test("code that all nodes share and that breaks the rules: the decided block is not valid", async () => {
    const plant = withEndBlock((ctx) => balances.set(ctx.store, [RICH, "uassay"], BigInt(ctx.block.height)));
    const { violations } = await createSimulator().run({ ...QUIET, seed: 1, plants: onAll(plant) });
    expect(violations.some((violation) => violation.includes("an invalid block was decided"))).toBe(true);
  });

  test("an executor that comes to another state on one node", async () => {
    const plant = withEndBlock((ctx) => balances.set(ctx.store, [RICH, "uassay"], 1n));
    const { first } = await findings({ plants: onOne(plant) }, 2);
    expect(first).toHaveLength(2);
    for (const violation of first) expect(violation).toMatch(/^node 2 has failed: .*stateRoot/);
  });

  test("a store that says another root than the one it has prepared", async () => {
    const plant: Plant = {
      store: (honest): StateStore => ({
        ...honest,
        get height() {
          return honest.height;
        },
        get root() {
          return honest.height > 2 ? new Uint8Array(32) : honest.root;
        },
      }),
    };
    const { first } = await findings({ plants: onOne(plant) }, 2);
    expect(first).toHaveLength(2);
    for (const violation of first) expect(violation).toMatch(/node 2: the state root is not the header's/);
  });

  test("a driver that says two different things at one height, round and step", async () => {
    const twoFaced: Plant = {
      network: (honest) => ({
        ...honest,
        broadcastVote(vote) {
          honest.broadcastVote(vote);
          honest.broadcastVote({ ...vote, blockId: new Uint8Array(32).fill(1) });
        },
      }),
    };
    const { first } = await findings({ plants: onOne(twoFaced) }, 2);
    expect(first).toHaveLength(2);
    for (const violation of first) expect(violation).toMatch(/^double signing: node 2, height 1, round 0/);
  });

  test("a signer without a memory, over a log that a crash empties", async () => {
    const plant: Plant = {
      // Or the node would see by itself that it has forgotten.
      signer: (honest) => ({ ...honest, lastSigned: { height: Number.MAX_SAFE_INTEGER, round: 0, step: "precommit" } }),
      signState: (honest) => ({ ...honest, last: undefined, save: async () => undefined }),
      wal: (honest) => ({
        ...honest,
        open(height) {
          honest.open(height);
          return [];
        },
      }),
    };
    const network = { ...QUIET.network, latency: 40, loss: 0.2 };
    const options = {
      plants: onOne(plant),
      network,
      crashEvery: 25,
      downFor: 10,
      healAt: 4000,
      heights: 1,
      txEvery: 0,
    };
    expect(await firstFinding(options, { from: 5, to: 20 }, /^double signing: node 2/)).toBeDefined();
  });

  test("a state in which somebody is punished who has done nothing", async () => {
    const plant = withEndBlock(({ store }) => {
      for (const [operator, validator] of validators.entries(store)) {
        validators.set(store, operator, { ...validator, tombstoned: true });
      }
    });
    const { first } = await findings({ plants: onAll(plant) }, 2);
    expect(first).toHaveLength(2);
    for (const violation of first) expect(violation).toMatch(/a validator is punished that has done nothing/);
  });

  test("evidence against somebody who has done nothing", () => {
    const world = createWorld({ nodes: 4, realBls: false });
    const found: string[] = [];
    const checks = createChecks({ world, correct: [0, 1, 2], onViolation: (violation) => found.push(violation) });
    const set = world.voteKeys.map(({ publicKey }) => ({ ...Validator.defaultValue(), voteKey: publicKey, power: 1n }));
    const accuse = (validatorIndex: number) => {
      const vote = { ...Vote.defaultValue(), height: 5, validatorIndex };
      checks.watch(0).onEvidence({ voteA: vote, voteB: vote }, set);
    };
    accuse(3);
    expect(found).toEqual([]);
    accuse(1);
    expect(found).toEqual(["evidence of node 0 blames the innocent: height 5, validator 1"]);
  });

  test("a certificate whose signature is wrong", async () => {
    const plant: Plant = {
      store: (honest) => ({
        ...honest,
        get height() {
          return honest.height;
        },
        get root() {
          return honest.root;
        },
        getSide(key) {
          const bytes = honest.getSide(key);
          return bytes === undefined ? undefined : withoutSignature(bytes);
        },
      }),
    };
    const { first } = await findings({ plants: onOne(plant) }, 1);
    expect(first[0]).toMatch(/height 1, node 2: the certificate does not hold: the aggregate signature is wrong/);
  });

  test("half of the validators never signing anything: no progress", async () => {
    const refuse = (): Promise<never> => Promise.reject(new SigningRefusedError("never"));
    const silent: Plant = { signer: (honest) => ({ ...honest, signVote: refuse, signProposal: refuse }) };
    const plants = new Map([
      [1, silent],
      [2, silent],
    ]);
    const { first } = await findings({ plants, heights: 1 }, 1);
    expect(first[0]).toMatch(/^no progress: height 1 not reached within/);
  });
});

/** A stored block with another certificate; other records as they are. */
function withoutSignature(bytes: Uint8Array): Uint8Array {
  const certified = decodeWire(CertifiedBlock, bytes);
  if (certified === undefined || certified.block.header.height === 0) return bytes;
  return CertifiedBlock.serialize({ ...certified, commit: { ...certified.commit, signature: new Uint8Array(96) } });
}
