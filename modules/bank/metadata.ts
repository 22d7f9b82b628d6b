import type { Metadata } from "cosmjs-types/cosmos/bank/v1beta1/bank";
import { fromUtf8, utf8 } from "../../chain/bytes.ts";
import type { ChainSpec } from "../../chain/module.ts";
import type { StateReader, StateWriter } from "../../state/store.ts";
import { type MetadataRecord, metadata } from "./store.ts";

const DECIMALS = 6;

/** How wallets show a denomination: `display` is 10^exponent of `base`. */
export interface DenomInfo {
  readonly base: string;
  readonly display: string;
  readonly exponent: number;
  readonly name: string;
  readonly symbol: string;
  readonly description: string;
}

/** Of the chain's own denomination, where genesis says nothing: `uassay` is the millionth part of `assay`, with the symbol `ASSAY`. */
function ownInfo(base: string): DenomInfo {
  const display = base.startsWith("u") && base.length > 1 ? base.slice(1) : base;
  const exponent = display === base ? 0 : DECIMALS;
  return {
    base,
    display,
    exponent,
    name: display,
    symbol: display.toUpperCase(),
    description: "The token of fees and stake.",
  };
}

export function metadataMessage(info: DenomInfo): Metadata {
  const { base, display, exponent, name, symbol, description } = info;
  const units = [{ denom: base, exponent: 0, aliases: [] }];
  if (display !== base) units.push({ denom: display, exponent, aliases: [] });
  return { description, denomUnits: units, base, display, name, symbol, uri: "", uriHash: "" };
}

export function denomInfo(base: string, record: MetadataRecord): DenomInfo {
  return {
    base,
    display: fromUtf8(record.display),
    exponent: record.exponent,
    name: fromUtf8(record.name),
    symbol: fromUtf8(record.symbol),
    description: fromUtf8(record.description),
  };
}

export function setDenomInfo(writer: StateWriter, info: DenomInfo): void {
  const { base, exponent } = info;
  metadata.set(writer, base, {
    display: utf8(info.display),
    exponent,
    name: utf8(info.name),
    symbol: utf8(info.symbol),
    description: utf8(info.description),
  });
}

/** Makes what is told of the chain's own denomination part of the state, unless genesis has said something else. */
export function ensureOwnInfo(writer: StateReader & StateWriter, { denom }: Pick<ChainSpec, "denom">): void {
  if (!metadata.has(writer, denom)) setDenomInfo(writer, ownInfo(denom));
}
