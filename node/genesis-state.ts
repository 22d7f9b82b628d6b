import { equalBytes, toHex } from "../chain/bytes.ts";
import { initialState } from "../chain/executor/genesis.ts";
import type { Runtime } from "../chain/executor/runtime.ts";
import type { Genesis } from "../genesis/document.ts";
import { violations } from "../modules/invariants.ts";
import type { SideWrites, StateStore } from "../state/store.ts";
import { firstBlockWrites } from "./block-store.ts";
import { UserError } from "./user-error.ts";

/** The side key that says which network a database is of. */
const NETWORK_KEY = Uint8Array.of(0);

/** What says which network a database is of. */
export function networkWrites(genesisRoot: Uint8Array): SideWrites {
  return [[NETWORK_KEY, genesisRoot]];
}

/** Where a test may end the process; what is on disk at each is told in node/failpoints.ts. */
export type GenesisPoint = "genesis.before" | "genesis.after";

/**
 * Writes the genesis state into an empty database; checks that one that is not empty is of this network.
 * @throws UserError for a database of another network.
 */
export async function ensureGenesis(
  runtime: Runtime,
  store: StateStore,
  genesis: Genesis,
  folder: string,
  failpoint: (point: GenesisPoint) => void = () => undefined,
): Promise<void> {
  if (store.initialised) {
    const network = store.getSide(NETWORK_KEY);
    if (network !== undefined && equalBytes(network, genesis.spec.genesisRoot)) return;
    throw new UserError(
      `the data in ${folder} is of the network with genesis root ${network === undefined ? "unknown" : toHex(network)}, ` +
        `the genesis document has ${toHex(genesis.spec.genesisRoot)}; move the folder away or use its own document`,
    );
  }
  const overlay = initialState(runtime, store.latest, genesis);
  const [broken] = genesis.recorded === undefined ? [] : violations(overlay, genesis.spec);
  if (broken !== undefined) throw new UserError(`the genesis document's state breaks an invariant: ${broken}`);
  failpoint("genesis.before");
  const height = genesis.recorded?.height ?? 0;
  const writes = [...networkWrites(genesis.spec.genesisRoot), ...(height > 0 ? firstBlockWrites(height + 1) : [])];
  await store.commit(store.prepare(height, overlay.changes()), writes);
  failpoint("genesis.after");
}
