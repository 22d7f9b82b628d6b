import { aggregateVotes } from "../../chain/aggregate-vote.ts";
import { makeCommit } from "../../chain/commit.ts";
import { consensusParams } from "../../chain/consensus-params.ts";
import { rememberingBls } from "../../chain/crypto/remembering-bls.ts";
import { buildBlock } from "../../chain/executor/build-block.ts";
import { readRotation } from "../../chain/executor/chain-state.ts";
import { type ExecutedBlock, executeBlock } from "../../chain/executor/execute-block.ts";
import { initialState } from "../../chain/executor/genesis.ts";
import { randaoRoot } from "../../chain/executor/randomness.ts";
import type { Runtime } from "../../chain/executor/runtime.ts";
import type { Event } from "../../chain/module.ts";
import { parameterRows } from "../../chain/params.ts";
import { type Block, Body, type CertifiedBlock } from "../../chain/types/block.ts";
import { type AggregateVote, type BlockEvidence, NO_EVIDENCE } from "../../chain/types/evidence.ts";
import { Header } from "../../chain/types/header.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import type { ValidatorSet } from "../../chain/types/validator.ts";
import { Commit, PRECOMMIT, type Vote } from "../../chain/types/vote.ts";
import { voteRoot } from "../../chain/vote-signing.ts";
import { validatorByOperator } from "../../modules/staking/keeper.ts";
import { createMemoryStore } from "../../state/memory-store.ts";
import type { StateStore } from "../../state/store.ts";
import { addressOf, BLS, genesisEntry, MODULES, SPEC, validatorKeys } from "./network.ts";

const GENESIS_TIME = 1_700_000_000_000;
const NOTHING = { duplicateAttestations: [], commitments: [], reveals: [], outputs: [] };

export const runtime: Runtime = {
  spec: SPEC,
  modules: MODULES,
  ante: () => {
    throw new Error("this chain takes no transactions");
  },
  bls: rememberingBls(BLS),
};

export interface AccountableOptions {
  /** Stake in millions of base units, that is voting power, by name. */
  readonly powers?: Readonly<Record<string, bigint>>;
  readonly params?: Readonly<Record<string, bigint>>;
}

/** Four validators of equal power; amnesiaWindow 5, and evidence that counts for 20 blocks or 20 seconds. */
const PARAMS = {
  "consensus.evidenceMaxAgeBlocks": 20n,
  "consensus.evidenceMaxAgeTime": 20_000n,
  "slashing.amnesiaWindow": 5n,
};

