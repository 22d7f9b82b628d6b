import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fromHex } from "../../chain/bytes.ts";
import { createBls } from "../../chain/crypto/bls.ts";
import { checkLightParams, ONE_THIRD } from "../../consensus/light/verify.ts";
import { createNetwork } from "../../p2p/network.ts";
import { type PerProtocol, PROTOCOL_NAMES } from "../../p2p/protocols.ts";
import type { RequestHandler } from "../../p2p/request-server.ts";
import type { TopicHandler } from "../../p2p/topic-queue.ts";
import { type PerTopic, TOPIC_NAMES } from "../../p2p/topics.ts";
import { readAddressBook } from "../address-book-file.ts";
import { wallClock } from "../clock.ts";
import type { NodeInputs } from "../compose.ts";
import { peerSettings } from "../peer-settings.ts";
import { UserError } from "../user-error.ts";
import { hasState, restoreFromPeers } from "./restore.ts";
import { openSnapshotStore } from "./snapshot-store.ts";

/** How far a header may be ahead of this machine's clock, and how much sooner than unbonding ends trust does. */
const CLOCK_DRIFT_MS = 10_000;
const MAX_CONNECTIONS = 64;

/** It takes part in gossip, or it would be disconnected, but believes and says nothing. */
const DEAF = Object.fromEntries(
  TOPIC_NAMES.map((name): [string, TopicHandler] => [name, () => "ignore"]),
) as PerTopic<TopicHandler>;
const MUTE = Object.fromEntries(
  PROTOCOL_NAMES.map((name): [string, RequestHandler] => [name, () => Promise.resolve(undefined)]),
) as PerProtocol<RequestHandler>;

type RestoreInputs = Pick<NodeInputs, "paths" | "config" | "genesis" | "nodeKey" | "log" | "metrics" | "failpoint">;

/**
 * Where the settings name a trusted block and the data folder is empty: fills it from peers, on a connection of its own that has ended
 * when this resolves. Does nothing otherwise.
 * @throws UserError for settings, a checkpoint or peers that this can't be done with.
 */
export async function restoreWhenEmpty(inputs: RestoreInputs, signal: AbortSignal): Promise<void> {
  const { paths, config, genesis, log, failpoint } = inputs;
  const { trustHeight, trustHash } = config.sync;
  if ((trustHeight === 0) !== (trustHash === "")) {
    throw new UserError(
      "a trusted block needs both sync.trustHeight and sync.trustHash (or --trust-height and --trust-hash)",
    );
  }
  if (trustHeight === 0) return;
  if (hasState(paths.data)) {
    log.debug({ trustHeight }, "the data folder has a state: the trusted block is of no use");
    return;
  }
  if (config.p2p.peers.length + config.p2p.bootstrap.length === 0) {
    throw new UserError(
      "a snapshot comes from peers, and p2p.peers and p2p.bootstrap are empty: name some, or remove sync.trustHeight",
    );
  }
  const { genesisRoot } = genesis.spec;
  const unbonding = Number(genesis.params.get("staking.unbondingTime"));
  const trustingPeriod = Math.max(1, unbonding - CLOCK_DRIFT_MS);
  const params = { genesisRoot, trustLevel: ONE_THIRD, trustingPeriod, clockDrift: CLOCK_DRIFT_MS };
  checkLightParams(params);
  mkdirSync(paths.data, { recursive: true });
  const network = await createNetwork({
    seed: inputs.nodeKey.seed,
    ...peerSettings(config, readAddressBook(paths.addressBook, log)),
    genesisRoot,
    handlers: DEAF,
    protocols: MUTE,
    log: (level, message, fields) => log[level](fields ?? {}, message),
    metrics: inputs.metrics,
    maxConnections: MAX_CONNECTIONS,
  });
  await network.start();
  try {
    await restoreFromPeers({
      folder: paths.data,
      snapshots: openSnapshotStore(join(paths.data, "snapshots"), failpoint),
      peers: {
        peers: () => network.peers(),
        request: (peerId, protocol, bytes, options) => network.request(peerId, protocol, bytes, options),
        penalise: (peerId, points, reason) => network.penalise(peerId, points, reason),
      },
      env: { params, bls: createBls(), now: () => wallClock.now() },
      trust: { height: trustHeight, blockId: fromHex(trustHash.toLowerCase()) },
      log,
      signal,
      failpoint,
    });
  } finally {
    await network.stop();
  }
}
