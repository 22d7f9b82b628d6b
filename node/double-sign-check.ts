import { equalBytes } from "../chain/bytes.ts";
import { readValidators } from "../chain/executor/chain-state.ts";
import { checkOwnPrecommit } from "../consensus/signer/known-signatures.ts";
import { DOUBLE_SIGN_BLOCKS } from "../consensus/signer/sign-state.ts";
import { createSigner, type FileSigner, type SignerOptions } from "../consensus/signer/signer.ts";
import type { StateStore } from "../state/store.ts";
import { readCertified } from "./block-store.ts";

/** The last block, among the latest ones, that this key has signed. */
function lastSignedBlock(store: StateStore, publicKey: Uint8Array): number | undefined {
  const first = Math.max(1, store.height - DOUBLE_SIGN_BLOCKS + 1);
  for (let height = store.height; height >= first; height--) {
    const index =
      readValidators(store.latest, height)?.findIndex(({ voteKey }) => equalBytes(voteKey, publicKey)) ?? -1;
    if (index >= 0 && readCertified(store, height)?.commit.signers.get(index) === true) return height;
  }
  return undefined;
}

/**
 * That recent blocks hold no signature of a key that its signer does not know of.
 * @throws UnknownSignatureError
 */
export function checkRecentBlocks(signer: Pick<FileSigner, "publicKey" | "lastSigned">, store: StateStore): void {
  const height = lastSignedBlock(store, signer.publicKey);
  if (height !== undefined) checkOwnPrecommit(height, signer.lastSigned);
}

/**
 * Opens the signer, unless recent blocks hold signatures of its key that its sign state does not know: then the file was
 * lost or put back from an older copy, or the key is in use elsewhere. Blocks that come later are checked as they come.
 * @throws SignStateError, UnknownSignatureError
 */
export function openSigner(options: SignerOptions, store: StateStore): FileSigner {
  const signer = createSigner(options);
  try {
    checkRecentBlocks(signer, store);
    return signer;
  } catch (error) {
    signer.close();
    throw error;
  }
}
