import { join } from "node:path";
import type { RememberingBls } from "../../chain/crypto/remembering-bls.ts";
import { readTip } from "../../chain/executor/chain-state.ts";
import type { FileSigner } from "../../consensus/signer/signer.ts";
import type { StateStore } from "../../state/store.ts";
import type { AttestationStore } from "../attester/attestation-store.ts";
import type { NodeInputs } from "../compose.ts";
import { checkRecentBlocks, openSigner } from "../double-sign-check.ts";
import { type AttestationSigner, attestationSigner } from "./attestation-signer.ts";
import { connectRemoteSigner } from "./remote-signer.ts";

/** The vote key as a node uses it, wherever it is. */
export interface NodeSigner {
  readonly consensus: FileSigner;
  /** @param store the node's own memory, which a signer in this process signs by. */
  attestations(store: AttestationStore): AttestationSigner;
}

/**
 * Opens this node's signer: the remote one of its settings, or the key in its home.
 * @returns undefined for a node that does not vote.
 * @throws SignStateError, UnknownSignatureError, UserError
 */
export async function openNodeSigner(
  inputs: Pick<NodeInputs, "config" | "genesis" | "voteKey" | "paths" | "failpoint" | "log" | "metrics">,
  bls: RememberingBls,
  store: StateStore,
): Promise<NodeSigner | undefined> {
  const { voteKey, metrics, log } = inputs;
  const { genesisRoot } = inputs.genesis.spec;
  const { socket } = inputs.config.signer;
  if (socket !== "") {
    metrics.setSignerConnected(false);
    const remote = await connectRemoteSigner({
      socket,
      genesisRoot,
      bls,
      tip: () => readTip(store.latest).height,
      onConnected: (connected) => metrics.setSignerConnected(connected),
      log,
    });
    try {
      checkRecentBlocks(remote, store);
    } catch (error) {
      remote.close();
      throw error;
    }
    return { consensus: remote, attestations: () => remote };
  }
  if (voteKey === undefined) return undefined;
  const consensus = openSigner(
    {
      path: join(inputs.paths.data, "sign-state"),
      secretKey: voteKey,
      genesisRoot,
      failpoint: inputs.failpoint,
      onSigned: (set) => bls.trust(set),
    },
    store,
  );
  return {
    consensus,
    attestations: (memory) => attestationSigner(voteKey, genesisRoot, memory, (set) => bls.trust(set)),
  };
}
