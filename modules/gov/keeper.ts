import { equalBytes } from "../../chain/bytes.ts";
import { sdkError } from "../../chain/errors.ts";
import type { ChainSpec } from "../../chain/module.ts";
import { accountText, parseAccount } from "../addresses.ts";
import { moduleAddress } from "../auth/keeper.ts";

/** What other modules use of governance. It imports nothing of staking, which calls it. */

export { votingSharesChanged } from "./cast.ts";

/** The account of governance. No key signs for it: what it sends comes out of a proposal that passed. It holds the deposits. */
export const GOV = moduleAddress("gov");

/** What a message may do that only governance may. @throws TxError sdk 4 or 7 */
export function requireAuthority(spec: Pick<ChainSpec, "prefix">, authority: string): void {
  if (equalBytes(parseAccount(spec, authority, "authority"), GOV)) return;
  throw sdkError("unauthorized", `invalid authority; expected ${accountText(spec, GOV)}, got ${authority}`);
}
