import { hash, randomInt } from "node:crypto";
import {
  type GossipSub,
  type GossipSubComponents,
  gossipsub,
  StrictNoSign,
  TopicValidatorResult,
} from "@libp2p/gossipsub";
import type { PeerId } from "@libp2p/interface";
import { ENVELOPE_BYTES, fromLocal, fromWire, messageId, toLocal, toWire, wireId } from "./envelope.ts";
import { createGossipGuard, RPC_LIMITS } from "./gossip-guard.ts";
import { createNeighbours, MAX_ANNOUNCEMENT_BYTES } from "./neighbours.ts";
import { BAN_THRESHOLD, PENALTIES } from "./penalties.ts";
import { createRecentSet } from "./recent-set.ts";
import type { Reporter } from "./reporter.ts";
import { maxCompressedLength } from "./snappy.ts";
import { asError } from "./stream-io.ts";
import { createTopicQueue, type TopicHandler, type TopicQueue } from "./topic-queue.ts";
import {
  NEIGHBOURS_TOPIC,
  type PerTopic,
  TOPIC_NAMES,
  TOPICS,
  type TopicName,
  topicId,
  type Verdict,
} from "./topics.ts";

/** How long a message id is remembered. Longer only costs memory: later copies are stale to their handlers anyway. */
export const SEEN_TTL_MS = 30_000;
const SEEN_PAYLOADS = 65_536;

const LARGEST_PAYLOAD = Math.max(...TOPIC_NAMES.map((name) => TOPICS[name].maxBytes));
/** Data of the largest message with room for the protobuf around it and the control messages beside it. */
export const MAX_GOSSIP_FRAME = maxCompressedLength(LARGEST_PAYLOAD) + ENVELOPE_BYTES + 512 * 1024;

export interface PublishOptions {
  /** Sends although the same payload was sent before. */
  readonly again?: boolean | undefined;
}

export interface GossipOptions extends Reporter {
  readonly genesisRoot: Uint8Array;
  readonly self: string;
  /** Whether the peer is a configured one. */
  readonly isConfigured: (peer: string) => boolean;
  /** Whether others must not learn that the peer is connected here. */
  readonly isHidden: (peer: string) => boolean;
  readonly handlers: PerTopic<TopicHandler>;
  readonly now: () => number;
  /** As Scoring.score: 0 down to -BAN_THRESHOLD. */
  readonly score: (peer: string) => number;
}

export interface Gossip {
  /** The libp2p service. */
  service(components: GossipSubComponents): GossipSub;
  /** Subscribes to every topic; after the host has started. */
  start(router: GossipSub): void;
  stop(): void;
  publish(topic: TopicName, payload: Uint8Array, options?: PublishOptions): void;
  /** Tells the peers who is in the mesh here, when it is due. Call it twice a second or so. */
  announceMesh(): void;
  /** Whether the peer has subscribed to this chain's topics here. */
  hasSubscribed(peer: string): boolean;
  forget(peer: string): void;
}

/**
 * The mesh is meant to be full up to a dozen peers, so a message takes one hop; every node also sends its own messages to
 * all. Messages carry no signature of the router (their content is signed), and their id is a hash of topic and payload.
 */
const ROUTER = {
  globalSignaturePolicy: StrictNoSign,
  D: 8,
  Dlo: 6,
  Dhi: 12,
  Dscore: 4,
  Dout: 3,
  Dlazy: 6,
  heartbeatInterval: 500,
  // In heartbeats: 3 s kept for those who ask, ids of the last 1.5 s announced.
  mcacheLength: 6,
  mcacheGossip: 3,
  seenTTL: SEEN_TTL_MS,
  floodPublish: true,
  batchPublish: true,
  // To tell peers of a smaller message that it is here costs them as much as the message.
  idontwantMinDataSize: 16 * 1024,
  emitSelf: false,
  fallbackToFloodsub: false,
  allowPublishToZeroTopicPeers: true,
  ignoreDuplicatePublishError: true,
  tagMeshPeers: false,
  maxInboundStreams: 2,
  maxOutboundStreams: 2,
  maxInboundDataLength: MAX_GOSSIP_FRAME,
  /** A peer that does not read loses its stream, and with it the connection, once this much waits for it. */
  maxOutboundBufferSize: 4 * MAX_GOSSIP_FRAME,
  maxTopicBytesPerPeer: 64 * 1024,
  decodeRpcLimits: RPC_LIMITS,
} as const;

