import type { GossipSubComponents } from "@libp2p/gossipsub";
import { RPC } from "@libp2p/gossipsub/message";
import type { Connection, Stream } from "@libp2p/interface";
import { createFrameReader } from "./frames.ts";
import { grantWindowLazily } from "./lazy-window.ts";
import { PENALTIES } from "./penalties.ts";
import type { Reporter } from "./reporter.ts";
import { createTokenBuckets } from "./token-bucket.ts";

type Registrar = GossipSubComponents["registrar"];

/** Bytes and frames per second that one peer may gossip, on average and at once. */
const BYTES_PER_SECOND = 32 * 1_048_576;
const BYTES_BURST = 96 * 1_048_576;
const FRAMES_PER_SECOND = 10_000;
const FRAMES_BURST = 30_000;

/** Bounds on the lists inside one gossip frame; beyond them it is malformed. */
export const RPC_LIMITS = {
  maxSubscriptions: 64,
  maxMessages: 1024,
  maxIhaveMessageIDs: 5000,
  maxIwantMessageIDs: 5000,
  maxIdontwantMessageIDs: 512,
  maxControlMessages: 64,
  maxPeerInfos: 16,
} as const;

export interface GossipGuardOptions extends Pick<Reporter, "penalise"> {
  readonly now: () => number;
  /** Largest gossip frame, in bytes. */
  readonly maxFrameBytes: number;
  readonly topics: ReadonlySet<string>;
  /** Something has come from this peer. */
  readonly onFrames: (peer: string) => void;
}

export interface GossipGuard {
  /** The registrar that the router is given: each inbound gossip stream is also read here. */
  guard(registrar: Registrar): Registrar;
  forget(peer: string): void;
}

/**
 * Watches what peers gossip, because the router drops oversized and undecodable frames without telling whose they were.
 * PERF: decodes each frame a second time, some microseconds (message data is a view, not a copy).
 */
export function createGossipGuard(options: GossipGuardOptions): GossipGuard {
  const bytes = createTokenBuckets(options.now, BYTES_PER_SECOND, BYTES_BURST);
  const frames = createTokenBuckets(options.now, FRAMES_PER_SECOND, FRAMES_BURST);

  /** The router forgets a peer whose stream it can't read but keeps the connection, so the guard ends that. */
  function cut(connection: Connection, points: number, reason: string): void {
    options.penalise(connection.remotePeer.toString(), points, reason);
    connection.abort(new Error(reason));
  }

  function inspectFrame(frame: Uint8Array, peer: string): void {
    const rpc = decodeRpc(frame);
    if (rpc === undefined) {
      options.penalise(peer, PENALTIES.badFrame, "undecodable gossip");
    } else if (rpc.messages.some((message) => !options.topics.has(message.topic))) {
      options.penalise(peer, PENALTIES.unknownTopic, "gossip on an unknown topic");
    }
  }

  function inspect(stream: Stream, connection: Connection): void {
    const peer = connection.remotePeer.toString();
    const reader = createFrameReader(options.maxFrameBytes);
    const listeners = new AbortController();
    stream.addEventListener("close", () => listeners.abort(), { signal: listeners.signal });
    stream.addEventListener(
      "message",
      (event) => {
        options.onFrames(peer);
        const read = reader.push(event.data);
        const flood = !bytes.take(peer, event.data.byteLength);
        if (typeof read === "string") {
          listeners.abort();
          cut(connection, PENALTIES.badFrame, `${read} gossip frame`);
        } else if (flood || !frames.take(peer, read.length)) {
          listeners.abort();
          cut(connection, PENALTIES.gossipFlood, "too much gossip");
        } else {
          for (const frame of read) inspectFrame(frame, peer);
        }
      },
      { signal: listeners.signal },
    );
  }

  return {
    guard: (registrar) => ({
      getProtocols: () => registrar.getProtocols(),
      // The router attaches its reader before its handler returns, so no byte is missed by attaching after it.
      handle: (protocol, handler, handlerOptions) =>
        registrar.handle(
          protocol,
          (stream, connection) => {
            const handled = handler(stream, connection);
            inspect(stream, connection);
            grantWindowLazily(stream);
            return handled;
          },
          handlerOptions,
        ),
      unhandle: (protocol, abortOptions) => registrar.unhandle(protocol, abortOptions),
      getHandler: (protocol) => registrar.getHandler(protocol),
      use: (protocol, middleware) => registrar.use(protocol, middleware),
      unuse: (protocol) => registrar.unuse(protocol),
      getMiddleware: (protocol) => registrar.getMiddleware(protocol),
      register: (protocol, topology, abortOptions) => registrar.register(protocol, topology, abortOptions),
      unregister: (id) => registrar.unregister(id),
      getTopologies: (protocol) => registrar.getTopologies(protocol),
    }),
    forget(peer) {
      bytes.forget(peer);
      frames.forget(peer);
    },
  };
}

function decodeRpc(frame: Uint8Array): RPC | undefined {
  try {
    const control = RPC_LIMITS.maxControlMessages;
    return RPC.decode(frame, {
      limits: {
        subscriptions: RPC_LIMITS.maxSubscriptions,
        messages: RPC_LIMITS.maxMessages,
        control: {
          ihave: control,
          ihave$: { messageIDs: RPC_LIMITS.maxIhaveMessageIDs },
          iwant: control,
          iwant$: { messageIDs: RPC_LIMITS.maxIwantMessageIDs },
          graft: control,
          prune: control,
          prune$: { peers: RPC_LIMITS.maxPeerInfos },
          idontwant: control,
          idontwant$: { messageIDs: RPC_LIMITS.maxIdontwantMessageIDs },
        },
      },
    });
  } catch {
    // Whatever the decoder objects to, the frame is not one that the router will take.
    return undefined;
  }
}
