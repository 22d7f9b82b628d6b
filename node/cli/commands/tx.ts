import { cometClient } from "../../../client/node-rpc.ts";
import { forPeople, nodeUrl, toJsonText } from "../client.ts";
import type { Command, Io } from "../command.ts";
import { chosenKeyring } from "../keyring-options.ts";
import { terminalPrompt } from "../prompt.ts";
import { FILE_ROWS, type FileRow } from "../tx/file-actions.ts";
import { findRow } from "../tx/find-row.ts";
import { helpOfRows } from "../tx/help.ts";
import { KEY_FLAGS, TX_FLAGS } from "../tx/options.ts";
import { parseRow, rowUsage, type TxRow } from "../tx/row.ts";
import { openSession, submit } from "../tx/submit.ts";
import { TX_ROWS } from "../tx/table.ts";

const ROWS: readonly (TxRow | FileRow)[] = [...TX_ROWS, ...FILE_ROWS];
const GROUPS = [...new Set(TX_ROWS.map(({ path }) => path.split(" ")[0]))].join("|");

async function runRow(row: TxRow, words: readonly string[], io: Io): Promise<number> {
  const { values, common } = parseRow("tx", row, TX_FLAGS, words);
  const node = nodeUrl(common.node);
  const prompt = terminalPrompt();
  const keyring = chosenKeyring(common, prompt);
  const session = await openSession(cometClient(node), node, common, keyring);
  return submit(session, await row.messages(values, session.sender), common, prompt, io);
}

async function runFileRow(row: FileRow, words: readonly string[], io: Io): Promise<number> {
  const { values, common } = parseRow("tx", row, KEY_FLAGS, words);
  const node = nodeUrl(common.node);
  const keyring = chosenKeyring(common, terminalPrompt());
  return row.run(values, { comet: cometClient(node), node, keyring, options: common, io });
}

export const tx: Command = {
  name: "tx",
  summary: "makes, signs and sends transactions",
  usage: [
    ...ROWS.map((row) => rowUsage(row, "tx")),
    rowUsage({ path: GROUPS, args: {}, flags: TX_FLAGS }, "tx"),
    rowUsage({ path: FILE_ROWS.map(({ path }) => path).join("|"), args: {}, flags: KEY_FLAGS }, "tx"),
  ].join("\n"),
  help(words) {
    const isFile = FILE_ROWS.some(({ path }) => path === words[0]);
    return helpOfRows("tx", ROWS, isFile ? KEY_FLAGS : TX_FLAGS, words);
  },
  async run(args, io) {
    const { row, rest } = findRow("tx", ROWS, args);
    try {
      return await ("messages" in row ? runRow(row, rest, io) : runFileRow(row, rest, io));
    } catch (error) {
      const shown = forPeople(error);
      // Programs that read one object get one, whatever happens.
      if (rest.includes("--json")) io.out(toJsonText({ error: shown.message }));
      throw shown;
    }
  },
};
