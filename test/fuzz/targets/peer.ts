import { BitArray, type Type } from "@chainsafe/ssz";
import { equalBytes } from "../../../chain/bytes.ts";
import { AttestationEvidence, Commitment } from "../../../chain/types/attestation.ts";
import { CertifiedBlock, SignedProposal } from "../../../chain/types/block.ts";
import { AggregateVote, AmnesiaChallenge, LightClientAttackEvidence } from "../../../chain/types/evidence.ts";
import { Header } from "../../../chain/types/header.ts";
import { LightBlock } from "../../../chain/types/light-block.ts";
import { FieldProof, TreeProof } from "../../../chain/types/proof-ops.ts";
import { Commit, Vote } from "../../../chain/types/vote.ts";
import { BlobRequest } from "../../../node/blobs/messages.ts";
import { TxBatch } from "../../../node/gossip.ts";
import { decodeAnswer, decodeRequest, encodeAnswer, encodeRequest } from "../../../node/signer/protocol.ts";
import { SnapshotManifest } from "../../../node/snapshots/manifest.ts";
import {
  BlocksRequest,
  BlocksResponse,
  decodeWire,
  RevealBatch,
  StatusResponse,
  VotesRequest,
  VotesResponse,
} from "../../../node/wire.ts";
import { fromLocal, fromWire, toLocal, toWire } from "../../../p2p/envelope.ts";
import { createFrameReader } from "../../../p2p/frames.ts";
import { compress, decompress } from "../../../p2p/snappy.ts";
import { decodeChunk, encodeChunks, type StateEntry } from "../../../state/snapshot-chunks.ts";
import { ensure, type FuzzTarget } from "../target.ts";

/** More than any seed; offsets and lengths are what breaks, not size. */
const MAX_BYTES = 4096;

/** Bytes that a stranger sends as an SSZ object: refused, or the one encoding of a value that has a root. */
function wireTarget<T>(name: string, type: Type<T>, ...values: readonly T[]): FuzzTarget {
  return {
    name: `wire-${name}`,
    maxBytes: MAX_BYTES,
    seeds: () => [type.defaultValue(), ...values].map((value) => type.serialize(value)),
    run(bytes) {
      const value = decodeWire(type, bytes);
      if (value === undefined) return;
      ensure(equalBytes(type.serialize(value), bytes), "the value has another encoding");
      ensure(type.hashTreeRoot(value).length === 32, "the value has no root");
    },
  };
}

const bytes32 = new Uint8Array(32).fill(3);
const bytes96 = new Uint8Array(96).fill(4);
const bytes20 = new Uint8Array(20).fill(5);
const vote: Vote = { ...Vote.defaultValue(), height: 5, round: 1, blockId: bytes32, signature: bytes96 };
const reveal = { jobId: bytes32, validator: bytes20, outputRoot: bytes32, signature: bytes96 };
const aggregate: AggregateVote = {
  ...AggregateVote.defaultValue(),
  type: 1,
  height: 5,
  blockId: bytes32,
  signers: BitArray.fromBoolArray([true, false, true]),
};
const challenge: AmnesiaChallenge = { precommits: { ...aggregate, type: 2 }, later: { ...aggregate, round: 7 } };
const commitment: Commitment = {
  data: {
    validator: bytes20,
    entries: [{ jobId: bytes32, hash: bytes32, bucket: 3 }],
    notes: [{ jobId: bytes32, code: 1 }],
  },
  signature: bytes96,
};

function fullProposal(): SignedProposal {
  const empty = SignedProposal.defaultValue();
  const { body } = empty.block;
  const lastCommit = { ...body.lastCommit, signers: BitArray.fromBoolArray([true, false, true]) };
  return {
    ...empty,
    block: {
      ...empty.block,
      body: {
        ...body,
        lastCommit,
        transactions: [bytes32, bytes96],
        evidence: {
          duplicateVotes: [{ voteA: vote, voteB: { ...vote, blockId: new Uint8Array(32).fill(9) } }],
          lightClientAttacks: [{ header: empty.block.header, commit: lastCommit }],
          amnesiaChallenges: [challenge],
          polkas: [aggregate],
        },
        commitments: [commitment],
        reveals: [reveal],
        outputs: [{ jobId: bytes32, output: bytes96 }],
      },
    },
  };
}

const proposal = fullProposal();
const block = CertifiedBlock.serialize({ block: proposal.block, commit: proposal.block.body.lastCommit });

const snappy: FuzzTarget = {
  name: "snappy",
  maxBytes: MAX_BYTES,
  seeds: () => [compress(new Uint8Array(0)), compress(bytes96), compress(new Uint8Array(1000)), compress(block)],
  run(bytes) {
    const found = decompress(bytes, 64 * 1024);
    if (typeof found === "string") return;
    ensure(found.length <= 64 * 1024, "more bytes than allowed");
    const again = decompress(compress(found), 64 * 1024);
    ensure(typeof again !== "string" && equalBytes(again, found), "compressing again gives something else");
  },
};

const envelope: FuzzTarget = {
  name: "gossip-envelope",
  maxBytes: MAX_BYTES,
  seeds: () => [toWire(toLocal(7, bytes96)), toWire(toLocal(0, new Uint8Array(0)))],
  run(bytes) {
    const message = fromLocal(fromWire(bytes, 16 * 1024));
    if (message === undefined) return;
    const again = fromLocal(fromWire(toWire(toLocal(message.nonce, message.payload)), 16 * 1024));
    ensure(again !== undefined && again.nonce === message.nonce, "sent on it does not arrive");
    ensure(equalBytes(again.payload, message.payload), "sent on it arrives as something else");
  },
};

