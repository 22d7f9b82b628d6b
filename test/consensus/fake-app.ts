import { equalBytes, toHex } from "../../chain/bytes.ts";
import { verifyCommit } from "../../chain/commit.ts";
import { consensusParams } from "../../chain/consensus-params.ts";
import type { Params } from "../../chain/params.ts";
import { advanceRotation, initialRotation, type Rotation } from "../../chain/proposer-rotation.ts";
import type { Block, CertifiedBlock } from "../../chain/types/block.ts";
import type { AmnesiaChallenge } from "../../chain/types/evidence.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import { Commit, type DuplicateVoteEvidence } from "../../chain/types/vote.ts";
import type { Application, Execution } from "../../consensus/driver/ports.ts";
import type { Testimony } from "../../consensus/driver/testimony.ts";
import { bls, idOf, type Member, makeBlock, spec } from "./fixture.ts";

export interface FakeApp extends Application {
  readonly chain: CertifiedBlock[];
  readonly evidence: DuplicateVoteEvidence[];
  /** What came with each block that was committed. */
  readonly testimonies: Testimony[];
  /** Made of votes that came too late. */
  readonly challenges: AmnesiaChallenge[];
  /** How many executions ran, own builds not counted. */
  readonly executions: () => number;
  /** Changes what executing anything gives. */
  verdict: (block: Block) => Execution;
  work: boolean;
}

export const GENESIS_TIME = 1_000_000;

export function testParams(overrides: Readonly<Record<string, bigint>> = {}): Params {
  const rows = Object.entries(consensusParams.rows).map(([name, row]) => [`consensus.${name}`, row.default] as const);
  return new Map([...rows, ...Object.entries(overrides).map(([name, value]) => [`consensus.${name}`, value] as const)]);
}

/** A state machine whose only rules are those that consensus relies on: parent, time and last commit. */
export function fakeApp(set: readonly Member[], params: Params = testParams()): FakeApp {
  const chain: CertifiedBlock[] = [];
  const evidence: DuplicateVoteEvidence[] = [];
  const testimonies: Testimony[] = [];
  const challenges: AmnesiaChallenge[] = [];
  const rotations: Rotation[] = [initialRotation(set.map(({ validator }) => validator))];
  const executed = new Set<string>();
  let executions = 0;

  const tip = (): Application["tip"] => {
    const last = chain.at(-1);
    if (last === undefined) return { height: 0, blockId: ZERO_32, time: GENESIS_TIME };
    return { height: last.block.header.height, blockId: idOf(last.block), time: last.block.header.time };
  };
  const app: FakeApp = {
    spec,
    chain,
    evidence,
    testimonies,
    challenges,
    executions: () => executions,
    verdict: () => ({ kind: "ok" }),
    work: true,
    params,
    get tip() {
      return tip();
    },
    get tipCommit() {
      return chain.at(-1)?.commit ?? Commit.defaultValue();
    },
    rotation: (height) => rotations[height - 1],
    build({ height, round, time, proposerIndex, lastCommit }) {
      const block = makeBlock({ height, round, time, proposerIndex, parentId: tip().blockId, lastCommit });
      executed.add(toHex(idOf(block)));
      return Promise.resolve(block);
    },
    execute(block) {
      if (executed.has(toHex(idOf(block)))) return Promise.resolve({ kind: "ok" });
      executions++;
      const { height, time, parentId } = block.header;
      if (!equalBytes(parentId, tip().blockId)) return Promise.resolve({ kind: "invalid", reason: "wrong parent" });
      if (time <= tip().time) return Promise.resolve({ kind: "invalid", reason: "not later than its parent" });
      const validators = rotations[height - 2]?.validators ?? [];
      const fault = height === 1 ? undefined : verifyCommit(block.body.lastCommit, validators, spec, bls);
      if (fault !== undefined) return Promise.resolve({ kind: "invalid", reason: fault });
      return Promise.resolve(app.verdict(block));
    },
    commit(certified, testimony) {
      if (certified.block.header.height !== tip().height + 1) return Promise.reject(new Error("not the next height"));
      chain.push(certified);
      if (testimony !== undefined) testimonies.push(testimony);
      executed.clear();
      const current = rotations.at(-1);
      if (current !== undefined) rotations.push(advanceRotation(current, 1));
      return Promise.resolve();
    },
    hasWork: () => app.work,
    certifiedBlock: (height) => chain[height - 1],
    addEvidence: (found) => evidence.push(found),
    addChallenge: (found) => challenges.push(found),
  };
  return app;
}
