import type { Application } from "../consensus/driver/ports.ts";
import type { StateStore } from "../state/store.ts";
import { readCertified } from "./block-store.ts";
import type { Logger } from "./log.ts";

/**
 * Applies decided blocks that the database holds beyond its state: after a rollback, that is. It has to be done before consensus
 * begins, which would otherwise decide their heights again.
 */
export async function replayStoredBlocks(
  app: Pick<Application, "tip" | "commit">,
  store: Pick<StateStore, "getSide">,
  log: Pick<Logger, "info">,
): Promise<void> {
  for (;;) {
    const { height } = app.tip;
    const next = readCertified(store, height + 1);
    if (next === undefined) return;
    await app.commit(next);
    log.info({ height: height + 1 }, "applied a stored block again");
  }
}
