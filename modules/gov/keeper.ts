/** What other modules use of governance. It imports nothing of staking, which calls it. */
export { votingSharesChanged } from "./cast.ts";
