/** What an application for browsers that trusts no node would import. */
export { LightBlock } from "../../chain/types/light-block.ts";
export { createLightClient } from "../../client/light-client.ts";
export { rpcProvider } from "../../client/light-provider.ts";
export { provenState } from "../../client/proofs.ts";
export { balances } from "../../modules/bank/store.ts";
export { validators } from "../../modules/staking/store.ts";
