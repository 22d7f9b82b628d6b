import { join } from "node:path";
import { consensusParams } from "../chain/consensus-params.ts";
import { readParams } from "../chain/executor/chain-state.ts";
import { openAttestationStore } from "./attester/attestation-store.ts";
import { createAttester, RUN_TIMEOUT_MS } from "./attester/attester.ts";
import { createRuns } from "./attester/runs.ts";
import { fetchBlob } from "./blobs/fetch.ts";
import { steadyClock } from "./clock.ts";
import type { NodeInputs, NodeParts } from "./compose.ts";
import { createEngine, type Engine } from "./engine/engine.ts";
import { createWarmUp } from "./inline/warm-up.ts";
import { UserError } from "./user-error.ts";

/** Fetching inputs is given up after this time, and begun anew for as long as a job asks for them. */
const INPUTS_MS = 30_000;

/** The bytes of a model, or of inputs of so many bytes at most: from this node's blobs, or else from a peer, which are then kept. */
async function loadModel(
  { blobs, network }: NodeParts,
  { log }: NodeInputs,
  root: Uint8Array,
  maxBytes: number | undefined,
) {
  const known = await blobs.store.get(root);
  if (known !== undefined) return maxBytes === undefined || known.length <= maxBytes ? known : undefined;
  const peers = network.peers().map(({ peerId }) => peerId);
  try {
    const bytes = await fetchBlob(root, peers, (peerId, request) => network.request(peerId, "blob", request), {
      onLie: (peerId, reason) => network.penalise(peerId, 50, reason),
      ...(maxBytes === undefined ? {} : { maxBytes, signal: AbortSignal.timeout(INPUTS_MS) }),
    });
    // What can't be kept can be run.
    await blobs.store.put(bytes).catch((error: unknown) => log.warn({ err: error, root }, "a model could not be kept"));
    return bytes;
  } catch (error) {
    log.debug({ err: error, root }, "a model could not be fetched yet");
    return undefined;
  }
}

/** An engine whose isolation is told of. */
function startEngine(makeEngine: () => Engine, { log }: NodeInputs): Engine {
  const engine = makeEngine();
  const { networkIsolated, memoryWatched } = engine.status();
  if (!networkIsolated) {
    log.warn({ networkIsolated }, "engine processes share the machine's network: no network namespace is allowed here");
  }
  if (!memoryWatched)
    log.warn({ memoryWatched }, "the memory of engine processes is not watched: there is no /proc here");
  return engine;
}

function runsOptions(parts: NodeParts, inputs: NodeInputs, engine: Engine) {
  const { log, metrics } = inputs;
  return {
    engine,
    loadModel: (root: Uint8Array, maxBytes?: number) => loadModel(parts, inputs, root, maxBytes),
    onRun(outcome: "output" | "error" | "absent", seconds: number, reason: string) {
      metrics.observeEngineRun("canonical", outcome, seconds);
      if (outcome === "absent") log.warn({ reason }, "the engine gave no answer");
    },
    clock: steadyClock,
    log,
  };
}

/** Runs again what others have decided about, in a node that has no vote. */
function startVerifying(parts: NodeParts, inputs: NodeInputs, makeEngine: () => Engine): () => Promise<void> {
  const engine = startEngine(makeEngine, inputs);
  const runs = createRuns({ ...runsOptions(parts, inputs, engine), timeoutMs: RUN_TIMEOUT_MS });
  parts.inline.attach(runs);
  return async () => {
    runs.close();
    await engine.close();
  };
}

/**
 * Starts running and attesting models, if this node has a vote key and an engine; with sync.verifyInference `full` also to check what others have decided.
 * @returns what ends it.
 * @throws UserError when models are to be verified and none are to be run.
 */
export async function startAttesting(
  parts: NodeParts,
  inputs: NodeInputs,
  makeEngine: () => Engine = () => createEngine(),
): Promise<() => Promise<void>> {
  const { config, genesis, paths, log, failpoint } = inputs;
  const { store, outlet, mempool, signer } = parts;
  const verifies = config.sync.verifyInference === "full";
  if (!config.engine.enabled) {
    if (verifies)
      throw new UserError(
        'sync.verifyInference is "full", and engine.enabled is false: models can\'t be verified without running them',
      );
    return () => Promise.resolve();
  }
  if (signer === undefined) {
    return verifies ? startVerifying(parts, inputs, makeEngine) : () => Promise.resolve();
  }
  const engine = startEngine(makeEngine, inputs);
  const attestations = await openAttestationStore({
    path: join(paths.data, "attestations"),
    keepBlocks: Number(consensusParams.read(readParams(store.latest)).evidenceMaxAgeBlocks),
    onTornTail: (found) => log.warn(found, "the end of the attestation file was torn and has been cut off"),
    onFailure: inputs.onFault,
    failpoint,
  });
  const attester = createAttester({
    ...runsOptions(parts, inputs, engine),
    signer: signer.attestations(attestations),
    spec: genesis.spec,
    store: attestations,
    publishCommitment: (commitment) => outlet.broadcastCommitment(commitment),
    publishReveal: (message, bare) => outlet.broadcastReveal(message, bare),
  });
  parts.inline.attach(attester.runs);
  const warmUp = createWarmUp(attester.runs);
  const unsubscribe = parts.onCommit(() => {
    attester.onCommit(store.latest);
    warmUp(store.latest);
  });
  const stopPending = mempool.onAdded((tx) => attester.onPendingTx(tx.body.messages));
  attester.onCommit(store.latest);
  warmUp(store.latest);
  return async () => {
    unsubscribe();
    stopPending();
    await engine.close();
    await attester.close();
  };
}
