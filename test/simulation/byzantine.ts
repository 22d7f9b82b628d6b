import { equalBytes, toHex } from "../../chain/bytes.ts";
import { Commitment } from "../../chain/types/attestation.ts";
import { SignedProposal } from "../../chain/types/block.ts";
import { Header } from "../../chain/types/header.ts";
import { Vote } from "../../chain/types/vote.ts";
import { proposalRoot, voteRoot } from "../../chain/vote-signing.ts";
import type { ConsensusSigner } from "../../consensus/driver/ports.ts";
import { attestationOf, attestationRoot, commitmentRoot } from "../../modules/inference/signatures.ts";
import { jobs } from "../../modules/inference/store.ts";
import type { Outlet } from "../../node/outlet.ts";
import { decodeWire, RevealBatch } from "../../node/wire.ts";
import type { ProtocolName } from "../../p2p/protocols.ts";
import type { TopicName } from "../../p2p/topics.ts";
import type { SimNode } from "./node.ts";
import type { NodeEngine } from "./node-options.ts";
import type { Random } from "./random.ts";
import type { Actor, Message, Strategy } from "./strategy.ts";
import { keyOf, operatorOf, type World } from "./world.ts";

export interface ByzantineOptions {
  readonly index: number;
  readonly nodes: number;
  readonly world: World;
  readonly random: Random;
  readonly strategies: readonly Strategy[];
  /** The node that it lives in. */
  readonly node: () => SimNode;
  send(topic: TopicName, bytes: Uint8Array, to: number): void;
}

/** The faulty part of a node: stands between its honest code and the network. */
export interface Byzantine {
  readonly actor: Actor;
  /** By the names of its strategies, how often each did something that honest code would not have. */
  readonly acts: ReadonlyMap<string, number>;
  outlet(honest: Outlet): Outlet;
  engine(honest: NodeEngine): NodeEngine;
  /** Signs whatever it is asked to, and is never surprised by a signature of its own. */
  signer(honest: ConsensusSigner): ConsensusSigner;
  /** Sees what comes from others. @returns whether its honest code hears it, too. */
  hear(topic: TopicName, bytes: Uint8Array): boolean;
  act(): void;
  /** What it answers to a request in place of the honest answer. */
  answer(protocol: ProtocolName, honest: Uint8Array): Uint8Array;
}

function encode(message: Message): readonly [TopicName, Uint8Array] {
  if ("vote" in message) return ["vote", Vote.serialize(message.vote)];
  if ("proposal" in message) return ["proposal", SignedProposal.serialize(message.proposal)];
  if ("commitment" in message) return ["commitment", Commitment.serialize(message.commitment)];
  return ["reveal", RevealBatch.serialize([message.reveal])];
}

/** Of others' commitments, a block's worth. */
const MAX_HEARD = 16;

