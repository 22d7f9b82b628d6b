import { cpSync, existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { toHex } from "../../../chain/bytes.ts";
import { consensusAddress } from "../../../chain/crypto/hash.ts";
import type { Genesis } from "../../../genesis/document.ts";
import { parseConfig } from "../../config.ts";
import { homePaths, readGenesis, writeJson } from "../../home.ts";
import { createIdentityKey, createNodeKey, createVoteKey } from "../../keys/node-keys.ts";
import { peerIdOfSeed } from "../../keys/peer-id.ts";
import { UserError } from "../../user-error.ts";
import { parseArguments } from "../arguments.ts";
import type { Command } from "../command.ts";

async function readForeignGenesis(path: string): Promise<Genesis> {
  const { modules } = await import("../../../modules/registry.ts");
  return readGenesis(path, modules);
}

export const init: Command = {
  name: "init",
  summary: "makes a node's home: keys, configuration and genesis document",
  usage: "init [--home dir] [--moniker name] [--genesis file]",
  async run(args, io) {
    const { values } = parseArguments(init, args, {
      home: { type: "string", default: join(homedir(), ".assay") },
      moniker: { type: "string", default: "node" },
      genesis: { type: "string" },
    });
    const home = resolve(values.home);
    const paths = homePaths(home);
    if (existsSync(paths.config)) throw new UserError(`${home} is a node's home already: choose another with --home`);
    const config = parseConfig({ moniker: values.moniker });
    if (!config.ok) throw new UserError(`--${config.errors[0]?.path} ${config.errors[0]?.message}`);
    const genesis = values.genesis === undefined ? undefined : await readForeignGenesis(values.genesis);

    mkdirSync(paths.data, { recursive: true, mode: 0o700 });
    const nodeKey = createNodeKey(paths.nodeKey);
    const identityKey = createIdentityKey(paths.identityKey);
    const voteKey = createVoteKey(paths.voteKey);
    if (genesis !== undefined) writeJson(paths.genesis, genesis.document);
    // What an export puts beside its document. A blob is checked whenever it is read.
    const blobs = join(dirname(resolve(values.genesis ?? "")), "blobs");
    if (genesis !== undefined && existsSync(blobs)) cpSync(blobs, join(paths.data, "blobs"), { recursive: true });
    // Last, so that an interrupted run does not pass for a home; its keys are then in the way and named.
    writeJson(paths.config, config.config);
    io.out(`home               ${home}`);
    io.out(`peer id            ${await peerIdOfSeed(nodeKey.seed)}`);
    io.out(`consensus address  ${toHex(consensusAddress(identityKey.publicKey)).toUpperCase()}`);
    io.out(`vote key           ${toHex(voteKey.publicKey)}`);
    if (genesis === undefined)
      io.out(`Put the network's genesis document at ${paths.genesis}, then run "assay start".`);
    return 0;
  },
};
