import type { ErrorDoc } from "../error-table.ts";

/** The module fails with codes of the codespace `sdk` only (chain/errors.ts). */
export const errors: readonly ErrorDoc[] = [];