export function createByzantine(options: ByzantineOptions): Byzantine {
  const { index, nodes, world, random, strategies } = options;
  const { genesisRoot } = world.genesis.spec;
  const key = keyOf(world, index);
  const operator = operatorOf(world, index);
  const everyone = Array.from({ length: nodes }, (_, other) => other).filter((other) => other !== index);
  let seen: SignedProposal[] = [];
  let heard: Commitment[] = [];
  const acts = new Map<string, number>();
  /** Whose turn it is to say something out of the blue. */
  let acting = "";

  function count(name: string): void {
    acts.set(name, (acts.get(name) ?? 0) + 1);
  }

  function see(proposal: SignedProposal): void {
    const { height } = actor;
    seen = seen.filter((known) => known.proposal.height >= height).slice(-16);
    if (!seen.some((known) => equalBytes(known.signature, proposal.signature))) seen.push(proposal);
  }

  function say(message: Message, to: number): void {
    const [topic, bytes] = encode(message);
    options.send(topic, bytes, to);
  }

  const actor: Actor = {
    index,
    nodes,
    random,
    get height() {
      return options.node().process?.driver.status().height ?? 0;
    },
    get round() {
      return options.node().process?.driver.status().round ?? 0;
    },
    get proposals() {
      const { height } = actor;
      return seen.filter(({ proposal }) => proposal.height === height);
    },
    vote(type, { height, round, blockId }) {
      const app = options.node().process?.ledger.app;
      const set = app?.rotation(Math.min(height, app.tip.height + 1))?.validators ?? [];
      const validatorIndex = set.findIndex(({ voteKey }) => equalBytes(voteKey, key.publicKey));
      if (validatorIndex < 0) return undefined;
      const data = { height, round, blockId };
      return { type, ...data, validatorIndex, signature: key.sign(voteRoot(type, data, genesisRoot)) };
    },
    propose(block, round, polRound) {
      const blockId = Header.hashTreeRoot(block.header);
      const data = { height: block.header.height, round, polRound: polRound + 1, blockId };
      return { proposal: data, signature: key.sign(proposalRoot(data, genesisRoot)), block };
    },
    get commitments() {
      return heard;
    },
    attest(jobId, outputRoot) {
      const state = options.node().process?.store.latest;
      const job = state && jobs.get(state, jobId);
      if (job === undefined) return undefined;
      const data = attestationOf(jobId, job, outputRoot);
      return { jobId, validator: operator, outputRoot, signature: key.sign(attestationRoot(data, genesisRoot)) };
    },
    commit(entries) {
      const data = { validator: operator, entries: [...entries], notes: [] };
      return { data, signature: key.sign(commitmentRoot(data, genesisRoot)) };
    },
    say(message, to = everyone) {
      count(acting);
      for (const other of to) if (other !== index) say(message, other);
    },
  };

  function isSame(said: readonly Message[], message: Message): boolean {
    return said.length === 1 && said[0] === message;
  }

  /** What the strategies, one after the other, make of a message to one node. */
  function replaced(message: Message, to: number): readonly Message[] {
    let messages: readonly Message[] = [message];
    for (const strategy of strategies) {
      messages = messages.flatMap((each) => {
        const said = strategy.instead?.(actor, each, to) ?? [each];
        if (!isSame(said, each)) count(strategy.name);
        return said;
      });
    }
    return messages;
  }

  function broadcast(message: Message): void {
    if ("proposal" in message) see(message.proposal);
    for (const to of everyone) for (const said of replaced(message, to)) say(said, to);
  }

  return {
    actor,
    acts,
    outlet: (honest) => ({
      ...honest,
      broadcastProposal: (proposal) => broadcast({ proposal }),
      broadcastVote: (vote) => broadcast({ vote }),
      broadcastCommitment: (commitment) => broadcast({ commitment }),
      broadcastReveal: (reveal) => broadcast({ reveal }),
    }),
    engine: (honest) => ({
      id: honest.id,
      async run(request) {
        for (const { name, slowness = 1 } of strategies) {
          if (slowness > 1) count(name);
          for (let again = 1; again < slowness; again++) await honest.run(request);
        }
        const result = await honest.run(request);
        if (result.kind !== "ok") return result;
        let { outputs } = result;
        for (const strategy of strategies) {
          if (strategy.compute === undefined) continue;
          outputs = strategy.compute(actor, outputs);
          count(strategy.name);
        }
        return { kind: "ok", outputs };
      },
    }),
    signer: (honest) => ({
      publicKey: key.publicKey,
      lastSigned: { height: Number.MAX_SAFE_INTEGER, round: 0, step: "precommit" },
      signVote: async (type, data) => key.sign(voteRoot(type, data, genesisRoot)),
      signProposal: async (data) => key.sign(proposalRoot(data, genesisRoot)),
      randaoReveal: (height) => honest.randaoReveal(height),
    }),
    hear(topic, bytes) {
      if (topic === "commitment") {
        const commitment = decodeWire(Commitment, bytes);
        if (commitment !== undefined) heard = [...heard, commitment].slice(-MAX_HEARD);
      }
      const deaf = strategies.find(({ ignores }) => ignores?.includes(topic));
      if (deaf !== undefined) count(deaf.name);
      if (topic !== "proposal") return deaf === undefined;
      const proposal = decodeWire(SignedProposal, bytes);
      if (proposal !== undefined) see(proposal);
      return deaf === undefined;
    },
    act() {
      for (const strategy of strategies) {
        acting = strategy.name;
        strategy.act?.(actor);
      }
    },
    answer(protocol, honest) {
      let answer = honest;
      for (const strategy of strategies) {
        const before = answer;
        answer = strategy.answer?.(actor, protocol, before) ?? before;
        if (toHex(answer) !== toHex(before)) count(strategy.name);
      }
      return answer;
    },
  };
}
