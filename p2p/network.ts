import type { Connection, PeerId } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import { createAddressBook, type SavedAddress } from "./address-book.ts";
import { announcedAddress } from "./announced-address.ts";
import { createDialer, parsePeer } from "./dialer.ts";
import { createDiscovery, type Link } from "./discovery.ts";
import { createGossip, type PublishOptions } from "./gossip.ts";
import { createHost } from "./host.ts";
import { nodeKey, peerIdOf } from "./node-key.ts";
import { PeerError } from "./peer-error.ts";
import {
  type PerProtocol,
  PROTOCOL_NAMES,
  PROTOCOLS,
  type ProtocolName,
  protocolId,
  type WireProtocol,
} from "./protocols.ts";
import type { Log, Metrics } from "./reporter.ts";
import { createRequestClient, type RequestOptions } from "./request-client.ts";
import { createRequestServer, type RequestHandler } from "./request-server.ts";
import { createScoring } from "./scoring.ts";
import type { TopicHandler } from "./topic-queue.ts";
import type { PerTopic, TopicName } from "./topics.ts";

export interface NetworkOptions {
  /** Seed of the node key, 32 bytes. */
  readonly seed: Uint8Array;
  /** `/ip4/127.0.0.1/tcp/26656`; port 0 takes a free one. */
  readonly listen: string;
  /** Peers to be connected to always, `/ip4/…/tcp/…/p2p/<peer id>`. This node's own address among them is passed over. */
  readonly peers: readonly string[];
  readonly genesisRoot: Uint8Array;
  readonly handlers: PerTopic<TopicHandler>;
  readonly protocols: PerProtocol<RequestHandler>;
  readonly log: Log;
  readonly metrics?: Metrics | undefined;
  readonly maxConnections: number;
  /** Peer ids that always find a place here and are never told to anybody: validators behind this node. None if not given. */
  readonly privatePeers?: readonly string[] | undefined;
  /** Has to do with configured and private peers alone, and neither asks nor tells anybody of others. */
  readonly isPrivate?: boolean | undefined;
  /** None if not given, and then only configured peers are ever dialled. */
  readonly discovery?: DiscoverySettings | undefined;
  /** Milliseconds, for scores, bans and rates. */
  readonly now?: (() => number) | undefined;
}

export interface DiscoverySettings {
  /** Peers of the node's own choice to be connected to, besides configured ones. */
  readonly outbound: number;
  /** `/ip4/…/tcp/…/p2p/<peer id>`, dialled while too few addresses are known. */
  readonly bootstrap: readonly string[];
  /** Where others reach this node, with or without its peer id. */
  readonly externalAddress?: string | undefined;
  /** Takes and tells addresses of loopback and local networks. */
  readonly allowPrivate: boolean;
  /** What an earlier process has known. */
  readonly known: readonly SavedAddress[];
  /** How often it is looked whether there is something to do, in ms; 1000 if not given. */
  readonly paceMs?: number | undefined;
}

export interface PeerInfo {
  readonly peerId: string;
  readonly address: string;
  readonly outbound: boolean;
  readonly score: number;
}

/**
 * `connected`: requests can be made. `ready`: the peer takes part in gossip, so what is published from now on reaches it;
 * what it may lack is worth publishing `again`. `disconnected`: its last connection has closed.
 */
export interface PeerEvent {
  readonly type: "connected" | "ready" | "disconnected";
  readonly peerId: string;
}

export interface Network {
  readonly peerId: string;
  /** Listen addresses with the peer id; empty before start. */
  readonly addresses: readonly string[];
  /** Listens and begins to dial. Rejects when the address is taken. A network starts once. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /**
   * Sends to all peers of the topic. Never throws; without peers it does nothing. The own message does not come back.
   * A payload that was sent in the last 30 s is not sent twice unless `again` is set: then it goes to this node's direct
   * peers once more, and each passes it on only if it is new to it (or was ignored when it came).
   */
  publish(topic: TopicName, bytes: Uint8Array, options?: PublishOptions): void;
  /** Throws PeerError; its penalty has already been charged. A request over its bound is a plain Error: a fault of the caller. */
  request(peerId: string, protocol: ProtocolName, bytes: Uint8Array, options?: RequestOptions): Promise<Uint8Array>;
  peers(): readonly PeerInfo[];
  /** The address book, to be kept; empty without discovery. */
  knownAddresses(): readonly SavedAddress[];
  penalise(peerId: string, points: number, reason: string): void;
  /** The returned function unsubscribes. */
  onPeer(listener: (event: PeerEvent) => void): () => void;
}

const HALF_LIFE_MS = 60_000;
const BAN_MS = 600_000;
const CONFIGURED_BAN_MS = 5_000;
const MAX_SCORED_PEERS = 4096;
const TICK_MS = 50;
const DISCOVERY_PACE_MS = 1_000;
/** Peers that gossip already are looked at every so many ticks, new ones at each. */
const TICKS_PER_CHECK = 10;
/** A peer that has no gossip stream in both directions after this long is no use, or lost one: it is disconnected. */
const GOSSIP_GRACE_MS = 10_000;
/** Not at once: libp2p itself reads the record when a peer leaves. Identities are free, so the records must go. */
const FORGET_MS = 10_000;

