import { equalBytes } from "../../chain/bytes.ts";
import type { BlsSecretKey, SignatureSet } from "../../chain/crypto/bls.ts";
import { randaoRoot } from "../../chain/executor/randomness.ts";
import { PREVOTE } from "../../chain/types/vote.ts";
import { proposalRoot, voteRoot } from "../../chain/vote-signing.ts";
import type { ConsensusSigner, SignedPosition } from "../driver/ports.ts";
import { openSignState, SIGN_STEP, type SignPoint, type SignState, type SignStateFile } from "./sign-state.ts";

/** Signing would contradict, or go back behind, what was signed before. The node goes on without this signature. */
export class SigningRefusedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "SigningRefusedError";
  }
}

/**
 * The signer is in another process and has not answered: it may have signed or not. The node goes on without, and may
 * ask for the same again.
 */
export class SignerAwayError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "SignerAwayError";
  }
}

interface Position {
  readonly height: number;
  readonly round: number;
  readonly step: number;
}

export interface SignerOptions extends KeyOptions {
  /** The sign-state file; made when missing. It must be on a disk that keeps what it has flushed. */
  readonly path: string;
  readonly failpoint?: ((point: SignPoint) => void) | undefined;
}

export interface KeyOptions {
  readonly secretKey: BlsSecretKey;
  readonly genesisRoot: Uint8Array;
  /** Told of each signature made, so that the node need not verify its own. */
  readonly onSigned?: (set: SignatureSet) => void;
}

export type FileSigner = ConsensusSigner & { close(): void };

function nameOf(step: number): SignedPosition["step"] {
  if (step === SIGN_STEP.proposal) return "proposal";
  return step === SIGN_STEP.prevote ? "prevote" : "precommit";
}

function describe({ height, round, step }: Position): string {
  return `height ${height}, round ${round}, ${nameOf(step)}`;
}

/** Negative when `a` comes before `b`. */
function comparePositions(a: Position, b: Position): number {
  return a.height - b.height || a.round - b.round || a.step - b.step;
}

/**
 * A signer with the key in memory and the last signature in a file. For one height, round and step it signs one
 * message: asked again for the same it returns the stored signature, for another it refuses, whatever was restarted.
 * @throws SignStateError when the file is damaged.
 */
export function createSigner(options: SignerOptions): FileSigner {
  return signerOver(openSignState(options.path, options.failpoint), options);
}

/** The same over any memory of what was signed. */
export function signerOver(file: SignStateFile, options: KeyOptions): FileSigner {
  const { secretKey, genesisRoot } = options;
  let queue: Promise<unknown> = Promise.resolve();

  function make(message: Uint8Array): Uint8Array {
    const signature = secretKey.sign(message);
    options.onSigned?.({ publicKey: secretKey.publicKey, message, signature });
    return signature;
  }

  async function signNext(position: Position, root: Uint8Array): Promise<Uint8Array> {
    const { last } = file;
    if (last !== undefined) {
      const order = comparePositions(position, last);
      if (order === 0 && equalBytes(root, last.root)) return last.signature;
      if (order <= 0) {
        const asked = order === 0 ? "asked to sign something else there" : `asked for ${describe(position)}`;
        throw new SigningRefusedError(`the last signature was for ${describe(last)}; ${asked}`);
      }
    }
    const signature = make(root);
    const { height, round, step } = position;
    const state: SignState = { serial: (last?.serial ?? 0) + 1, height, round, step, root, signature };
    await file.save(state);
    return signature;
  }

  function sign(position: Position, root: Uint8Array): Promise<Uint8Array> {
    const result = queue.then(() => signNext(position, root));
    queue = result.catch(() => undefined); // Whoever asked is told; the next request stands for itself.
    return result;
  }

  return {
    publicKey: secretKey.publicKey,
    get lastSigned() {
      const { last } = file;
      return last === undefined ? undefined : { height: last.height, round: last.round, step: nameOf(last.step) };
    },
    signVote(type, data) {
      const step = type === PREVOTE ? SIGN_STEP.prevote : SIGN_STEP.precommit;
      return sign({ height: data.height, round: data.round, step }, voteRoot(type, data, genesisRoot));
    },
    signProposal(data) {
      const position = { height: data.height, round: data.round, step: SIGN_STEP.proposal };
      return sign(position, proposalRoot(data, genesisRoot));
    },
    randaoReveal: async (height) => make(randaoRoot(height, genesisRoot)),
    close: () => file.close(),
  };
}
