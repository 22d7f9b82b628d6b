import { yamux } from "@chainsafe/libp2p-yamux";
import type { GossipSub, GossipSubComponents } from "@libp2p/gossipsub";
import { identify } from "@libp2p/identify";
import type { Connection, Ed25519PrivateKey, Libp2p, MultiaddrConnection } from "@libp2p/interface";
import { tcp } from "@libp2p/tcp";
import type { Multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { corkedNoise } from "./corked-noise.ts";
import { placeScope } from "./peer-address.ts";

export type Host = Libp2p<{ identify: ReturnType<ReturnType<typeof identify>>; gossip: GossipSub }>;

export interface HostOptions {
  readonly key: Ed25519PrivateKey;
  readonly listen: string;
  readonly genesisRoot: Uint8Array;
  readonly gossip: (components: GossipSubComponents) => GossipSub;
  /** Connections in all. Configured peers always find a place: strangers get what these leave. */
  readonly maxConnections: number;
  readonly configured: ReadonlySet<string>;
  /** Whether configured peers are the only ones that this node has to do with. */
  readonly isPrivate: boolean;
  /** Connections that are kept for peers of this node's own choice, out of maxConnections. */
  readonly outbound: number;
  /** What others are told to dial, besides what this node listens on. */
  readonly externalAddress?: string | undefined;
  /** Whether addresses of a local network are told to others, where the node listens on all it has. */
  readonly allowPrivate: boolean;
  readonly isBanned: (peer: string) => boolean;
}

/** One from each side, should two nodes dial each other at the same moment. */
const MAX_CONNECTIONS_PER_PEER = 2;
/** Of peers that are not configured: identities cost nothing, addresses do. */
const MAX_STRANGERS_PER_ADDRESS = 16;
const HANDSHAKE_MS = 5_000;
const NEGOTIATION_MS = 5_000;

/**
 * A libp2p host over TCP, noise and yamux, not yet started. The genesis root is the prologue of the noise handshake, so a
 * connection between nodes of different chains fails before either side has said anything.
 */
export async function createHost(options: HostOptions): Promise<Host> {
  let connections: () => readonly Connection[] = () => [];

  function denyInbound(peer: string, incoming: MultiaddrConnection): boolean {
    const open = connections();
    const ofPeer = open.filter((other) => other.remotePeer.toString() === peer);
    if (options.isBanned(peer) || ofPeer.length >= MAX_CONNECTIONS_PER_PEER) return true;
    if (options.configured.has(peer)) return false;
    if (options.isPrivate) return true;
    // Those that this node has chosen itself have places of their own: who fills the others can not shut it in.
    const strangers = open.filter(
      (other) => other.direction === "inbound" && !options.configured.has(other.remotePeer.toString()),
    );
    const address = networkAddress(incoming);
    const sameAddress = strangers.filter((other) => networkAddress(other) === address);
    return (
      strangers.length >= Math.max(0, options.maxConnections - options.configured.size - options.outbound) ||
      sameAddress.length >= MAX_STRANGERS_PER_ADDRESS
    );
  }

  const listensOnAll = placeScope(options.listen) === "unspecified";
  const host = await createLibp2p({
    start: false,
    privateKey: options.key,
    nodeInfo: { name: "assay", version: "1", userAgent: "assay" },
    addresses: {
      listen: [options.listen],
      ...(options.externalAddress === undefined ? {} : { appendAnnounce: [options.externalAddress] }),
      announceFilter: (addresses) => (listensOnAll && !options.allowPrivate ? addresses.filter(isPublic) : addresses),
    },
    transports: [tcp({ backlog: 64, maxConnections: 2 * options.maxConnections + 64 })],
    connectionEncrypters: [corkedNoise(options.genesisRoot)],
    streamMuxers: [yamux({ maxInboundStreams: 64, maxOutboundStreams: 256 })],
    connectionGater: {
      denyDialPeer: (peer) =>
        options.isBanned(peer.toString()) || (options.isPrivate && !options.configured.has(peer.toString())),
      // Who it is shows only in the handshake: before it there is an address, which anybody behind it may have.
      denyInboundEncryptedConnection: (peer, incoming) => denyInbound(peer.toString(), incoming),
    },
    connectionManager: {
      // The gater decides; this only keeps the pruner from undoing it.
      maxConnections: options.maxConnections + MAX_CONNECTIONS_PER_PEER * options.configured.size,
      maxIncomingPendingConnections: 32,
      // Per second and address: a local network has all its nodes on one.
      inboundConnectionThreshold: 32,
      inboundUpgradeTimeout: HANDSHAKE_MS,
      inboundStreamProtocolNegotiationTimeout: NEGOTIATION_MS,
      outboundStreamProtocolNegotiationTimeout: NEGOTIATION_MS,
      reconnectRetries: 0,
    },
    // A node that is busy for some seconds is not dead.
    connectionMonitor: { pingInterval: 10_000, pingTimeout: { minTimeout: 10_000, maxTimeout: 30_000 } },
    services: { identify: identify({ protocolPrefix: "assay", maxMessageSize: 8192 }), gossip: options.gossip },
  });
  connections = () => host.getConnections();
  return host;
}

function isPublic(address: Multiaddr): boolean {
  return placeScope(address.toString()) === "public";
}

function networkAddress(connection: { readonly remoteAddr: Connection["remoteAddr"] }): string {
  const host = connection.remoteAddr.getComponents()[0];
  return `${host?.name}/${host?.value}`;
}
