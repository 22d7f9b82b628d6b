import { consensusParams } from "../chain/consensus-params.ts";
import type { DriverStatus } from "../consensus/driver/driver.ts";
import type { Application } from "../consensus/driver/ports.ts";
import type { Network } from "../p2p/network.ts";
import type { Mempool } from "./mempool.ts";
import type { Outlet } from "./outlet.ts";
import type { Sync } from "./sync.ts";

/** Before the first proposal is due, and while it may be under way, silence is no sign of a lost message. */
export function isOverdue(
  { step, round }: DriverStatus,
  { tip, params }: Pick<Application, "tip" | "params">,
  now: number,
): boolean {
  if (step !== "propose" || round > 0) return true;
  const { emptyBlockInterval, networkMargin } = consensusParams.read(params);
  return now > tip.time + Number(emptyBlockInterval) + Number(networkMargin);
}

/** Transactions said again to a peer that comes: what was submitted while nobody was there would wait here for ever. */
const MAX_SAID_AGAIN = 1000;
const SAY_AGAIN_EVERY = 10_000;

/** A peer that has just come lacks what was said before: it is asked what it has, and told what waits. */
export function greetPeers(
  network: Pick<Network, "onPeer">,
  sync: Pick<Sync, "greet">,
  mempool: Pick<Mempool, "transactions">,
  outlet: Pick<Outlet, "broadcastTx">,
): void {
  let saidAt = Number.NEGATIVE_INFINITY;
  network.onPeer(({ type, peerId }) => {
    if (type !== "ready") return;
    sync.greet(peerId);
    if (performance.now() - saidAt < SAY_AGAIN_EVERY) return;
    saidAt = performance.now();
    for (const tx of mempool.transactions().slice(0, MAX_SAID_AGAIN)) outlet.broadcastTx(tx.bytes);
  });
}
