import { toHex } from "../../chain/bytes.ts";
import { SignedProposal } from "../../chain/types/block.ts";
import { Vote } from "../../chain/types/vote.ts";
import { modules } from "../../modules/registry.ts";
import { homePaths, readConfig, readGenesis } from "../../node/home.ts";
import type { LocalNetwork } from "../../node/local-network.ts";
import { decodeWire } from "../../node/wire.ts";
import { createNetwork } from "../../p2p/network.ts";
import { type PerProtocol, PROTOCOL_NAMES } from "../../p2p/protocols.ts";
import type { RequestHandler } from "../../p2p/request-server.ts";

/** All that was signed, compared with each other: of one signer, height, round and step there may be one message. */
export interface SignedRecord {
  addVote(vote: Vote): void;
  addProposal(signed: SignedProposal): void;
  /** `prevote 5/0 of 2: <block id>, <block id>` */
  contradictions(): string[];
  /** Greatest height that a validator has voted at; 0 before its first vote. */
  lastVote(validatorIndex: number): number;
  readonly messages: number;
}

export function signedRecord(): SignedRecord {
  const seen = new Map<string, Set<string>>();
  const last = new Map<number, number>();
  const add = (place: string, said: string): void => {
    const all = seen.get(place) ?? new Set();
    seen.set(place, all.add(said));
  };
  return {
    addVote({ type, height, round, validatorIndex, blockId }) {
      add(`vote of type ${type} at ${height}/${round} of ${validatorIndex}`, toHex(blockId));
      last.set(validatorIndex, Math.max(last.get(validatorIndex) ?? 0, height));
    },
    addProposal({ proposal, block }) {
      const { height, round, polRound, blockId } = proposal;
      add(`proposal at ${height}/${round} of ${block.header.proposerIndex}`, `${toHex(blockId)} ${polRound}`);
    },
    contradictions: () =>
      [...seen].filter(([, said]) => said.size > 1).map(([place, said]) => `${place}: ${[...said].join(", ")}`),
    lastVote: (validatorIndex) => last.get(validatorIndex) ?? 0,
    get messages() {
      return seen.size;
    },
  };
}

/** A peer that hears what the validators of a network say and says nothing itself. The returned function ends it. */
export async function startWitness(
  local: LocalNetwork,
  seed: Uint8Array,
): Promise<SignedRecord & { stop(): Promise<void> }> {
  const [first] = local.nodes;
  if (first === undefined) throw new Error("a network without nodes");
  const paths = homePaths(first.home);
  const record = signedRecord();
  const nothing = async () => undefined;
  const network = await createNetwork({
    seed,
    listen: "/ip4/127.0.0.1/tcp/0",
    peers: [...new Set(local.nodes.flatMap(({ home }) => readConfig(homePaths(home).config).p2p.peers))],
    genesisRoot: readGenesis(paths.genesis, modules).spec.genesisRoot,
    handlers: {
      proposal(bytes) {
        const signed = decodeWire(SignedProposal, bytes);
        if (signed !== undefined) record.addProposal(signed);
        return "accept";
      },
      vote(bytes) {
        const vote = decodeWire(Vote, bytes);
        if (vote !== undefined) record.addVote(vote);
        return "accept";
      },
      tx: () => "accept",
      commitment: () => "accept",
      reveal: () => "accept",
      evidence: () => "accept",
    },
    protocols: Object.fromEntries(
      PROTOCOL_NAMES.map((name) => [name, nothing]),
    ) as unknown as PerProtocol<RequestHandler>,
    log: () => undefined,
    maxConnections: 32,
  });
  await network.start();
  return {
    ...record,
    get messages() {
      return record.messages;
    },
    stop: () => network.stop(),
  };
}
