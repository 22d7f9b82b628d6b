/** Where a peer says it is. Claims are believed only as far as its blocks bear them out. */
export interface Claim {
  readonly height: number;
  readonly earliestHeight: number;
}

/** What connected peers have said of themselves, and whom to ask next. */
export interface SyncPeers {
  set(peerId: string, claim: Claim): void;
  /** A claim that did not hold, or a peer that did not answer: it is not asked for blocks until it speaks again. */
  forget(peerId: string): void;
  /** Forgets all that are not connected any more. */
  keep(connected: readonly string[]): void;
  /** Peers that have said where they are. */
  readonly count: number;
  /** Greatest height claimed. */
  highest(): number;
  /** The peer to ask for a block, in turn among those that say they have it and are free for it. */
  next(
    height: number,
    isFree?: (peerId: string) => boolean,
  ): { readonly peerId: string; readonly claim: Claim } | undefined;
  /** Whether some are beyond a height and none of them still has it. */
  isPrunedBy(height: number): boolean;
}

export function createSyncPeers(): SyncPeers {
  const claims = new Map<string, Claim>();
  let turn = 0;
  return {
    set: (peerId, claim) => void claims.set(peerId, claim),
    forget: (peerId) => void claims.delete(peerId),
    keep(connected) {
      const known = new Set(connected);
      for (const peerId of claims.keys()) if (!known.has(peerId)) claims.delete(peerId);
    },
    get count() {
      return claims.size;
    },
    highest: () => [...claims.values()].reduce((most, { height }) => Math.max(most, height), 0),
    next(height, isFree = () => true) {
      const able = [...claims].filter(
        ([peerId, claim]) => claim.height >= height && claim.earliestHeight <= height && isFree(peerId),
      );
      const chosen = able[turn++ % Math.max(1, able.length)];
      return chosen === undefined ? undefined : { peerId: chosen[0], claim: chosen[1] };
    },
    isPrunedBy(height) {
      const beyond = [...claims.values()].filter((claim) => claim.height >= height);
      return beyond.length > 0 && beyond.every(({ earliestHeight }) => earliestHeight > height);
    },
  };
}
