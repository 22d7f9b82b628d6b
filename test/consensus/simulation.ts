import { startHeight, transition } from "../../consensus/core/core.ts";
import type { State } from "../../consensus/core/state.ts";
import type {
  CoreProposal,
  CoreVote,
  Effect,
  Input,
  InputVerdict,
  TimeoutKind,
  VoteValue,
} from "../../consensus/core/types.ts";
import { eventQueue } from "./event-queue.ts";

/** Numbers from a seed (mulberry32), so that a failing run can be repeated exactly. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface SimulationOptions {
  readonly seed: number;
  readonly nodes: number;
  /** The last so many nodes say what they like to whom they like. */
  readonly byzantine: number;
  /** Part of the messages lost before `healAt`. After that all that was ever sent arrives everywhere. */
  readonly loss: number;
  readonly healAt: number;
  readonly step?: typeof transition;
  /** Where each correct node's core ended, and every vote that anyone sent to anyone. */
  readonly onEnd?: (states: readonly State[], votes: readonly CoreVote[]) => void;
}

export interface SimulationResult {
  /** What each correct node decided. */
  readonly decisions: readonly (string | undefined)[];
  /** What went wrong; empty for a correct run. */
  readonly violations: readonly string[];
  readonly rounds: number;
}

type Message = { readonly proposal: CoreProposal } | { readonly vote: CoreVote };

const END = 60_000;
const MISBEHAVE_UNTIL = 10_000;
/** How long after the first decision (and the healing) the others are given it, as block sync would. */
const CATCH_UP = 5000;
/** How often nodes ask each other for what they lack, once the network has healed. */
const ASK_EVERY = 1000;

