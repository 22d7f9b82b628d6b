import { equalBytes, toHex } from "../chain/bytes.ts";
import { initialState } from "../chain/executor/genesis.ts";
import type { Runtime } from "../chain/executor/runtime.ts";
import type { Genesis } from "../genesis/document.ts";
import type { SideWrites, StateStore } from "../state/store.ts";
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
  failpoint("genesis.before");
  await store.commit(store.prepare(0, overlay.changes()), networkWrites(genesis.spec.genesisRoot));
  failpoint("genesis.after");
}
