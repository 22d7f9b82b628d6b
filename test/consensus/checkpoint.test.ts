import { expect, test } from "vitest";
import { PRECOMMIT, PREVOTE, type Vote } from "../../chain/types/vote.ts";
import { startHeight, transition } from "../../consensus/core/core.ts";
import type { State } from "../../consensus/core/state.ts";
import type { Effect } from "../../consensus/core/types.ts";
import { canCompact, checkpointRecords } from "../../consensus/driver/checkpoint.ts";
import { blockIdOf, type Height, openHeight, typeOf } from "../../consensus/driver/height.ts";
import { inputOf, replay } from "../../consensus/driver/replay.ts";
import { decodePayload, encodePayload, type InputRecord, type WalRecord } from "../../consensus/wal/records.ts";
import { fakeApp } from "./fake-app.ts";
import { idOf, makeBlock, members, NIL } from "./fixture.ts";
import { seeded } from "./simulation.ts";

const SELF = 0;
const SET = members([1n, 1n, 1n, 1n]);
const APP = fakeApp(SET);
const BLOCKS = [1, 2, 3].map((byte) =>
  makeBlock({ height: 1, time: 5, proposerIndex: 1, parentId: NIL, transactions: [Uint8Array.of(byte)] }),
);
const VALUES = [NIL, ...BLOCKS.map(idOf)];

interface Running {
  state: State;
  readonly height: Height;
  readonly log: InputRecord[];
}

function remember(height: Height, record: InputRecord): void {
  if (record.kind === "proposal") height.addProposal(record.signed);
  if (record.kind === "vote") height.addVote(record.vote);
}

const opened = (): Height => openHeight(APP, SET[SELF]?.key.publicKey, () => true);

/** As the engine does it: own votes are cast at once and come back as inputs. */
function take(running: Running, record: InputRecord): readonly Effect[] {
  const moved = transition(running.state, inputOf(record, running.height.config));
  if (moved.verdict !== "accepted") return [];
  running.state = moved.state;
  running.log.push(record);
  remember(running.height, record);
  const cast = moved.effects.flatMap((effect): readonly Effect[] => {
    if (effect.kind !== "vote") return [effect];
    const { kind, round, value, validator } = effect.vote;
    return take(running, vote(typeOf(kind), round, blockIdOf(value), validator));
  });
  return cast;
}

function vote(type: Vote["type"], round: number, blockId: Uint8Array, validatorIndex: number): InputRecord {
  return { kind: "vote", vote: { type, height: 1, round, blockId, validatorIndex, signature: new Uint8Array(96) } };
}

/** Something that could come next: mostly what fits where the node stands. */
function happening({ state, height }: Running, random: () => number, isOrderly: boolean): InputRecord {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const round = Math.max(0, state.round + pick([-1, 0, 0, 0, 0, 1, 3, 9]));
  const kind = random();
  // Nobody has this node's own proposal before its round.
  const isNew = !isOrderly || !state.proposals.has(round);
  if (kind < 0.2 && isNew && (round <= state.round || height.config.proposer(round) !== SELF)) {
    const block = pick(BLOCKS);
    const polRound = pick([0, 0, round]);
    const proposal = { height: 1, round, polRound, blockId: idOf(block) };
    return { kind: "proposal", signed: { proposal, signature: new Uint8Array(96), block }, timely: random() < 0.9 };
  }
  if (kind < 0.4) {
    const waiting = [...state.outcomes].filter(([, outcome]) => outcome === "pending").map(([valueId]) => valueId);
    if (waiting.length > 0) {
      return { kind: "executed", blockId: blockIdOf(pick(waiting)), outcome: pick(["ok", "ok", "ok", "invalid"]) };
    }
  }
  if (kind < 0.5) return { kind: "timeout", timeout: pick(["propose", "prevote", "precommit"]), round: state.round };
  return vote(pick([PREVOTE, PREVOTE, PRECOMMIT]), round, pick(VALUES), pick([1, 2, 3]));
}

function begin(): Running {
  const height = opened();
  return { state: startHeight(height.config).state, height, log: [] };
}

