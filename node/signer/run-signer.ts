import { mkdirSync } from "node:fs";
import { createSigner } from "../../consensus/signer/signer.ts";
import { openAttestationStore } from "../attester/attestation-store.ts";
import type { Failpoint } from "../failpoints.ts";
import { loadVoteKey } from "../keys/node-keys.ts";
import type { Logger } from "../log.ts";
import { attestationSigner } from "./attestation-signer.ts";
import { serveSigner } from "./server.ts";
import { lockFolder, readSignerSettings, signerPaths } from "./signer-home.ts";

export interface RunSignerOptions {
  readonly home: string;
  /** In the home if not given. */
  readonly socket: string | undefined;
  readonly log: Logger;
  readonly failpoint: Failpoint;
  /** The disk failed; nothing more is signed. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Serves the key of a signer's home on a socket.
 * @returns what ends it.
 * @throws UserError, DataFolderError, SignStateError, AttestationFileError
 */
export async function runSigner(options: RunSignerOptions): Promise<() => Promise<void>> {
  const { home, log, failpoint, onFault } = options;
  const paths = signerPaths(home);
  const genesisRoot = readSignerSettings(home);
  const secretKey = loadVoteKey(paths.voteKey);
  mkdirSync(paths.data, { recursive: true, mode: 0o700 });
  const closers: (() => Promise<void>)[] = [await lockFolder(paths.data)];
  const close = async () => {
    for (const one of closers.splice(0).reverse()) await one();
  };
  try {
    const signer = createSigner({ path: paths.signState, secretKey, genesisRoot, failpoint });
    closers.push(async () => signer.close());
    const store = await openAttestationStore({
      path: paths.attestations,
      // Heights come from the node, which is not to be able to make it forget.
      keepBlocks: Number.POSITIVE_INFINITY,
      onTornTail: (found) => log.warn(found, "the end of the attestation file was torn and has been cut off"),
      onFailure: onFault,
      failpoint,
    });
    closers.push(() => store.close());
    const server = await serveSigner({
      socket: options.socket ?? paths.socket,
      genesisRoot,
      signer,
      attestations: attestationSigner(secretKey, genesisRoot, store),
      log,
      onFault,
    });
    closers.push(() => server.close());
    return close;
  } catch (error) {
    await close();
    throw error;
  }
}
