import { equalBytes, toHex } from "../chain/bytes.ts";
import { initialState } from "../chain/executor/genesis.ts";
import type { Runtime } from "../chain/executor/runtime.ts";
import type { Genesis } from "../genesis/document.ts";
import type { StateStore } from "../state/store.ts";
import { UserError } from "./user-error.ts";

/** The side key that says which network a database is of. */
const NETWORK_KEY = Uint8Array.of(0);

/**
 * Writes the genesis state into an empty database; checks that one that is not empty is of this network.
 * @throws UserError for a database of another network.
 */
export async function ensureGenesis(
  runtime: Runtime,
  store: StateStore,
  genesis: Genesis,
  folder: string,
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
  await store.commit(store.prepare(0, overlay.changes()), [[NETWORK_KEY, genesis.spec.genesisRoot]]);
}
