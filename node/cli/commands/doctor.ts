import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { createBls } from "../../../chain/crypto/bls.ts";
import { homePaths, readGenesis } from "../../home.ts";
import { parseArguments } from "../arguments.ts";
import type { Command } from "../command.ts";

/** Exit codes: 0 all is well, 1 something is wrong, 2 it could not be looked at (an error is thrown). */
export const doctor: Command = {
  name: "doctor",
  summary: "examines the database of a stopped node: roots, blocks, certificates, indexes and every invariant",
  usage: "doctor [--home dir]",
  async run(args, io) {
    const { values } = parseArguments(doctor, args, {
      home: { type: "string", default: join(homedir(), ".assay") },
    });
    const paths = homePaths(resolve(values.home));
    const { modules } = await import("../../../modules/registry.ts");
    const { openStopped } = await import("../../export.ts");
    const { examine } = await import("../../doctor.ts");
    try {
      const { spec } = readGenesis(paths.genesis, modules);
      const store = await openStopped(paths.data);
      let broken = 0;
      try {
        for await (const { name, faults, milliseconds } of examine({ store, spec, bls: createBls() }, () =>
          performance.now(),
        )) {
          io.out(
            `${faults.length === 0 ? "ok    " : "BROKEN"} ${name.padEnd(28)} ${milliseconds.toFixed(0).padStart(7)} ms`,
          );
          for (const fault of faults) io.out(`       ${fault}`);
          if (faults.length > 0) broken++;
        }
        io.out(broken === 0 ? `height ${store.height} is sound` : `height ${store.height}: ${broken} checks failed`);
      } finally {
        await store.close();
      }
      return broken === 0 ? 0 : 1;
    } catch (error) {
      io.err(`doctor: ${error instanceof Error ? error.message : String(error)}`);
      return 2;
    }
  },
};
