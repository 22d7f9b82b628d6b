import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { DataFolderError, rollbackLevelStore } from "../../../state/level-store.ts";
import { RollbackError } from "../../../state/rollback.ts";
import { homePaths } from "../../home.ts";
import { UserError } from "../../user-error.ts";
import { parseArguments } from "../arguments.ts";
import type { Command } from "../command.ts";

export const rollback: Command = {
  name: "rollback",
  summary:
    "undoes the state of the last height of a stopped node; its block stays, and is applied again at the next start",
  usage: "rollback [--home dir]",
  async run(args, io) {
    const { values } = parseArguments(rollback, args, {
      home: { type: "string", default: join(homedir(), ".assay") },
    });
    const { data } = homePaths(resolve(values.home));
    try {
      const height = await rollbackLevelStore(join(data, "state"));
      io.out(`the state is that of height ${height}; the next start applies block ${height + 1} again`);
      return 0;
    } catch (error) {
      if (!(error instanceof DataFolderError || error instanceof RollbackError)) throw error;
      throw new UserError(`rollback: ${error.message}`, { cause: error });
    }
  },
};
