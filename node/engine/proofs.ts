import { proveModelAside } from "./check-aside.ts";

/** Models whose verdicts are kept. */
const MAX_VERDICTS = 1024;

export interface Proofs {
  /**
   * Why a model is not fit for the class `exact`; undefined when it is.
   * @param bytes of a model that passes the static check; called when there is no verdict yet. Rejects as it does, or when the proof can't be made here.
   */
  fault(root: string, bytes: () => Promise<Uint8Array>): Promise<string | undefined>;
}

/** Proofs that models are exact: each is made once, and one at a time, since they take a core for as long as they last. */
export function createProofs(prove: (bytes: Uint8Array) => Promise<string | undefined> = proveModelAside): Proofs {
  const verdicts = new Map<string, { readonly fault: string | undefined }>();
  const underWay = new Map<string, Promise<string | undefined>>();
  let last: Promise<unknown> = Promise.resolve();

  function remember(root: string, fault: string | undefined): void {
    verdicts.set(root, { fault });
    const oldest = verdicts.keys().next();
    if (verdicts.size > MAX_VERDICTS && oldest.done !== true) verdicts.delete(oldest.value);
  }

  async function make(root: string, bytes: () => Promise<Uint8Array>, before: Promise<unknown>) {
    try {
      await before;
      const fault = await prove(await bytes());
      remember(root, fault);
      return fault;
    } finally {
      underWay.delete(root);
    }
  }

  return {
    fault(root, bytes) {
      const known = verdicts.get(root);
      if (known !== undefined) return Promise.resolve(known.fault);
      const running = underWay.get(root);
      if (running !== undefined) return running;
      const proof = make(root, bytes, last);
      underWay.set(root, proof);
      last = proof.catch(() => undefined); // Whoever asked for it has seen the rejection.
      return proof;
    },
  };
}
