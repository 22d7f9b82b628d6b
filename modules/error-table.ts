import { TxError } from "../chain/errors.ts";

/** A row of the generated list of errors. */
export interface ErrorDoc {
  readonly codespace: string;
  readonly code: number;
  readonly text: string;
}

/** A row of the generated list of events. */
export interface EventDoc {
  readonly type: string;
  readonly attributes: readonly string[];
  readonly when: string;
}

/** The errors of a module's own codespace: a maker of `<what happened>: <text>` and the rows for the documentation. */
export function defineErrors<const T extends Record<string, readonly [code: number, text: string]>>(
  codespace: string,
  table: T,
): { readonly error: (name: keyof T & string, detail: string) => TxError; readonly docs: readonly ErrorDoc[] } {
  const rows: Record<string, readonly [number, string]> = table;
  return {
    error(name, detail) {
      const row = rows[name];
      if (row === undefined) throw new Error(`no error ${name} in the codespace ${codespace}`);
      return new TxError(codespace, row[0], `${detail}: ${row[1]}`);
    },
    docs: Object.values(rows).map(([code, text]) => ({ codespace, code, text })),
  };
}
