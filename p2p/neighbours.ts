import type { Verdict } from "./topics.ts";

/**
 * Which peers need not be sent what another peer has sent: each node tells its peers whom it passes everything on to. In a
 * full mesh nobody then forwards anything, where otherwise each message reaches each node from each other one.
 *
 * A link can break without a word, and what is written into it then seems sent. So a peer counts as reached only while it is
 * heard itself, and all repeat what they announce, lest nothing be heard of them. Once a link has been silent for SILENCE_MS,
 * the others pass on what its two ends send.
 *
 * A claim is only believed of a configured peer, and only for what that very peer sends. One that lies keeps from others what
 * it could keep from them itself; they ask for what they lack, as after any loss.
 */
export interface Neighbours {
  /** What to tell the others, when it is due. `mesh`: the peers that get all this node passes on. */
  announcement(mesh: readonly string[]): Uint8Array | undefined;
  /** Something has come from the peer, whatever it is. */
  heard(peer: string): void;
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

/** What has not changed is announced again after this long. */
const REPEAT_MS = 1000;
/** Three announcements that did not come. Taking a slow peer for a silent one only costs copies of messages. */
export const SILENCE_MS = 3 * REPEAT_MS;

export interface NeighboursOptions {
  readonly self: string;
  /** Whether the peer's claims are believed. */
  readonly isTrusted: (peer: string) => boolean;
  /** Milliseconds. */
  readonly now: () => number;
}

export function createNeighbours({ self, isTrusted, now }: NeighboursOptions): Neighbours {
  const claims = new Map<string, ReadonlySet<string>>();
  const lastHeard = new Map<string, number>();
  let told = "";
  let toldAt = -REPEAT_MS;

  return {
    announcement(mesh) {
      for (const [peer, at] of lastHeard) if (now() - at >= SILENCE_MS) lastHeard.delete(peer);
      // The own id makes announcements of different nodes different messages.
      const text = [
        self,
        ...mesh
          .filter((peer) => lastHeard.has(peer))
          .sort()
          .slice(0, MAX_NEIGHBOURS),
      ].join("\n");
      if (text === told && now() - toldAt < REPEAT_MS) return undefined;
      told = text;
      toldAt = now();
      return new TextEncoder().encode(text);
    },
    heard: (peer) => void lastHeard.set(peer, now()),
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
    forget(peer) {
      claims.delete(peer);
      lastHeard.delete(peer);
    },
  };
}