/** One height among correct cores, faulty ones and a bad network, in virtual time. */
export function simulate(options: SimulationOptions): SimulationResult {
  const { nodes, byzantine, step = transition } = options;
  const random = seeded(options.seed);
  const correct = nodes - byzantine;
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const powers = Array.from({ length: nodes }, () => 1n);
  const proposer = (round: number): number => (round + options.seed) % nodes;
  const states: State[] = [];
  const decisions: (string | undefined)[] = Array.from({ length: correct }, () => undefined);
  const violations: string[] = [];
  const sent: Message[] = [];
  const proposed = new Set<string>();
  const queue = eventQueue();
  /** By node, the messages that it need not be sent again. */
  const known = Array.from({ length: correct }, () => new Set<Message>());
  let now = 0;

  function later(ms: number, run: () => void): void {
    queue.add(now + ms, run);
  }

  const toInput = (message: Message): Input =>
    "vote" in message ? { kind: "vote", vote: message.vote } : { kind: "proposal", proposal: message.proposal };

  function deliver(message: Message, to: number): void {
    if (to >= correct) return;
    later(1 + random() * 100, () => {
      const verdict = feed(to, toInput(message));
      if (verdict === "accepted" || verdict === "duplicate") known[to]?.add(message);
    });
  }

  function broadcast(message: Message, from: number): void {
    sent.push(message);
    for (let to = 0; to < correct; to++) {
      if (to !== from && (now >= options.healAt || random() >= options.loss)) deliver(message, to);
    }
  }

  function feed(node: number, input: Input): InputVerdict {
    const before = states[node];
    if (before === undefined || before.step === "commit") return "stale";
    const moved = step(before, input);
    states[node] = moved.state;
    for (const effect of moved.effects) perform(node, effect);
    return moved.verdict;
  }

  function propose(node: number, round: number, valueId: string, polRound: number): void {
    proposed.add(valueId);
    if (polRound < 0) feed(node, { kind: "executed", valueId, outcome: "ok" });
    const proposal = { round, polRound, valueId, proposer: node, timely: true };
    broadcast({ proposal }, node);
    feed(node, { kind: "proposal", proposal });
  }

  function timeoutMs(timeout: TimeoutKind, round: number): number {
    return (timeout === "propose" ? 300 : 200) + 100 * round;
  }

  function perform(node: number, effect: Effect): void {
    switch (effect.kind) {
      case "build":
        later(10, () => {
          if (states[node]?.round === effect.round) propose(node, effect.round, `n${node}r${effect.round}`, -1);
        });
        break;
      case "repropose":
        propose(node, effect.round, effect.valueId, effect.polRound);
        break;
      case "vote":
        broadcast({ vote: effect.vote }, node);
        feed(node, { kind: "vote", vote: effect.vote });
        break;
      case "schedule": {
        const { timeout, round } = effect;
        later(timeoutMs(timeout, round), () => feed(node, { kind: "timeout", timeout, round }));
        break;
      }
      case "execute": {
        const outcome = effect.valueId.startsWith("bad") ? "invalid" : "ok";
        later(random() * 50, () => feed(node, { kind: "executed", valueId: effect.valueId, outcome }));
        break;
      }
      case "decide":
        decisions[node] = effect.valueId;
        later(Math.max(0, options.healAt - now) + CATCH_UP, catchUp);
        break;
      case "conflict":
        if (effect.first.validator < correct) violations.push(`node ${effect.first.validator} contradicted itself`);
        break;
    }
  }

  /** A faulty node sends something else to each node: votes for any value seen, several proposals, false proofs. */
  function misbehave(node: number): void {
    const round = Math.max(...states.map((state) => state.round)) + pick([-1, 0, 0, 0, 1]);
    if (round >= 0) {
      const values: VoteValue[] = [...proposed, null];
      for (let to = 0; to < correct; to++) {
        if (proposer(round) === node) {
          const valueId = pick([`x${node}r${round}`, `y${node}r${round}`, `bad${node}`, ...proposed]);
          proposed.add(valueId);
          const polRound = pick([-1, -1, round - 1, Math.floor(random() * (round + 1)) - 1]);
          record({ proposal: { round, polRound, valueId, proposer: node, timely: true } }, to);
        }
        for (const kind of ["prevote", "precommit"] as const) {
          record({ vote: { kind, round, value: pick(values), validator: node } }, to);
        }
      }
    }
    if (now < MISBEHAVE_UNTIL) later(20 + random() * 100, () => misbehave(node));
  }

  function record(message: Message, to: number): void {
    // What a faulty node sends to one node is not passed on until nodes ask each other, which is the worst case.
    sent.push(message);
    deliver(message, to);
  }

  /** Everything ever sent reaches everyone: the paper's assumption about gossip, kept by asking again and again. */
  function ask(): void {
    for (const message of sent) {
      for (let to = 0; to < correct; to++) if (known[to]?.has(message) === false) deliver(message, to);
    }
    later(ASK_EVERY, ask);
  }

  function catchUp(): void {
    const decided = decisions.find((value) => value !== undefined);
    for (const [node, value] of decisions.entries()) if (value === undefined) decisions[node] = decided;
  }

  for (let node = 0; node < correct; node++) {
    const start = startHeight({ height: 1, powers, self: node, proposer });
    states.push(start.state);
    later(random() * 50, () => {
      for (const effect of start.effects) perform(node, effect);
    });
  }
  for (let node = correct; node < nodes; node++) later(random() * 20, () => misbehave(node));
  later(options.healAt, ask);

  for (
    let event = queue.next();
    event !== undefined && now < END && decisions.includes(undefined);
    event = queue.next()
  ) {
    now = event.at;
    event.run();
  }

  const values = new Set(decisions.filter((value) => value !== undefined));
  if (values.size > 1) violations.push(`disagreement: ${decisions.join(", ")}`);
  for (const value of values) {
    if (value.startsWith("bad") || !proposed.has(value)) violations.push(`decided ${value}, which is not valid`);
  }
  if (decisions.includes(undefined)) violations.push(`no decision by ${now} ms: ${decisions.join(", ")}`);
  options.onEnd?.(
    states,
    sent.flatMap((message) => ("vote" in message ? [message.vote] : [])),
  );
  return { decisions, violations, rounds: Math.max(...states.map(({ round }) => round)) };
}
