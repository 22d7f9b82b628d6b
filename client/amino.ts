import type { AminoConverters } from "@cosmjs/stargate";
import { aminoTable, OUTERMOST } from "../proto/amino/table.ts";

/**
 * Converters to hand to CosmJS's `AminoTypes`, for every message that has an amino form: the chain's own, and those of the Cosmos SDK,
 * of which CosmJS lacks authz, feegrant and slashing. The chain checks signatures by the same table.
 * @example
 * new AminoTypes({ ...createDefaultAminoConverters(), ...aminoConverters });
 */
export const aminoConverters: AminoConverters = Object.fromEntries(
  [...aminoTable.values()].map((row) => [
    row.typeUrl,
    {
      aminoType: row.aminoType,
      toAmino: (message: unknown): unknown => row.toAmino(message, OUTERMOST),
      fromAmino: (json: unknown): unknown => row.fromAmino(json, OUTERMOST),
    },
  ]),
);
