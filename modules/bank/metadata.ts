import type { Metadata } from "cosmjs-types/cosmos/bank/v1beta1/bank";

const DECIMALS = 6;

/** How wallets show a base denomination: `uassay` is the millionth part of `assay`, with the symbol `ASSAY`. */
export function denomMetadata(base: string): Metadata {
  const display = base.startsWith("u") && base.length > 1 ? base.slice(1) : base;
  const units = [{ denom: base, exponent: 0, aliases: [] }];
  if (display !== base) units.push({ denom: display, exponent: DECIMALS, aliases: [] });
  return {
    description: "The token of fees and stake.",
    denomUnits: units,
    base,
    display,
    name: display,
    symbol: display.toUpperCase(),
    uri: "",
    uriHash: "",
  };
}