const byKey = ([a]: readonly [string | null, unknown], [b]: readonly [string | null, unknown]): number =>
  `${a}` < `${b}` ? -1 : 1;

/** What a state is, without what may differ: executions under way are asked for again. */
function essence({ round, step, locked, valid, done, votes, outcomes }: State): unknown {
  const known = [...outcomes].filter(([, outcome]) => outcome !== "pending").sort(byKey);
  const rounds = [...votes.rounds].sort(([a], [b]) => a - b);
  const tallies = rounds.map(([number, { prevote, precommit, voters }]) => [
    number,
    voters,
    ...[prevote, precommit].map(({ first, further, powers, any }) => ({
      first: first.map((value) => value ?? `${value}`),
      further: [...further].sort(([a], [b]) => a - b),
      powers: [...powers].filter(([, power]) => power > 0n).sort(byKey),
      any,
    })),
  ]);
  return { round, step, locked, valid, done, known, tallies };
}

/** Timers and proposals that are owed. */
function owed(effects: readonly Effect[]): string[] {
  return [
    ...new Set(effects.filter(({ kind }) => kind !== "conflict" && kind !== "vote").map((one) => JSON.stringify(one))),
  ].sort();
}

function restored(records: readonly WalRecord[]): Running & { readonly effects: readonly Effect[] } {
  const height = opened();
  // Through the bytes, as from the file.
  const read = records.map((record) => decodePayload(encodePayload(record)) as InputRecord);
  const log: InputRecord[] = [];
  const { state, effects } = replay(startHeight(height.config), read, (record) => {
    log.push(record);
    remember(height, record);
  });
  return { state, effects, height, log };
}

test("a compacted log leads to the same state, the same timers, and the same answers from there on", () => {
  const steps = new Set<string>();
  let locks = 0;
  let rounds = 0;
  let continued = 0;
  for (let seed = 0; seed < 120; seed++) {
    const random = seeded(seed);
    const isOrderly = seed % 2 === 0;
    const whole = begin();
    for (let length = 20 + random() * 120; length > 0 && canCompact(whole.state); length--) {
      take(whole, happening(whole, random, isOrderly));
    }
    if (!canCompact(whole.state)) continue;
    steps.add(whole.state.step);
    locks += whole.state.locked === undefined ? 0 : 1;
    rounds = Math.max(rounds, whole.state.round);
    const compacted = restored(checkpointRecords(whole.state, whole.height, false));
    expect(essence(compacted.state), `seed ${seed}`).toEqual(essence(whole.state));
    const [owedHere, owedThere] = [owed(compacted.effects), owed(restored(whole.log).effects)];
    const isExecution = (text: string) => text.includes('"execute"');
    expect(
      owedHere.filter((text) => !isExecution(text)),
      `seed ${seed}`,
    ).toEqual(owedThere.filter((text) => !isExecution(text)));
    // Executions that only earlier rounds wanted are not asked for again.
    expect(
      owedHere.filter((text) => !owedThere.includes(text)),
      `seed ${seed}`,
    ).toEqual([]);
    // Second proposals of a round are the one thing that is left out; without any, both answer alike for ever.
    if (!isOrderly) continue;
    for (let turn = 0; turn < 40 && canCompact(whole.state); turn++) {
      const next = happening(whole, random, isOrderly);
      take(whole, next);
      take(compacted, next);
      if (turn % 8 > 0 && canCompact(whole.state)) continue;
      expect(essence(compacted.state), `seed ${seed}, turn ${turn}`).toEqual(essence(whole.state));
    }
    continued++;
  }
  expect(continued).toBeGreaterThan(10);
  expect([...steps].sort()).toEqual(["precommit", "prevote", "propose"]);
  expect(locks).toBeGreaterThan(10);
  expect(rounds).toBeGreaterThan(5);
});

test("a faulty validator that votes in thousands of far rounds does not make the compacted log longer", () => {
  const running = begin();
  for (let round = 2; round < 3000; round++) {
    for (const type of [PREVOTE, PRECOMMIT] as const) take(running, vote(type, round, NIL, 2));
  }
  expect(running.log.length).toBeGreaterThan(5000);
  expect(checkpointRecords(running.state, running.height, false).length).toBeLessThan(10);
});