/** The same bytes in one piece and in two must be read alike: streams may cut anywhere. */
const frames: FuzzTarget = {
  name: "stream-frames",
  maxBytes: 512,
  seeds: () => [Uint8Array.of(3, 1, 2, 3, 0, 1, 9), Uint8Array.of(0x80, 0x01, ...new Uint8Array(128))],
  run(bytes) {
    const whole = createFrameReader(200).push(bytes);
    const reader = createFrameReader(200);
    const cut = bytes.length >> 1;
    const parts = [reader.push(bytes.subarray(0, cut)), reader.push(bytes.subarray(cut))];
    const failure = parts.find((part) => typeof part === "string");
    if (typeof whole === "string") {
      ensure(failure === whole, `in one piece it is ${whole}, in two ${String(failure)}`);
      return;
    }
    ensure(failure === undefined, `in two pieces it is ${String(failure)}`);
    const lengths = parts.flatMap((part) => (typeof part === "string" ? [] : part.map(({ length }) => length)));
    ensure(lengths.join() === whole.map(({ length }) => length).join(), "in two pieces there are other frames");
    ensure(
      whole.every(({ length }) => length <= 200),
      "a frame above the bound",
    );
  },
};

/** Whatever a node or a signer is told by the other: refused, or the one encoding of a message. */
const signerMessages: FuzzTarget = {
  name: "signer-messages",
  maxBytes: 512,
  seeds: () => [
    encodeRequest(1, { kind: "hello", value: { version: 1, genesisRoot: bytes32 } }),
    encodeRequest(2, { kind: "vote", value: { type: 1, data: { height: 5, round: 1, blockId: bytes32 } } }),
    encodeRequest(3, { kind: "proposal", value: { height: 5, round: 1, polRound: 0, blockId: bytes32 } }),
    encodeRequest(4, { kind: "randao", value: { height: 5 } }),
    encodeRequest(5, { kind: "commitment", value: commitment.data }),
    encodeAnswer(6, { kind: "signed", value: { signature: bytes96 } }),
    encodeAnswer(7, { kind: "refused", reason: "no" }),
  ],
  run(bytes) {
    const asked = decodeRequest(bytes);
    if (asked !== undefined) {
      ensure(equalBytes(encodeRequest(asked.id, asked.request), bytes), "the request has another encoding");
    }
    const said = decodeAnswer(bytes);
    if (said === undefined || said.answer.kind === "refused") return;
    ensure(equalBytes(encodeAnswer(said.id, said.answer), bytes), "the answer has another encoding");
  },
};

async function chunkOf(...entries: readonly StateEntry[]): Promise<Uint8Array> {
  const source = async function* () {
    yield* entries;
  };
  for await (const chunk of encodeChunks(source())) return chunk;
  return new Uint8Array(0);
}

const aChunk = await chunkOf([bytes20, bytes96], [bytes32, new Uint8Array(0)], [new Uint8Array(0), bytes20]);

/** What comes out is all that is in it, in the same order. */
const snapshotChunk: FuzzTarget = {
  name: "snapshot-chunk",
  maxBytes: MAX_BYTES,
  seeds: () => [aChunk, new Uint8Array(0)],
  async run(bytes) {
    const entries = decodeChunk(bytes);
    if (entries !== undefined) ensure(equalBytes(await chunkOf(...entries), bytes), "the entries give another chunk");
  },
};

export const peerTargets: readonly FuzzTarget[] = [
  wireTarget("proposal", SignedProposal, proposal),
  wireTarget("vote", Vote, vote),
  wireTarget("transactions", TxBatch, [bytes32, bytes96, new Uint8Array(0)]),
  wireTarget("commitment", Commitment, commitment),
  wireTarget("reveal", RevealBatch, [{ reveal, output: bytes96 }]),
  wireTarget("attestation-evidence", AttestationEvidence, { validator: bytes20, a: reveal, b: reveal }),
  wireTarget("amnesia-challenge", AmnesiaChallenge, challenge),
  wireTarget("polka", AggregateVote, aggregate),
  wireTarget("light-client-attack", LightClientAttackEvidence, {
    header: Header.defaultValue(),
    commit: { ...Commit.defaultValue(), signers: aggregate.signers },
  }),
  wireTarget("status", StatusResponse),
  wireTarget("blocks-request", BlocksRequest, { from: 1, count: 20 }),
  wireTarget("blocks", BlocksResponse, [block, block]),
  wireTarget("certified-block", CertifiedBlock, CertifiedBlock.deserialize(block)),
  wireTarget("votes-request", VotesRequest, { height: 5, round: 1, wantProposal: true }),
  wireTarget("votes", VotesResponse, { votes: [vote, vote], proposal: SignedProposal.serialize(proposal) }),
  wireTarget("blob-request", BlobRequest, { root: bytes32, kind: 1, index: 2 }),
  wireTarget("snapshot-manifest", SnapshotManifest, {
    height: 5,
    blockId: bytes32,
    stateRoot: bytes32,
    bytes: 99,
    chunks: [bytes32, bytes32],
  }),
  wireTarget("light-block", LightBlock, {
    header: Header.defaultValue(),
    commit: { ...Commit.defaultValue(), signers: aggregate.signers },
    validators: [{ operator: bytes20, identityKey: bytes32, voteKey: bytes96.slice(0, 48), power: 7n }],
  }),
  wireTarget("tree-proof", TreeProof, { leaf: [{ path: bytes32, valueRoot: bytes32 }], siblings: [bytes32, bytes32] }),
  wireTarget("field-proof", FieldProof, { branch: [bytes32] }),
  snapshotChunk,
  snappy,
  envelope,
  frames,
  signerMessages,
];
