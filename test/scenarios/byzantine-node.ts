import { randomBytes } from "node:crypto";
import { equalBytes, toHex } from "../../chain/bytes.ts";
import type { BlsSecretKey } from "../../chain/crypto/bls.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import type { ChainSpec } from "../../chain/module.ts";
import type { CommitmentEntry } from "../../chain/types/attestation.ts";
import { CertifiedBlock } from "../../chain/types/block.ts";
import { PREVOTE } from "../../chain/types/vote.ts";
import { voteRoot } from "../../chain/vote-signing.ts";
import { attestationRoot, commitmentRoot } from "../../modules/inference/signatures.ts";
import type { StoredBlock } from "../../node/api.ts";
import { stopSignal } from "../../node/cli/stop-signal.ts";
import { createEngine, type Engine } from "../../node/engine/engine.ts";
import { homePaths, readConfig } from "../../node/home.ts";
import { type NodeOptions, startNode } from "../../node/node.ts";
import type { Outlet } from "../../node/outlet.ts";
import { BlocksResponse, ChunkRequest } from "../../node/wire.ts";
import type { PerProtocol } from "../../p2p/protocols.ts";
import type { RequestHandler } from "../../p2p/request-server.ts";

/**
 * A validator that breaks the rules, put together from the parts of an honest one. Arguments: its home, and how:
 * - `lying-engine` attests outputs of which one byte is not as the model gave it;
 * - `double-signer` votes twice in every round from height 5 on;
 * - `amnesiac` prevotes another block in the next round of each height from 5 on, whatever it precommits in this one;
 * - `double-attester` reveals what it committed to, and then another output of the same job;
 * - `withholder` commits and never reveals;
 * - `copier` runs no model: it commits to random bytes or to another's hash, and reveals what others have revealed;
 * - `no-engine` runs no model, and votes as if it did not matter;
 * - `lying-snapshots` gives bytes of its own for every chunk of a snapshot, and blocks of its own to who catches up;
 * - `dies-revealing` is honest, but gone before its first reveal leaves the process.
 */
export type Behaviour =
  | "lying-engine"
  | "double-signer"
  | "amnesiac"
  | "double-attester"
  | "withholder"
  | "copier"
  | "no-engine"
  | "lying-snapshots"
  | "dies-revealing";

/** Stands before the job in the log, so that a test can see that the attack took place. */
const COPIED = "published a copied reveal of job";

interface Misbehaviour extends Pick<NodeOptions, "engine" | "outlet" | "protocols"> {
  /** After each block, once the node runs. */
  readonly onCommit?: (block: StoredBlock, operator: Uint8Array) => void;
}

function lyingEngine(): Engine {
  const honest = createEngine();
  return {
    ...honest,
    async run(request) {
      const result = await honest.run(request);
      if (result.kind !== "ok") return result;
      const [first, ...others] = result.outputs;
      if (first === undefined) return result;
      const data = first.data.slice();
      data[0] = (data[0] ?? 0) ^ 1;
      return { kind: "ok", outputs: [{ ...first, data }, ...others] };
    },
  };
}

const DOUBLE_FROM = 5;

function doubleSigning(honest: Outlet, voteKey: BlsSecretKey | undefined, spec: ChainSpec): Outlet {
  return {
    ...honest,
    broadcastVote(vote) {
      honest.broadcastVote(vote);
      if (voteKey === undefined || vote.height < DOUBLE_FROM) return;
      const { type, height, round } = vote;
      const blockId = sha256(vote.blockId);
      const signature = voteKey.sign(voteRoot(type, { height, round, blockId }, spec.genesisRoot));
      honest.broadcastVote({ ...vote, blockId, signature });
    },
  };
}

/** Each vote is the only one of its kind in its round. Said with the prevote, so that it is heard before the height is over. */
function forgetful(honest: Outlet, voteKey: BlsSecretKey | undefined, spec: ChainSpec): Outlet {
  return {
    ...honest,
    broadcastVote(vote) {
      honest.broadcastVote(vote);
      if (voteKey === undefined || vote.height < DOUBLE_FROM || vote.type !== PREVOTE) return;
      const { type, height } = vote;
      const round = vote.round + 1;
      const blockId = sha256(vote.blockId);
      const signature = voteKey.sign(voteRoot(type, { height, round, blockId }, spec.genesisRoot));
      honest.broadcastVote({ ...vote, round, blockId, signature });
    },
  };
}

/** Its own node would report it, so evidence is what it never passes on. */
function doubleAttesting(): Misbehaviour {
  let committeeRoot: Uint8Array | undefined;
  return {
    outlet: (honest, voteKey, { genesisRoot }) => ({
      ...honest,
      broadcastEvidence: () => undefined,
      broadcastReveal(message) {
        honest.broadcastReveal(message);
        if (voteKey === undefined || committeeRoot === undefined) return;
        const { jobId, outputRoot } = message.reveal;
        const other = sha256(outputRoot);
        const signature = voteKey.sign(
          attestationRoot({ jobId, committeeRoot, outputRoot: other, direct: false, class: 1 }, genesisRoot),
        );
        honest.broadcastReveal({
          reveal: { ...message.reveal, outputRoot: other, signature },
          output: new Uint8Array(0),
        });
      },
    }),
    onCommit({ block: { header } }) {
      committeeRoot = header.validatorsRoot;
    },
  };
}

