import { consensusParams } from "../../../chain/consensus-params.ts";
import type { Params } from "../../../chain/params.ts";
import { BLOCK_VERSION } from "../../../chain/types/header.ts";
import { int64 } from "../encoding.ts";

/** Those of our parameters that CometBFT has a name for. Durations are nanoseconds there. */
export function renderConsensusParams(params: Params) {
  const values = consensusParams.read(params);
  return {
    block: { max_bytes: int64(values.maxBlockBytes), max_gas: int64(values.maxBlockGas) },
    evidence: {
      max_age_num_blocks: int64(values.evidenceMaxAgeBlocks),
      max_age_duration: int64(values.evidenceMaxAgeTime * 1_000_000n),
      max_bytes: int64(values.maxBlockBytes),
    },
    validator: { pub_key_types: ["ed25519"] },
    version: { app: int64(BLOCK_VERSION) },
    abci: { vote_extensions_enable_height: "0" },
  };
}
