import { AuthInfo, Fee, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { toHex } from "../../../chain/bytes.ts";
import type { BlockRun } from "../../../chain/executor/block-run.ts";
import { readHeight, readValidators } from "../../../chain/executor/chain-state.ts";
import type { Module } from "../../../chain/module.ts";
import { stateDifference } from "../../../chain/recorded-state.ts";
import { type BlockEvidence, NO_EVIDENCE } from "../../../chain/types/evidence.ts";
import { PRECOMMIT } from "../../../chain/types/vote.ts";
import { voteRoot } from "../../../chain/vote-signing.ts";
import { PRESETS } from "../../../genesis/presets.ts";
import { leaveChain } from "../../../modules/export.ts";
import { requiredFee } from "../../../modules/feemarket/keeper.ts";
import { MODEL_CLASS } from "../../../modules/inference/classes.ts";
import { genesisModel } from "../../../modules/inference/genesis.ts";
import type { ModelManifest } from "../../../modules/inference/manifest.ts";
import { violations } from "../../../modules/invariants.ts";
import { modules as registered } from "../../../modules/registry.ts";
import type { StateReader, StateStore } from "../../../state/store.ts";
import { manifestOf } from "../../inference/harness.ts";
import { createRandom, type Random } from "../../simulation/random.ts";
import { createAttesters } from "./attesting.ts";
import {
  type BlockPlan,
  createActor,
  createKeys,
  createRandomChain,
  DENOM,
  type Keys,
  PREFIX,
  type RandomChain,
} from "./chain.ts";
import { OPERATIONS } from "./operations.ts";
import type { Scene } from "./scene.ts";

/** Short periods, so that everything that takes time happens in a run. */
const PARAMS: Readonly<Record<string, bigint>> = {
  ...PRESETS.local,
  "consensus.maxBlockGas": 10_000_000n,
  "inference.commitWindow": 3n,
  "inference.admissionWindow": 6n,
  "inference.revealWindow": 3n,
  "inference.executorWindow": 3n,
  "inference.appealWindow": 8n,
  "inference.jobRetention": 100n,
  "inference.maxOpenJobs": 16n,
  "inference.schedulePatience": 3n,
  "inference.auditInterval": 6n,
  "inference.auditMinSample": 2n,
  "inference.suspendBlocks": 12n,
  "feemarket.maxBaseFee": 100_000n,
  "mint.inflationMax": 500_000n,
  "mint.inflationMin": 100_000n,
  "slashing.signedBlocksWindow": 8n,
  "slashing.slashFractionDowntime": 30_000n,
  "slashing.slashFractionDoubleSign": 200_000n,
  "staking.maxValidators": 5n,
  "staking.maxEntries": 3n,
  "gov.minDeposit": 10_000_000n,
  "gov.expeditedMinDeposit": 20_000_000n,
  "gov.maxDepositPeriod": 20_000n,
  "gov.votingPeriod": 15_000n,
  "gov.expeditedVotingPeriod": 6_000n,
};

export interface SimulationOptions {
  readonly seed: number;
  readonly blocks: number;
  readonly modules?: readonly Module[];
  /** Where the chain is kept, and where the one that its export begins is. Memory if not given. */
  readonly store?: (name: string) => Promise<StateStore>;
  /** Done to the state after a block, to see that somebody notices. */
  readonly tamper?: (reader: StateReader, height: number) => StateReader;
}

export interface SimulationResult {
  /** The first thing that is wrong, with its height. Nothing is done after it. */
  readonly failure: string | undefined;
  /** Of the state after each block. */
  readonly roots: readonly string[];
  /** By message and outcome. */
  readonly outcomes: ReadonlyMap<string, number>;
  readonly events: ReadonlyMap<string, number>;
  readonly exports: number;
}

function txOf(
  run: BlockRun,
  { random, ...scene }: Scene,
  messages: readonly { typeUrl: string; value: Uint8Array }[],
): Uint8Array {
  const gas = random.chance(0.03) ? 60_000n : 3_000_000n;
  const fee = requiredFee(run.context, Number(gas)) + BigInt(random.int(1000));
  const timeout = scene.time + random.int(60_000);
  const timeoutTimestamp = { seconds: BigInt(Math.floor(timeout / 1000)), nanos: (timeout % 1000) * 1_000_000 };
  const isUnordered = random.chance(0.1);
  const body = TxBody.fromPartial({
    messages: [...messages],
    ...(isUnordered ? { unordered: true, timeoutTimestamp } : {}),
  });
  const amount = [{ denom: DENOM, amount: String(random.chance(0.02) ? 1n : fee) }];
  const granter = random.chance(0.05) ? random.pick(scene.actors).account : "";
  const authInfo = AuthInfo.fromPartial({ fee: Fee.fromPartial({ gasLimit: gas, amount, granter }) });
  return TxRaw.encode(
    TxRaw.fromPartial({
      bodyBytes: TxBody.encode(body).finish(),
      authInfoBytes: AuthInfo.encode(authInfo).finish(),
      signatures: [new Uint8Array(64)],
    }),
  ).finish();
}

/** Two precommits of one validator at a recent height, against which evidence may still count. */
function doubleSign(chain: RandomChain, random: Random, keys: Keys): BlockEvidence {
  const { latest } = chain.store;
  const height = chain.height - random.int(6);
  const set = height < 1 || readHeight(latest, height) === undefined ? undefined : readValidators(latest, height);
  if (set === undefined || set.length < 3) return NO_EVIDENCE;
  const validatorIndex = random.int(set.length);
  const voter = set[validatorIndex];
  if (voter === undefined) return NO_EVIDENCE;
  const vote = (byte: number) => {
    const data = { height, round: 0, blockId: new Uint8Array(32).fill(byte) };
    const signature = keys.of(voter.voteKey).sign(voteRoot(PRECOMMIT, data, chain.runtime.spec.genesisRoot));
    return { type: PRECOMMIT, ...data, validatorIndex, signature };
  };
  return { ...NO_EVIDENCE, duplicateVotes: [{ voteA: vote(1), voteB: vote(2) }] };
}

function weighted(random: Random, known: ReadonlySet<string>) {
  const table = Object.entries(OPERATIONS).filter(([typeUrl]) => known.has(typeUrl));
  const total = table.reduce((sum, [, [weight]]) => sum + weight, 0);
  return () => {
    let left = random.int(total);
    for (const [typeUrl, [weight, operation]] of table) {
      left -= weight;
      if (left < 0) return { typeUrl, operation };
    }
    throw new Error("the weights do not add up");
  };
}

/** What an export of this state makes is this state, and what that one exports is the same document. */
async function roundTrip(chain: RandomChain, store?: StateStore): Promise<{ next: RandomChain; fault?: string }> {
  const before = chain.exported("assayagain-1");
  const next = await chain.reborn("assayagain-1", store);
  const after = next.exported("assayagain-1");
  const { store: kept, runtime } = chain;
  const left = leaveChain(runtime, kept.latest);
  for (const { name, stored } of runtime.modules) {
    const difference = stateDifference(left, next.store.latest, stored);
    if (difference !== undefined) return { next, fault: `export of ${name}: ${difference}` };
  }
  return before === after ? { next } : { next, fault: "the export of an import is another document" };
}

/** The model of a run: of the class tolerance in one of five, else one that may run inline, and in one of three is direct. */
function variantOf(seed: number): Partial<ModelManifest> {
  return seed % 5 === 2
    ? { class: MODEL_CLASS.tolerance, absoluteTolerance: 1_000_000 }
    : { inline: true, direct: seed % 3 === 0 };
}

/** How long a block takes: mostly a second, sometimes long enough for what waits to be over. */
function blockTime(random: Random): number {
  const kind = random.next();
  if (kind < 0.02) return 200_000;
  if (kind < 0.1) return 10_000 + random.int(60_000);
  return 200 + random.int(3000);
}

/** A run: the same seed gives the same blocks. */
export async function simulateModules(options: SimulationOptions): Promise<SimulationResult> {
  const random = createRandom(options.seed);
  const modules = options.modules ?? registered;
  const keys = createKeys();
  const actors = Array.from({ length: 10 }, (_, i) => createActor(`${options.seed} ${i}`));
  const stakes = actors.slice(0, 4).map((actor) => [actor, BigInt(5 + random.int(30)) * 1_000_000n] as const);
  let chain = await createRandomChain({
    modules,
    keys,
    params: PARAMS,
    stakes,
    balances: actors.map((actor) => [actor, BigInt(50 + random.int(500)) * 1_000_000n] as const),
    models: modules.some(({ name }) => name === "inference")
      ? [genesisModel(manifestOf("digits", variantOf(options.seed)), PREFIX)]
      : [],
    ...(options.store === undefined ? {} : { store: await options.store("first") }),
  });
  const known = new Set(modules.flatMap(({ messages }) => messages.map(({ typeUrl }) => typeUrl)));
  const draw = weighted(random, known);
  let attest = createAttesters(random, keys);
  const outcomes = new Map<string, number>();
  const events = new Map<string, number>();
  const roots: string[] = [];
  let fresh = 1;
  let exports = 0;
  const count = (map: Map<string, number>, name: string): void => void map.set(name, (map.get(name) ?? 0) + 1);
  /** Validators that are away for a while, by operator, until a height. */
  const away = new Map<string, number>();

  function transactions(run: BlockRun): void {
    const { height, time } = run.context.block;
    const { genesisRoot } = chain.runtime.spec;
    const number = random.int(9);
    for (let i = 0; i < number; i++) {
      const scene: Scene = {
        random,
        reader: run.context.store,
        actors,
        keys,
        genesisRoot,
        height,
        time,
        fresh: () => fresh++,
      };
      const messages: { typeUrl: string; value: Uint8Array }[] = [];
      for (let more = true; more && messages.length < 3; more = random.chance(0.1)) {
        const { typeUrl, operation } = draw();
        const value = operation(scene);
        if (value !== undefined) messages.push({ typeUrl, value });
      }
      if (messages.length === 0) continue;
      const outcome = chain.tx(run, txOf(run, scene, messages));
      for (const { typeUrl } of messages) count(outcomes, `${typeUrl} ${outcome}`);
    }
  }

  function plan(): BlockPlan {
    const { validators, height } = chain;
    for (const { operator } of validators) if (random.chance(0.02)) away.set(toHex(operator), height + random.int(14));
    return {
      after: blockTime(random),
      evidence: random.chance(0.02) ? doubleSign(chain, random, keys) : NO_EVIDENCE,
      signs: (index) => {
        const operator = validators[index]?.operator;
        return operator !== undefined && (away.get(toHex(operator)) ?? 0) <= height && !random.chance(0.02);
      },
      run(block) {
        block.begin(attest(chain, block));
        transactions(block);
        for (const { type } of block.context.events) count(events, type);
      },
    };
  }

  const result = (failure: string | undefined): SimulationResult => ({ failure, roots, outcomes, events, exports });
  for (let i = 0; i < options.blocks; i++) {
    const at = `seed ${options.seed}, height ${chain.height + 1}`;
    try {
      await chain.block(plan());
      roots.push(toHex(chain.store.root));
      const { latest } = chain.store;
      const reader = options.tamper?.(latest, chain.height) ?? latest;
      const [broken] = violations(reader, chain.runtime.spec);
      if (broken !== undefined) return result(`${at}: ${broken}`);
      if (!random.chance(0.03)) continue;
      exports++;
      const { next, fault } = await roundTrip(chain, await options.store?.(`export ${exports}`));
      if (fault !== undefined) return result(`${at}: ${fault}`);
      const [after] = violations(next.store.latest, next.runtime.spec);
      if (after !== undefined) return result(`${at}, imported: ${after}`);
      await chain.store.close();
      chain = next;
      attest = createAttesters(random, keys);
    } catch (error) {
      return result(`${at}: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
  await chain.store.close();
  return result(undefined);
}
