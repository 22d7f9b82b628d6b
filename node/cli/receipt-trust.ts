import { equalBytes, toHex } from "../../chain/bytes.ts";
import type { LightBlock } from "../../chain/types/light-block.ts";
import { type Settlement, type SettlementVerdict, settlementState } from "../../client/settled-receipt.ts";
import type { TrustedCommittee } from "../../client/verify-receipt.ts";
import { lightBlockId } from "../../consensus/light/verify.ts";
import type { Receipt } from "../../modules/inference/receipt.ts";
import { UserError } from "../user-error.ts";
import type { LightOptions, LightSetup } from "./light-options.ts";
import { lightSetup } from "./light-options.ts";

export interface TrustOptions extends LightOptions {
  readonly trust?: string | undefined;
}

/**
 * Whom the options say to trust: a file with a set, or a block from which a light client goes on.
 * @param command names it in messages.
 * @throws UserError for neither and for both.
 */
export function trustOf(
  command: string,
  values: TrustOptions,
): { readonly file: string } | { readonly connect: () => Promise<LightSetup> } {
  const isOnline = values["trust-height"] !== undefined || values["trust-hash"] !== undefined;
  if (values.trust !== undefined) {
    if (!isOnline) return { file: values.trust };
    throw new UserError(
      `${command}: --trust and --trust-height are two ways of saying whom you trust: give one of them`,
    );
  }
  if (isOnline) return { connect: lightSetup(command, values) };
  throw new UserError(`${command}: --trust <set.json> is missing; assay query validator-set > set.json makes one`);
}

/**
 * The set that a light client finds at the height that the receipt names. The height is not signed; that the set is the receipt's
 * committee, its root says.
 */
export async function committeeFor(
  { client, chainId, genesisRoot }: LightSetup,
  { requestedHeight }: Receipt,
): Promise<TrustedCommittee> {
  const { header, validators } = await client.verify(requestedHeight);
  return {
    chainId: chainId ?? `the chain with genesis root ${toHex(genesisRoot)}`,
    genesisRoot,
    height: header.height,
    validators,
  };
}

/** What a settlement shows, if its block is the one that a light client finds at its height. */
export async function settlementOnChain(
  { client }: LightSetup,
  receipt: Receipt,
  settlement: Settlement,
): Promise<SettlementVerdict> {
  const { height } = settlement.block.header;
  const block: LightBlock = await client.verify(height);
  if (!equalBytes(lightBlockId(block), lightBlockId(settlement.block))) {
    return { valid: false, reason: `the settlement's block ${height} is not the chain's` };
  }
  return settlementState(receipt, block.header, settlement);
}