export function createGossip(options: GossipOptions): Gossip {
  const { metrics, penalise } = options;
  const names = new Map(TOPIC_NAMES.map((name) => [topicId(options.genesisRoot, name), name]));
  const ids = new Map([...names].map(([id, name]) => [name, id]));
  const neighboursId = topicId(options.genesisRoot, NEIGHBOURS_TOPIC);
  const allIds = new Set([...names.keys(), neighboursId]);
  const neighbours = createNeighbours({ self: options.self, isTrusted: options.isConfigured, now: options.now });
  const accepted = createRecentSet(options.now, SEEN_TTL_MS, SEEN_PAYLOADS);
  const guard = createGossipGuard({
    now: options.now,
    penalise,
    maxFrameBytes: MAX_GOSSIP_FRAME,
    topics: allIds,
    onFrames: (peer) => neighbours.heard(peer),
  });
  const queues = new Map(TOPIC_NAMES.map((name) => [name, topicQueue(name)]));
  let running: GossipSub | undefined;

  function topicQueue(name: TopicName): TopicQueue {
    return createTopicQueue({
      spec: TOPICS[name],
      handler: options.handlers[name],
      onDrop: (reason) => metrics?.increment("p2p_gossip_dropped", { topic: name, reason }),
      onFault: (error) => options.log("error", `the ${name} handler failed`, { error: asError(error).message }),
    });
  }

  async function judge(name: TopicName, local: Uint8Array, peer: string): Promise<Verdict> {
    const envelope = fromLocal(local);
    if (envelope === undefined) {
      penalise(peer, PENALTIES.badPayload, `bad ${name} payload`);
      return "reject";
    }
    const verdict = (await queues.get(name)?.push(envelope.payload, peer)) ?? "ignore";
    if (verdict === "reject") penalise(peer, PENALTIES.rejected, `rejected ${name}`);
    // Whoever has a payload passes on no repetition of it, else nonces would make one message a flood.
    if (verdict === "accept" && !accepted.add(payloadKey(name, envelope.payload))) return "ignore";
    return verdict;
  }

  async function validate(name: TopicName, peerId: PeerId, local: Uint8Array): Promise<TopicValidatorResult> {
    const verdict = await judge(name, local, peerId.toString());
    metrics?.increment("p2p_gossip_in", { topic: name, verdict });
    if (verdict === "accept" && isCovered(name, peerId.toString())) {
      metrics?.increment("p2p_gossip_covered", { topic: name });
      return TopicValidatorResult.Ignore;
    }
    return routerResult(verdict);
  }

  /** Whether nobody is left to pass on to what this peer has sent. */
  function isCovered(name: TopicName, peer: string): boolean {
    const id = ids.get(name);
    const mesh = running === undefined || id === undefined ? undefined : meshOf(running, id);
    return mesh !== undefined && neighbours.covers(peer, mesh);
  }

  function validateAnnouncement(peerId: PeerId, local: Uint8Array): TopicValidatorResult {
    const peer = peerId.toString();
    const envelope = fromLocal(local);
    const verdict = envelope === undefined ? "reject" : neighbours.hear(peer, envelope.payload);
    if (verdict === "reject") penalise(peer, PENALTIES.badPayload, "bad announcement of neighbours");
    return routerResult(verdict);
  }

  function routerResult(verdict: Verdict): TopicValidatorResult {
    switch (verdict) {
      case "accept":
        return TopicValidatorResult.Accept;
      case "ignore":
        return TopicValidatorResult.Ignore;
      case "reject":
        return TopicValidatorResult.Reject;
    }
  }

  function send(id: string, local: Uint8Array, what: string): void {
    running?.publish(id, local).catch((error: unknown) => {
      options.log("warn", `a ${what} message could not be sent`, { error: asError(error).message });
    });
  }

  return {
    service(components) {
      const router = gossipsub({
        ...ROUTER,
        allowedTopics: allIds,
        msgIdFn: (message) => messageId(message.topic, message.data),
        fastMsgIdFn: (message) => wireId(message.topic, message.data ?? new Uint8Array()),
        dataTransform: {
          inboundTransform: (id, wire) => {
            const name = names.get(id);
            return fromWire(wire, name === undefined ? MAX_ANNOUNCEMENT_BYTES : TOPICS[name].maxBytes);
          },
          outboundTransform: (_id, local) => toWire(local),
        },
        scoreParams: {
          // The first half of the points costs nothing here, lest one slow answer cost a validator its place in the mesh.
          appSpecificScore: (peer) => Math.min(0, options.score(peer) + BAN_THRESHOLD / 2),
          appSpecificWeight: 1,
          // Validators of a local network share an address; connections per address are bounded by the host.
          IPColocationFactorWeight: 0,
          // Each broken promise to deliver beyond this many counts.
          behaviourPenaltyThreshold: 6,
          retainScore: 60_000,
        },
      })({
        privateKey: components.privateKey,
        peerId: components.peerId,
        peerStore: components.peerStore,
        connectionManager: components.connectionManager,
        logger: components.logger,
        registrar: guard.guard(components.registrar),
      });
      for (const [id, name] of names) {
        router.topicValidators.set(id, (peer, message) => validate(name, peer, message.data));
      }
      router.topicValidators.set(neighboursId, (peer, message) => validateAnnouncement(peer, message.data));
      return router;
    },
    start(router) {
      running = router;
      for (const id of allIds) router.subscribe(id);
    },
    stop() {
      running = undefined;
      for (const queue of queues.values()) queue.clear();
    },
    publish(topic, payload, publishOptions) {
      const id = ids.get(topic);
      if (running === undefined || id === undefined) return;
      if (payload.length > TOPICS[topic].maxBytes) {
        options.log(
          "error",
          `a ${topic} of ${payload.length} bytes is not sent; the bound is ${TOPICS[topic].maxBytes}`,
        );
        return;
      }
      accepted.add(payloadKey(topic, payload));
      metrics?.increment("p2p_gossip_out", { topic });
      send(id, toLocal(publishOptions?.again === true ? freshNonce() : 0, payload), topic);
    },
    announceMesh() {
      if (running === undefined) return;
      const router = running;
      const [first = [], ...others] = [...names.keys()].map((id) => meshOf(router, id) ?? []);
      const told = first.filter((peer) => !options.isHidden(peer) && others.every((mesh) => mesh.includes(peer)));
      const announcement = neighbours.announcement(told);
      if (announcement !== undefined) send(neighboursId, toLocal(freshNonce(), announcement), NEIGHBOURS_TOPIC);
    },
    hasSubscribed(peer) {
      const id = ids.get("vote");
      return id !== undefined && (running?.getSubscribers(id).some((other) => other.toString() === peer) ?? false);
    },
    forget(peer) {
      guard.forget(peer);
      neighbours.forget(peer);
    },
  };
}

/** Whom the router passes a topic's messages on to. Its class tells, its published interface does not. */
function meshOf(router: GossipSub, id: string): readonly string[] | undefined {
  const knows = (object: object): object is { getMeshPeers(topic: string): string[] } => "getMeshPeers" in object;
  return knows(router) ? router.getMeshPeers(id) : undefined;
}

function freshNonce(): number {
  return randomInt(1, 2 ** 32);
}

function payloadKey(topic: TopicName, payload: Uint8Array): string {
  return topic + hash("sha256", payload, "base64");
}
