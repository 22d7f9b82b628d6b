import type { BlsSecretKey } from "../../chain/crypto/bls.ts";
import type { RememberingBls } from "../../chain/crypto/remembering-bls.ts";
import type { AttestationData, CommitmentData } from "../../chain/types/attestation.ts";
import { attestationRoot, commitmentRoot } from "../../modules/inference/signatures.ts";
import type { AttestationStore } from "../attester/attestation-store.ts";

/** The vote key's part in the attested lane. */
export interface AttestationSigner {
  readonly publicKey: Uint8Array;
  /**
   * One output and committee for each job, once and for ever: the signature is given out after it is on the disk.
   * Rejects with AttestationConflictError (SigningRefusedError by a remote signer), with SignerAwayError, or with
   * what the disk says.
   * @param height of the job's request.
   */
  signAttestation(data: AttestationData, height: number): Promise<Uint8Array>;
  /** Contradicts nothing, so that nothing is remembered. */
  signCommitment(data: CommitmentData): Promise<Uint8Array>;
}

/**
 * The key in this process and its memory in a file.
 * @param onSigned hears of each signature, so that nobody here verifies it.
 */
export function attestationSigner(
  secretKey: BlsSecretKey,
  genesisRoot: Uint8Array,
  store: AttestationStore,
  onSigned: RememberingBls["trust"] = () => undefined,
): AttestationSigner {
  const { publicKey } = secretKey;
  function sign(message: Uint8Array): Uint8Array {
    const signature = secretKey.sign(message);
    onSigned({ publicKey, message, signature });
    return signature;
  }

  return {
    publicKey,
    async signAttestation(data, height) {
      const signature = sign(attestationRoot(data, genesisRoot));
      await store.add({ ...data, height, signature });
      return signature;
    },
    signCommitment: async (data) => sign(commitmentRoot(data, genesisRoot)),
  };
}