interface Peer {
  /** When it was last in gossip, or connected. */
  since: number;
  ready: boolean;
}

export async function createNetwork(options: NetworkOptions): Promise<Network> {
  const { log, metrics } = options;
  const now = options.now ?? Date.now;
  const self = await peerIdOf(options.seed);
  const configured = options.peers.map(parsePeer);
  const hidden = new Set(options.privatePeers);
  const configuredIds = new Set([...configured.map((peer) => peer.peerId), ...hidden]);
  const isPrivate = options.isPrivate === true;
  const settings = isPrivate ? undefined : options.discovery;
  const own = settings === undefined ? undefined : announcedAddress(settings, options.listen, self);
  const peers = new Map<string, Peer>();
  /** Strangers whose addresses libp2p still holds, the longest gone first. */
  const departed = new Map<string, { readonly id: PeerId; readonly at: number }>();
  const listeners = new Set<(event: PeerEvent) => void>();
  const scoring = createScoring({
    now,
    halfLifeMs: HALF_LIFE_MS,
    banMs: (peer) => (configuredIds.has(peer) ? CONFIGURED_BAN_MS : BAN_MS),
    maxPeers: MAX_SCORED_PEERS,
  });

  function penalise(peer: string, points: number, reason: string): void {
    if (points <= 0 || peer === self) return;
    const banned = scoring.penalise(peer, points);
    metrics?.increment("p2p_penalties", { banned: String(banned) });
    log(banned ? "warn" : "debug", banned ? "peer banned" : "peer penalised", { peer, points, reason });
    if (banned) drop(peer, `banned: ${reason}`);
  }

  const gossip = createGossip({
    genesisRoot: options.genesisRoot,
    self,
    isConfigured: (peer) => configuredIds.has(peer),
    isHidden: (peer) => hidden.has(peer),
    handlers: options.handlers,
    now,
    log,
    metrics,
    penalise,
    score: (peer) => scoring.score(peer),
  });
  const host = await createHost({
    key: await nodeKey(options.seed),
    listen: options.listen,
    genesisRoot: options.genesisRoot,
    gossip: (components) => gossip.service(components),
    maxConnections: options.maxConnections,
    configured: configuredIds,
    isPrivate,
    outbound: settings?.outbound ?? 0,
    externalAddress: settings?.externalAddress === undefined ? undefined : own?.address,
    allowPrivate: settings?.allowPrivate ?? false,
    isBanned: (peer) => scoring.bannedUntil(peer) !== undefined,
  });
  const book = createAddressBook({
    self,
    allowPrivate: settings?.allowPrivate ?? false,
    isHidden: (peer) => hidden.has(peer),
    now,
    random: Math.random,
  });
  book.restore(settings?.known ?? []);
  const discovery =
    settings &&
    createDiscovery({
      book,
      own: own?.address,
      outbound: settings.outbound,
      bootstrap: settings.bootstrap.map(parsePeer).filter((peer) => peer.peerId !== self),
      links: () =>
        host
          .getConnections()
          .filter((open) => open.status === "open")
          .map(linkOf),
      isConfigured: (peer) => configuredIds.has(peer),
      isHidden: (peer) => hidden.has(peer),
      isBanned: (peer) => scoring.bannedUntil(peer) !== undefined,
      dial: async (address, signal) => void (await host.dial(multiaddr(address), { signal })),
      async verify(address, signal) {
        const connection = await host.dial(multiaddr(address), { signal, force: true });
        await connection.close();
      },
      ask: (peerId, bytes) => request(peerId, "peer_exchange", bytes),
      now,
      random: Math.random,
      paceMs: settings.paceMs ?? DISCOVERY_PACE_MS,
      log,
      metrics,
      penalise,
    });
  const servers = PROTOCOL_NAMES.flatMap((name) => {
    // A node without discovery does not speak the protocol at all.
    const handler = name === "peer_exchange" ? discovery?.answer : options.protocols[name];
    if (handler === undefined) return [];
    return [{ name, server: createRequestServer({ name, handler, now, log, metrics, penalise }) }];
  });
  const client = createRequestClient(options.genesisRoot, now);
  const dialer = createDialer({
    self,
    peers: configured,
    dial: async (address, signal) => void (await host.dial(multiaddr(address), { signal })),
    isConnected: (peer) => connectionsTo(peer).length > 0,
    bannedUntil: (peer) => scoring.bannedUntil(peer),
    now,
    random: Math.random,
    log,
    metrics,
  });
  let timer: NodeJS.Timeout | undefined;
  let ticks = 0;

  function connectionsTo(peer: string): readonly Connection[] {
    return host.getConnections().filter((open) => open.status === "open" && open.remotePeer.toString() === peer);
  }

  function drop(peer: string, reason: string): void {
    for (const connection of connectionsTo(peer)) connection.abort(new Error(reason));
  }

  function emit(type: PeerEvent["type"], peerId: string): void {
    metrics?.increment("p2p_peer_events", { type });
    for (const listener of [...listeners]) {
      try {
        listener({ type, peerId });
      } catch (error) {
        log("error", "a peer listener failed", { error: String(error) });
      }
    }
  }

  function inGossip(peer: string): boolean {
    return gossip.hasSubscribed(peer) && connectionsTo(peer).some(hasOutboundGossip);
  }

  function checkGossip(peerId: string, peer: Peer): void {
    if (inGossip(peerId)) {
      peer.since = now();
      if (!peer.ready) {
        peer.ready = true;
        emit("ready", peerId);
      }
    } else if (now() - peer.since > GOSSIP_GRACE_MS) {
      log("info", "peer takes no part in gossip, disconnecting", { peer: peerId });
      drop(peerId, "no gossip stream");
    }
  }

  function tick(): void {
    ticks += 1;
    for (const [peerId, peer] of peers) {
      if (!peer.ready || ticks % TICKS_PER_CHECK === 0) checkGossip(peerId, peer);
    }
    if (ticks % TICKS_PER_CHECK === 0) gossip.announceMesh();
    for (const [peerId, { id, at }] of departed) {
      if (now() - at < FORGET_MS) break;
      departed.delete(peerId);
      host.peerStore.delete(id).catch((error: unknown) => {
        log("debug", "a peer's addresses could not be forgotten", { error: String(error) });
      });
    }
  }

  function onConnect(peerId: string): void {
    departed.delete(peerId);
    peers.set(peerId, { since: now(), ready: false });
    dialer.connected(peerId);
    for (const connection of connectionsTo(peerId)) discovery?.connected(linkOf(connection));
    emit("connected", peerId);
  }

  function onDisconnect(id: PeerId): void {
    const peerId = id.toString();
    peers.delete(peerId);
    if (!configuredIds.has(peerId)) departed.set(peerId, { id, at: now() });
    gossip.forget(peerId);
    client.forget(peerId);
    for (const { server } of servers) server.forget(peerId);
    dialer.disconnected(peerId);
    discovery?.disconnected(peerId);
    emit("disconnected", peerId);
  }

  async function request(
    peerId: string,
    protocol: WireProtocol,
    bytes: Uint8Array,
    requestOptions?: RequestOptions,
  ): Promise<Uint8Array> {
    const [connection] = connectionsTo(peerId);
    if (connection === undefined) throw new PeerError(peerId, "disconnected", 0, "not connected");
    try {
      const answer = await client.send(connection, protocol, bytes, requestOptions ?? {});
      metrics?.increment("p2p_requests_out", { protocol, outcome: "ok" });
      return answer;
    } catch (error) {
      if (error instanceof PeerError) {
        metrics?.increment("p2p_requests_out", { protocol, outcome: error.code });
        penalise(peerId, error.penalty, error.message);
      }
      throw error;
    }
  }

  host.addEventListener("peer:connect", (event) => onConnect(event.detail.toString()));
  host.addEventListener("peer:disconnect", (event) => onDisconnect(event.detail));
  host.services.gossip.addEventListener("subscription-change", (event) => {
    const peerId = event.detail.peerId.toString();
    const peer = peers.get(peerId);
    if (peer !== undefined) checkGossip(peerId, peer);
  });

  return {
    peerId: self,
    get addresses() {
      return host.getMultiaddrs().map(String);
    },
    async start() {
      for (const { name, server } of servers) {
        await host.handle(
          protocolId(options.genesisRoot, name),
          (stream, connection) => server.serve(stream, connection),
          {
            maxInboundStreams: PROTOCOLS[name].concurrentPerPeer + 4,
          },
        );
      }
      await host.start();
      gossip.start(host.services.gossip);
      dialer.start();
      discovery?.start();
      timer = setInterval(tick, TICK_MS).unref();
    },
    async stop() {
      clearInterval(timer);
      dialer.stop();
      discovery?.stop();
      gossip.stop();
      await host.stop();
    },
    publish: (topic, bytes, publishOptions) => gossip.publish(topic, bytes, publishOptions),
    request,
    peers: () =>
      [...peers.keys()].flatMap((peerId) => {
        const [connection] = connectionsTo(peerId);
        if (connection === undefined) return [];
        const address = connection.remoteAddr.toString();
        return [{ peerId, address, outbound: connection.direction === "outbound", score: scoring.score(peerId) }];
      }),
    knownAddresses: () => (discovery === undefined ? [] : book.save()),
    penalise,
    onPeer(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function linkOf(connection: Connection): Link {
  const { remotePeer, remoteAddr, direction } = connection;
  return { peerId: remotePeer.toString(), remote: remoteAddr.toString(), outbound: direction === "outbound" };
}

function hasOutboundGossip(connection: Connection): boolean {
  return connection.streams.some(
    (stream) => stream.direction === "outbound" && stream.status === "open" && stream.protocol.startsWith("/meshsub/"),
  );
}
