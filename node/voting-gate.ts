import type { Clock } from "../consensus/driver/ports.ts";
import type { FileSigner } from "../consensus/signer/signer.ts";
import type { Logger } from "./log.ts";
import type { Standing } from "./sync.ts";

export interface VotingGateOptions {
  readonly signer: FileSigner;
  /** Height of the last committed block. */
  readonly tip: () => number;
  /** Whether the settings name peers. */
  readonly hasPeers: boolean;
  readonly clock: Clock;
  readonly log: Pick<Logger, "info" | "warn">;
}

/** A signer that keeps silent until the node is where its peers are, and again whenever it falls behind. */
export interface VotingGate {
  readonly signer: FileSigner & { readonly paused: boolean };
  /** From sync. */
  stand(standing: Standing): void;
  /** Resolves when signing may begin, and at the latest after so many milliseconds. */
  settled(limitMs: number): Promise<void>;
}

/**
 * How long a node waits whose peers are all silent, or say that they are ahead and give no blocks: claims cost nothing, and nobody may
 * silence a validator by them.
 */
const UNPROVEN_MS = 15_000;
/**
 * A sign state that holds nothing may be new, or lost. On a chain that has begun, its owner's earlier messages may still be under way,
 * so that the node first watches: as many heights, or as long, as they are of any use to anybody.
 */
const WATCHED_HEIGHTS = 2;
const WATCHED_MS = 10_000;

/**
 * The sign state alone keeps a node from contradicting itself, as long as it is there. The gate is for the time after it was lost, and it
 * spares a node that catches up proposals and votes for heights that are over.
 */
export function createVotingGate({ signer, tip, hasPeers, clock, log }: VotingGateOptions): VotingGate {
  const opened = Promise.withResolvers<void>();
  const isFresh = signer.lastSigned === undefined;
  /** Since when nothing has been proven. */
  let idleSince = clock.now();
  let paused = hasPeers;
  let everOpen = !paused;
  let warned = false;
  /** Since when the node has been where its peers are. */
  let level: { readonly since: number; readonly height: number } | undefined;
  if (everOpen) opened.resolve();

  function mayBegin(standing: Exclude<Standing, "catchingUp">): boolean {
    const now = clock.now();
    const hasWaited = now - idleSince >= UNPROVEN_MS;
    if (standing === "alone") return !isFresh && hasWaited;
    if (standing === "behind") return hasWaited;
    level ??= { since: now, height: tip() };
    if (!isFresh || level.height === 0) return true;
    return tip() >= level.height + WATCHED_HEIGHTS || now - level.since >= WATCHED_MS;
  }

  function begin(): void {
    if (tip() > 0) log.info({ height: tip() }, "this node is where its peers are: it votes from now on");
    everOpen = true;
    opened.resolve();
  }

  function warnAlone(): void {
    if (warned || clock.now() - idleSince < UNPROVEN_MS) return;
    warned = true;
    log.warn({}, "not voting yet: this node's sign state is empty, and no peer has said where the chain is");
  }

  return {
    signer: {
      publicKey: signer.publicKey,
      get lastSigned() {
        return signer.lastSigned;
      },
      get paused() {
        return paused || signer.paused === true;
      },
      signVote: (type, data) => signer.signVote(type, data),
      signProposal: (data) => signer.signProposal(data),
      randaoReveal: (height) => signer.randaoReveal(height),
      close: () => signer.close(),
    },
    stand(standing) {
      if (standing === "catchingUp") {
        paused = true;
        idleSince = clock.now();
        level = undefined;
        return;
      }
      if (!everOpen && mayBegin(standing)) begin();
      paused = !everOpen;
      if (paused && standing === "alone") warnAlone();
    },
    async settled(limitMs) {
      const limit = Promise.withResolvers<void>();
      const cancel = clock.after(limitMs, limit.resolve);
      await Promise.race([opened.promise, limit.promise]);
      cancel();
    },
  };
}
