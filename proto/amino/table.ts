import { assayRows } from "./assay.ts";
import { govRows } from "./gov.ts";
import { grantRows } from "./grants.ts";
import type { AminoRow, AminoScope } from "./kinds.ts";
import { keyRows, standardRows } from "./standard.ts";

/** Everything that has an amino form, by type URL. */
export const aminoTable: ReadonlyMap<string, AminoRow> = new Map(
  [...standardRows, ...grantRows, ...govRows, ...assayRows, ...keyRows].map((row) => [row.typeUrl, row]),
);

/** The scope of a message that no other carries. */
export const OUTERMOST: AminoScope = { rows: aminoTable, depth: 0 };
