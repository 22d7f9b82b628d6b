import { toJsonText, withReader } from "../client.ts";
import type { Command } from "../command.ts";
import { QUERY_ROWS } from "../query/table.ts";
import { findRow } from "../tx/find-row.ts";
import { helpOfRows } from "../tx/help.ts";
import { defaulted, words } from "../tx/kinds.ts";
import { parseRow, rowUsage } from "../tx/row.ts";

const FLAGS = { node: defaulted(words, "http://127.0.0.1:26657", "the node's RPC") } as const;

export const query: Command = {
  name: "query",
  summary: "asks a node and prints the answer as JSON",
  usage: QUERY_ROWS.map((row) => rowUsage({ ...row, flags: { ...row.flags, ...FLAGS } }, "query")).join("\n"),
  help: (words) => helpOfRows("query", QUERY_ROWS, FLAGS, words),
  async run(args, io) {
    const { row, rest } = findRow("query", QUERY_ROWS, args);
    const { values, common } = parseRow("query", row, FLAGS, rest);
    const answer = await withReader(common.node, (comet, node) => row.ask(values, { node, comet }));
    const text = (values as { readonly json?: unknown }).json === true ? undefined : row.text?.(answer);
    io.out(text ?? toJsonText(answer));
    return 0;
  },
};
