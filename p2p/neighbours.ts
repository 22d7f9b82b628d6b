import type { Verdict } from "./topics.ts";

/**
 * Which peers need not be sent what another peer has sent: each node tells its peers whom it passes everything on to. In a
 * full mesh nobody then forwards anything, where otherwise each message reaches each node from each other one.
 *
 * A claim is only believed of a configured peer, and only for what that very peer sends. One that lies keeps from others what
 * it could keep from them itself; they ask for what they lack, as after any loss.
 */
export interface Neighbours {
  /** What to tell the others, when it is not what they were told last. `mesh`: the peers that get all this node passes on. */
  announcement(mesh: readonly string[]): Uint8Array | undefined;
  /** Takes a peer's announcement. Never `accept`: nobody passes another's on. */
  hear(peer: string, payload: Uint8Array): Verdict;
  /** Whether all recipients get from `source` what it sends to this node. */
  covers(source: string, recipients: readonly string[]): boolean;
  forget(peer: string): void;
}

/** More than any mesh holds. */
const MAX_NEIGHBOURS = 64;
/** A line for each peer id. */
export const MAX_ANNOUNCEMENT_BYTES = 8 * 1024;

/** @param isTrusted whether the peer's claims are believed. */
export function createNeighbours(self: string, isTrusted: (peer: string) => boolean): Neighbours {
  const claims = new Map<string, ReadonlySet<string>>();
  let told = "";

  return {
    announcement(mesh) {
      // The own id makes announcements of different nodes different messages.
      const text = [self, ...[...mesh].sort().slice(0, MAX_NEIGHBOURS)].join("\n");
      if (text === told) return undefined;
      told = text;
      return new TextEncoder().encode(text);
    },
    hear(peer, payload) {
      if (payload.length > MAX_ANNOUNCEMENT_BYTES) return "reject";
      const [author, ...neighbours] = new TextDecoder().decode(payload).split("\n");
      if (author !== peer || neighbours.length > MAX_NEIGHBOURS) return "reject";
      if (isTrusted(peer)) claims.set(peer, new Set(neighbours));
      return "ignore";
    },
    covers(source, recipients) {
      const neighbours = claims.get(source);
      return neighbours !== undefined && recipients.every((peer) => peer === source || neighbours.has(peer));
    },
    forget: (peer) => void claims.delete(peer),
  };
}
