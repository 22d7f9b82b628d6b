import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { Body, CertifiedBlock } from "../../chain/types/block.ts";
import type { LightBlock } from "../../chain/types/light-block.ts";
import { lightBlockId } from "../../consensus/light/verify.ts";
import { balances } from "../../modules/bank/store.ts";
import type { RestorePeers } from "../../node/snapshots/peer-source.ts";
import { type RestoreStateOptions, restoreFromPeers } from "../../node/snapshots/restore.ts";
import { snapshotHandlers } from "../../node/snapshots/serve.ts";
import { makeSnapshot } from "../../node/snapshots/snapshot-maker.ts";
import { openSnapshotStore } from "../../node/snapshots/snapshot-store.ts";
import { BlocksRequest, BlocksResponse } from "../../node/wire.ts";
import { createMemoryStore } from "../../state/memory-store.ts";
import { createOverlay } from "../../state/overlay.ts";
import type { StateStore } from "../../state/store.ts";
import { at, BLS, justAfter, makeChain, PARAMS, type Seat } from "../light/chain-maker.ts";
import { silentLog } from "./silent-log.ts";

type Protocol = Parameters<RestorePeers["request"]>[1];
/** Answers of one peer; undefined where it has none. */
export type Peer = (protocol: Protocol, request: Uint8Array) => Promise<Uint8Array | undefined>;

const SEATS: readonly Seat[] = [
  [1, 10],
  [2, 10],
  [3, 10],
  [4, 10],
];
const OTHERS: readonly Seat[] = [
  [5, 10],
  [6, 10],
  [7, 10],
  [8, 10],
];

/** A state of bank balances, `seed` in each of them. */
export async function stateOf(accounts: number, height: number, seed = 1n): Promise<StateStore> {
  const store = createMemoryStore({ retention: 1 });
  const overlay = createOverlay(store.latest);
  for (let i = 0; i < accounts; i++) {
    const address = new Uint8Array(20);
    new DataView(address.buffer).setUint32(0, i * 7919);
    balances.set(overlay, [address, "uassay"], BigInt(i) + seed);
  }
  await store.commit(store.prepare(0, overlay.changes()), []);
  for (let next = 1; next <= height; next++) await store.commit(store.prepare(next, []), []);
  return store;
}

/** Who has a chain's blocks and the snapshot of one of its states. */
export async function honestPeer(folder: string, chain: readonly LightBlock[], state: StateStore, earliest = 1) {
  const snapshots = openSnapshotStore(mkdtempSync(join(folder, "peer-")));
  const frozen = state.freeze();
  const blockId = lightBlockId(at(chain, state.height));
  const held = await makeSnapshot(frozen, blockId, snapshots, new AbortController().signal);
  const certified = (height: number): CertifiedBlock | undefined => {
    const light = height < earliest ? undefined : chain[height - 1];
    return light && { block: { header: light.header, body: Body.defaultValue() }, commit: light.commit };
  };
  const handlers = snapshotHandlers({
    snapshots,
    certified,
    validators: (height) => chain[height - 1]?.validators,
    earliestHeight: () => earliest,
  });
  const peer: Peer = async (protocol, request) => {
    if (protocol !== "blocks") return handlers[protocol](request, "");
    const block = certified(BlocksRequest.deserialize(request).from);
    return BlocksResponse.serialize(block === undefined ? [] : [CertifiedBlock.serialize(block)]);
  };
  return { peer, held, snapshots };
}

/** A chain whose block `height` commits to a state. From `changeAt` on other validators make it, one a block. */
export function chainOver(state: StateStore, length: number, changeAt = Number.POSITIVE_INFINITY): LightBlock[] {
  const seatsAt = (height: number): readonly Seat[] => {
    const changed = Math.max(0, Math.min(4, height - changeAt));
    return [...SEATS.slice(changed), ...OTHERS.slice(0, changed)];
  };
  const specs = Array.from({ length }, (_, i) => ({ seats: seatsAt(i + 1) }));
  const bodyRoot = Body.hashTreeRoot(Body.defaultValue());
  const header = (height: number) => ({ bodyRoot, ...(height === state.height ? { stateRoot: state.root } : {}) });
  return makeChain(specs, { header });
}

export const BAN = 100;

/** A new node among peers that are there from the beginning; one with `BAN` points is gone. */
export function newNode(
  folder: string,
  peers: Readonly<Record<string, Peer>>,
  chain: readonly LightBlock[],
  trustHeight: number,
  options: Partial<RestoreStateOptions> = {},
) {
  const penalties = new Map<string, number>();
  const requests: string[] = [];
  const log = silentLog();
  const connected = (): string[] => Object.keys(peers).filter((id) => (penalties.get(id) ?? 0) < BAN);
  const ports: RestorePeers = {
    peers: () => connected().map((peerId) => ({ peerId })),
    async request(peerId, protocol, bytes, { signal }) {
      signal.throwIfAborted();
      requests.push(`${protocol} ${peerId}`);
      const answer = connected().includes(peerId) ? await peers[peerId]?.(protocol, bytes) : undefined;
      if (answer === undefined) throw new Error("unavailable");
      return answer;
    },
    penalise: (peerId, points) => void penalties.set(peerId, (penalties.get(peerId) ?? 0) + points),
  };
  const restoring = (signal = new AbortController().signal): Promise<number> =>
    restoreFromPeers({
      folder,
      snapshots: openSnapshotStore(join(folder, "snapshots")),
      peers: ports,
      env: { params: PARAMS, bls: BLS, now: () => justAfter(chain) },
      trust: { height: trustHeight, blockId: lightBlockId(at(chain, trustHeight)) },
      log,
      signal,
      patience: { rounds: 2, pauseMs: 1 },
      askAgain: { rounds: 2, pauseMs: 1 },
      ...options,
    });
  return { restoring, penalties, requests, log };
}
