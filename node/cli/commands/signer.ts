import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { toHex } from "../../../chain/bytes.ts";
import { homePaths, readGenesis } from "../../home.ts";
import { UserError } from "../../user-error.ts";
import { parseArguments } from "../arguments.ts";
import type { Command, Io } from "../command.ts";
import { stopSignal } from "../stop-signal.ts";

/** As for a node (start.ts). */
const FAILPOINT_VARIABLE = "ASSAY_FAILPOINT";

async function init(home: string, genesis: string | undefined, from: string | undefined, io: Io): Promise<number> {
  const document = genesis ?? (from === undefined ? undefined : homePaths(resolve(from)).genesis);
  if (document === undefined) {
    throw new UserError("--genesis is missing: a signer signs for one chain, the one of this document");
  }
  const { modules } = await import("../../../modules/registry.ts");
  const { makeSignerHome, signerPaths } = await import("../../signer/signer-home.ts");
  const { genesisRoot } = readGenesis(resolve(document), modules).spec;
  const publicKey = await makeSignerHome(home, { genesisRoot, from: from === undefined ? undefined : resolve(from) });
  io.out(`home          ${home}`);
  io.out(`genesis root  ${toHex(genesisRoot)}`);
  io.out(`vote key      ${toHex(publicKey)}`);
  io.out(`socket        ${signerPaths(home).socket} (the node's setting signer.socket)`);
  return 0;
}

async function serve(home: string, socket: string | undefined, io: Io): Promise<number> {
  const { runSigner } = await import("../../signer/run-signer.ts");
  const { createLog } = await import("../../log.ts");
  const { NO_FAILPOINT, parseFailpoint } = await import("../../failpoints.ts");
  const { DataFolderError } = await import("../../../state/level-store.ts");
  const { SignStateError } = await import("../../../consensus/signer/sign-state.ts");
  const { AttestationFileError } = await import("../../attester/attestation-store.ts");
  const log = createLog({ level: "info", name: "signer" });
  const failpoint = process.env[FAILPOINT_VARIABLE];
  const signal = stopSignal();
  const fault = Promise.withResolvers<never>();
  fault.promise.catch(() => undefined); // Seen below, once the signer is up.
  try {
    const close = await runSigner({
      home,
      socket: socket === undefined ? undefined : resolve(socket),
      log,
      failpoint: failpoint === undefined ? NO_FAILPOINT : parseFailpoint(failpoint, log),
      onFault: fault.reject,
    });
    log.info({ home }, "signer started");
    try {
      io.err(`stopping: ${await Promise.race([signal.stopped, fault.promise])}`);
    } finally {
      await close();
    }
    return 0;
  } catch (error) {
    const forPeople = [DataFolderError, SignStateError, AttestationFileError].some((kind) => error instanceof kind);
    throw forPeople ? new UserError((error as Error).message, { cause: error }) : error;
  } finally {
    signal.dispose();
    if (process.connected) process.disconnect();
  }
}

export const signer: Command = {
  name: "signer",
  summary: "keeps a validator's vote key in a process of its own",
  usage:
    "signer init [--genesis file] [--home dir] [--from <home of a stopped node>]\nsigner start [--home dir] [--socket path]",
  async run(args, io) {
    const { values, positionals } = parseArguments(
      signer,
      args,
      {
        home: { type: "string", default: join(homedir(), ".assay-signer") },
        genesis: { type: "string" },
        from: { type: "string" },
        socket: { type: "string" },
      },
      ["init|start"],
    );
    const home = resolve(values.home);
    switch (positionals[0]) {
      case "init":
        return init(home, values.genesis, values.from, io);
      case "start":
        return serve(home, values.socket, io);
      default:
        throw new UserError(`signer: "${positionals[0]?.slice(0, 40)}" is neither init nor start`);
    }
  },
};