/** Blocks of the real modules, built, executed again from their bytes, and committed to memory. */
export async function accountableChain(options: AccountableOptions = {}) {
  const powers = options.powers ?? { a: 10n, b: 10n, c: 10n, d: 10n };
  const rows = parameterRows([consensusParams, ...MODULES.map((module) => module.params)]);
  const params = new Map([...rows].map(([name, row]) => [name, row.default]));
  for (const [name, value] of Object.entries({ ...PARAMS, ...options.params })) params.set(name, value);
  const keys = new Map(Object.keys(powers).map((name) => [name, validatorKeys(name)]));
  const validators = [...keys].map(([name, own]) => genesisEntry(own, (powers[name] ?? 0n) * 1_000_000n));
  const sections = new Map<string, unknown>(MODULES.map(({ name }) => [name, {}]));
  sections.set("bank", { balances: [] });
  sections.set("staking", { validators });
  async function genesisStore(): Promise<StateStore> {
    const empty = createMemoryStore();
    const genesis = initialState(runtime, empty.latest, { time: GENESIS_TIME, params, sections });
    await empty.commit(empty.prepare(0, genesis.changes()), []);
    return empty;
  }
  const store = await genesisStore();

  let parent = { height: 0, blockId: ZERO_32, commit: Commit.defaultValue(), time: GENESIS_TIME };
  const sets: ValidatorSet[] = [[]];
  const blocks: Block[] = [];
  const secretOf = (operator: Uint8Array) => {
    const found = [...keys.values()].find((one) => Buffer.compare(one.operator, operator) === 0);
    if (found === undefined) throw new Error("a validator that the test does not know");
    return found.vote;
  };
  const setOf = (height: number): ValidatorSet => sets[height] ?? readRotation(store.latest).validators;
  const indexOf = (name: string, height: number): number =>
    setOf(height).findIndex(({ operator }) => Buffer.compare(operator, addressOf(name)) === 0);

  function vote(name: string, type: 1 | 2, height: number, round: number, blockId: Uint8Array): Vote {
    const data = { height, round, blockId };
    const signature = secretOf(addressOf(name)).sign(voteRoot(type, data, SPEC.genesisRoot));
    return { type, ...data, validatorIndex: indexOf(name, height), signature };
  }

  const evidenceOf = (some: Partial<BlockEvidence>): BlockEvidence => ({ ...NO_EVIDENCE, ...some });

  return {
    store,
    /** Another one that holds the same genesis. */
    genesisStore,
    params,
    get height() {
      return parent.height;
    },
    get time() {
      return parent.time;
    },
    /** The committed block of a height. */
    blockAt(height: number): Block {
      const block = blocks[height - 1];
      if (block === undefined) throw new Error(`there is no block ${height}`);
      return block;
    },
    setOf,
    vote,
    /** Votes of several validators, added up. */
    votes(names: string, type: 1 | 2, height: number, round: number, blockId: Uint8Array): AggregateVote {
      const each = names.split("").map((name) => vote(name, type, height, round, blockId));
      return aggregateVotes(each, setOf(height).length, BLS);
    },
    commitOf: (names: string, header: Header, round: number): Commit =>
      makeCommit(
        names.split("").map((name) => vote(name, PRECOMMIT, header.height, round, Header.hashTreeRoot(header))),
        setOf(header.height),
        BLS,
      ),
    validator(name: string) {
      const found = validatorByOperator(store.latest, addressOf(name));
      if (found === undefined) throw new Error(`no validator ${name}`);
      return found;
    },
    barred: () =>
      [...keys.keys()]
        .filter((name) => validatorByOperator(store.latest, addressOf(name))?.tombstoned === true)
        .join(""),
    /**
     * The next block with this evidence, decided in `round` by `signers`, all who can vote if none are given.
     * @param how `built`: what a proposer makes of it; `forced`: put into the block as it stands, whatever the rules.
     */
    async block(
      some: Partial<BlockEvidence> = {},
      {
        round = 0,
        signers,
        after = 1000,
        how = "built",
      }: { round?: number; signers?: string; after?: number; how?: "built" | "forced" } = {},
    ): Promise<CertifiedBlock & { readonly events: readonly Event[] }> {
      const height = parent.height + 1;
      const set = readRotation(store.latest).validators;
      sets[height] = set;
      const [proposer] = set;
      if (proposer === undefined) throw new Error("nobody is left to propose");
      const start = {
        height,
        time: parent.time + after,
        proposerIndex: 0,
        round: 0,
        parentId: parent.blockId,
        parentCommit: parent.commit,
        lastCommit: parent.commit,
        randaoReveal: secretOf(proposer.operator).sign(randaoRoot(height, SPEC.genesisRoot)),
      };
      const contents = { evidence: evidenceOf(some), transactions: [], select: () => NOTHING };
      let executed: ExecutedBlock = buildBlock(runtime, store, start, contents).executed;
      if (how === "forced") {
        const body: Body = { ...executed.block.body, evidence: evidenceOf(some) };
        const block = { header: { ...executed.block.header, bodyRoot: Body.hashTreeRoot(body) }, body };
        executed = executeBlock(runtime, new Map(), store, parent, block);
      } else {
        executed = executeBlock(runtime, new Map(), store, parent, executed.block);
      }
      await store.commit(executed.update, []);
      const { header } = executed.block;
      const names = [...keys.keys()].filter((name) => indexOf(name, height) >= 0).join("");
      const id = Header.hashTreeRoot(header);
      const votes = (signers ?? names).split("").map((name) => vote(name, PRECOMMIT, height, round, id));
      parent = { height, blockId: id, time: header.time, commit: makeCommit(votes, set, BLS) };
      blocks.push(executed.block);
      return { block: executed.block, commit: parent.commit, events: executed.events };
    },
  };
}

export type AccountableChain = Awaited<ReturnType<typeof accountableChain>>;
