import { steadyClock } from "../node/clock.ts";
import { NO_INLINE_RUNS } from "../node/inline/inline-runs.ts";
import "../node/ssz-hasher.ts";
import { equalBytes } from "../chain/bytes.ts";
import { makeCommit } from "../chain/commit.ts";
import { type BlsSecretKey, createBls } from "../chain/crypto/bls.ts";
import { sha256 } from "../chain/crypto/hash.ts";
import { rememberingBls } from "../chain/crypto/remembering-bls.ts";
import { randaoRoot } from "../chain/executor/randomness.ts";
import { proposerSchedule } from "../chain/proposer-rotation.ts";
import { type Block, SignedProposal } from "../chain/types/block.ts";
import { Header } from "../chain/types/header.ts";
import type { Validator } from "../chain/types/validator.ts";
import { PRECOMMIT, PREVOTE, Vote } from "../chain/types/vote.ts";
import { proposalRoot, voteRoot } from "../chain/vote-signing.ts";
import { ante } from "../modules/auth/ante.ts";
import { modules } from "../modules/registry.ts";
import { ensureGenesis } from "../node/genesis-state.ts";
import { homePaths, readGenesis } from "../node/home.ts";
import { createLedger } from "../node/ledger.ts";
import { createLog } from "../node/log.ts";
import { protocolHandlers } from "../node/protocols.ts";
import { createNetwork } from "../p2p/network.ts";
import { createMemoryStore } from "../state/memory-store.ts";
import { crowdKey } from "./crowd.ts";

/**
 * All validators but one, in one process and behind one connection: it builds the blocks that are theirs to build, and sends every vote of
 * theirs by itself, as gossip does. Arguments: home of the one, its address, how many it plays, heights to make.
 */
const [home = "", address = "", size = "0", heights = "0"] = process.argv.slice(2);
const log = createLog({ level: "warn", name: "crowd" });
const genesis = readGenesis(homePaths(home).genesis, modules);
const { genesisRoot } = genesis.spec;
const bls = rememberingBls(createBls());
const runtime = { spec: genesis.spec, modules, ante, bls };
const store = createMemoryStore({ retention: 1 });
await ensureGenesis(runtime, store, genesis, "memory");
const { app } = createLedger({
  runtime,
  store,
  mempool: { maxTxs: 10, maxBytes: 1_048_576 },
  inline: NO_INLINE_RUNS,
  clock: steadyClock,
  retainBlocks: 2,
  log,
  onLateCommitment: () => undefined,
  onLateReveal: () => undefined,
  onEvidence: () => undefined,
  onCommitted: () => undefined,
});
const keys = Array.from({ length: Number(size) }, (_, i) => crowdKey(i));

/** What the one has said of the height under way. */
let proposal: SignedProposal | undefined;
let heardVotes: Vote[] = [];
/** What the crowd has. */
let ownProposal: SignedProposal | undefined;
let ownVotes: Vote[] = [];
let bell = Promise.withResolvers<void>();

function ring(): "ignore" {
  bell.resolve();
  bell = Promise.withResolvers<void>();
  return "ignore";
}

async function heard<T>(find: () => T | undefined): Promise<T> {
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    await bell.promise;
  }
}

const network = await createNetwork({
  seed: sha256(Uint8Array.of(2)),
  listen: "/ip4/127.0.0.1/tcp/0",
  peers: [address],
  genesisRoot,
  handlers: {
    proposal(bytes) {
      const said = SignedProposal.deserialize(bytes);
      if (said.proposal.height === app.tip.height + 1) proposal = said;
      return ring();
    },
    vote(bytes) {
      const vote = Vote.deserialize(bytes);
      if (vote.height === app.tip.height + 1) heardVotes.push(vote);
      return ring();
    },
    tx: () => "ignore",
    commitment: () => "ignore",
    reveal: () => "ignore",
    evidence: () => "ignore",
  },
  protocols: protocolHandlers({
    app,
    driver: { votes: () => ownVotes, proposal: () => ownProposal },
    blobs: { manifest: () => Promise.resolve(undefined), chunk: () => Promise.resolve(undefined) },
    certifiedBytes: () => undefined,
    earliestHeight: () => 1,
  }),
  log: (level, message, fields) => log[level](fields ?? {}, message),
  maxConnections: 4,
});

function keyOf(validator: Validator | undefined): BlsSecretKey | undefined {
  return keys.find(({ publicKey }) => validator !== undefined && equalBytes(publicKey, validator.voteKey));
}

async function propose(key: BlsSecretKey, proposerIndex: number, height: number): Promise<Block> {
  const randaoReveal = key.sign(randaoRoot(height, genesisRoot));
  const time = Math.max(Date.now(), app.tip.time + 1);
  const block = await app.build({ height, round: 0, time, proposerIndex, lastCommit: app.tipCommit, randaoReveal });
  const data = { height, round: 0, polRound: 0, blockId: Header.hashTreeRoot(block.header) };
  const signed = { proposal: data, signature: key.sign(proposalRoot(data, genesisRoot)), block };
  ownProposal = signed;
  network.publish("proposal", SignedProposal.serialize(signed));
  return block;
}

async function makeHeight(height: number): Promise<void> {
  const rotation = app.rotation(height);
  if (rotation === undefined) throw new Error("nobody votes");
  const voters = rotation.validators.map(keyOf);
  const proposerIndex = proposerSchedule(rotation)(0);
  const proposer = voters[proposerIndex];
  const block =
    proposer === undefined ? (await heard(() => proposal)).block : await propose(proposer, proposerIndex, height);
  const data = { height, round: 0, blockId: Header.hashTreeRoot(block.header) };
  for (const type of [PREVOTE, PRECOMMIT]) {
    const message = voteRoot(type, data, genesisRoot);
    for (const [validatorIndex, key] of voters.entries()) {
      if (key === undefined) continue;
      const signature = key.sign(message);
      bls.trust({ publicKey: key.publicKey, message, signature });
      const vote = { type, ...data, validatorIndex, signature };
      ownVotes.push(vote);
      network.publish("vote", Vote.serialize(vote));
    }
    // The crowd does not run ahead of the one, which may vote for nil where a large block came late.
    await heard(() => heardVotes.find((vote) => vote.type === type));
  }
  const precommits = [...ownVotes, ...heardVotes].filter(
    ({ type, blockId }) => type === PRECOMMIT && equalBytes(blockId, data.blockId),
  );
  await app.commit({ block, commit: makeCommit(precommits, rotation.validators, bls) });
  proposal = undefined;
  ownProposal = undefined;
  heardVotes = [];
  ownVotes = [];
}

await network.start();
await new Promise<void>((resolve) => {
  network.onPeer(({ type }) => type === "ready" && resolve());
});
for (let height = 1; height <= Number(heights); height++) await makeHeight(height);
await network.stop();
process.exit(0);