function withholding(honest: Outlet): Outlet {
  return { ...honest, broadcastReveal: () => undefined };
}

function dying(honest: Outlet): Outlet {
  return { ...honest, broadcastReveal: () => void process.kill(process.pid, "SIGKILL") };
}

/** No run ever gives an answer, so that what an honest attester would say is never said. */
function idleEngine(): Engine {
  const honest = createEngine();
  return { ...honest, run: () => Promise.resolve({ kind: "absent", reason: "this validator does not run models" }) };
}

/** Everything it says about jobs is made from what others have said about them in blocks. */
function copier(): Misbehaviour {
  let voice: { readonly outlet: Outlet; readonly voteKey: BlsSecretKey; readonly spec: ChainSpec } | undefined;
  const jobs = new Set<string>();

  /** To random bytes for its first job, to another's hash for the second, and so on in turn. */
  function commit(validator: Uint8Array, { jobId, hash: copied }: CommitmentEntry): void {
    if (voice === undefined || jobs.has(toHex(jobId))) return;
    jobs.add(toHex(jobId));
    const hash = jobs.size % 2 === 1 ? new Uint8Array(randomBytes(32)) : copied;
    const data = { validator, entries: [{ jobId, hash, bucket: 0 }], notes: [] };
    const signature = voice.voteKey.sign(commitmentRoot(data, voice.spec.genesisRoot));
    voice.outlet.broadcastCommitment({ data, signature });
  }

  return {
    engine: idleEngine,
    outlet(honest, voteKey, spec) {
      if (voteKey !== undefined) voice = { outlet: honest, voteKey, spec };
      return honest;
    },
    onCommit({ block: { body } }, operator) {
      for (const entry of body.commitments.flatMap(({ data }) => data.entries)) commit(operator, entry);
      for (const reveal of body.reveals) {
        const output = body.outputs.find(({ jobId }) => equalBytes(jobId, reveal.jobId))?.output ?? new Uint8Array(0);
        voice?.outlet.broadcastReveal({ reveal: { ...reveal, validator: operator }, output });
        process.stderr.write(`${COPIED} ${toHex(reveal.jobId)}\n`);
      }
    },
  };
}

/** Its blocks have a certificate that does not hold, its chunks one byte that is another. */
function lyingSnapshots(honest: PerProtocol<RequestHandler>): PerProtocol<RequestHandler> {
  const withByte = (bytes: Uint8Array, at: number): Uint8Array =>
    bytes.map((byte, i) => (i === at && at >= 0 ? byte ^ 1 : byte));
  return {
    ...honest,
    async chunk(request, from) {
      const answer = await honest.chunk(request, from);
      const { isManifest } = ChunkRequest.deserialize(request);
      return answer === undefined || isManifest ? answer : withByte(answer, answer.length - 1);
    },
    async blocks(request, from) {
      const answer = await honest.blocks(request, from);
      const blocks = answer === undefined ? [] : BlocksResponse.deserialize(answer);
      // One block alone is asked for by who begins with a snapshot: the lie it is told is in the chunks.
      const forged =
        blocks.length === 1
          ? blocks
          : blocks.map((bytes) => {
              const { block, commit } = CertifiedBlock.deserialize(bytes);
              return CertifiedBlock.serialize({ block, commit: { ...commit, round: commit.round + 1 } });
            });
      return BlocksResponse.serialize(forged);
    },
  };
}

const BEHAVIOURS: { readonly [B in Behaviour]: () => Misbehaviour } = {
  "lying-engine": () => ({ engine: lyingEngine }),
  "double-signer": () => ({ outlet: doubleSigning }),
  amnesiac: () => ({ outlet: forgetful }),
  "double-attester": doubleAttesting,
  withholder: () => ({ outlet: withholding }),
  copier,
  "no-engine": () => ({ engine: idleEngine }),
  "lying-snapshots": () => ({ protocols: lyingSnapshots }),
  "dies-revealing": () => ({ outlet: dying }),
};

const [home = "", name = ""] = process.argv.slice(2);
if (!Object.hasOwn(BEHAVIOURS, name)) throw new Error(`no behaviour is called "${name}"`);
const { engine, outlet, protocols, onCommit } = BEHAVIOURS[name as Behaviour]();
const signal = stopSignal();
try {
  const node = await startNode({
    home,
    config: readConfig(homePaths(home).config),
    ...(engine === undefined ? {} : { engine }),
    ...(outlet === undefined ? {} : { outlet }),
    ...(protocols === undefined ? {} : { protocols }),
  });
  node.api.onCommit((block) => {
    const own = node.api.ownValidator;
    if (own !== undefined) onCommit?.(block, own.operator);
  });
  await Promise.race([signal.stopped, node.finished]);
  await node.stop();
} finally {
  signal.dispose();
  if (process.connected) process.disconnect();
}
