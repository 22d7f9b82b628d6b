/** A decoder that faces a peer, a client or a file, and what must hold whatever it is given. */
export interface FuzzTarget {
  /** Names its folder in the corpus. */
  readonly name: string;
  /** Well-formed inputs, from which mutations start. The same in every run. */
  seeds(): readonly Uint8Array[];
  /**
   * Gives the bytes to the decoder. Refusing them is fine; throwing anything here is a finding: an exception that is not
   * the decoder's way of refusing, or a broken promise about what it accepted.
   */
  run(bytes: Uint8Array): void | Promise<void>;
  /** Longer inputs teach nothing new about it. */
  readonly maxBytes: number;
}

/** The decoder has broken a promise about its result. */
export class FuzzFinding extends Error {
  constructor(message: string) {
    super(message);
    this.name = "FuzzFinding";
  }
}

export function ensure(holds: boolean, message: string): asserts holds {
  if (!holds) throw new FuzzFinding(message);
}
