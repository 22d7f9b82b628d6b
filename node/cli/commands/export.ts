import { homedir } from "node:os";
import { join } from "node:path";
import { decodeAddress } from "../../../chain/crypto/bech32.ts";
import { UserError } from "../../user-error.ts";
import { parseArguments } from "../arguments.ts";
import type { Command } from "../command.ts";

/** @throws UserError */
function operators(text: string): readonly Uint8Array[] {
  return text.split(",").flatMap((part) => {
    const one = part.trim();
    if (one === "") return [];
    const address = decodeAddress(one.slice(0, one.lastIndexOf("1")), one);
    if (address === undefined || !/valoper1/.test(one))
      throw new UserError(`--without: "${one}" is no operator's address`);
    return [address];
  });
}

export const exportCommand: Command = {
  name: "export",
  summary:
    "writes a stopped node's state as the genesis document of another chain, with the models' bytes in blobs/ beside it",
  usage:
    "export --chain-id id [--home dir] [--height n] [--out genesis.json] [--genesis-time time] [--without valoper1…,valoper1…]",
  async run(args, io) {
    const { values } = parseArguments(exportCommand, args, {
      home: { type: "string", default: join(homedir(), ".assay") },
      height: { type: "string" },
      out: { type: "string", default: "genesis.json" },
      "chain-id": { type: "string" },
      "genesis-time": { type: "string" },
      without: { type: "string", default: "" },
    });
    const { height } = values;
    if (height !== undefined && !/^\d{1,15}$/.test(height)) throw new UserError(`--height ${height} is no height`);
    if (values["chain-id"] === undefined) throw new UserError("--chain-id is missing: the new chain's name");
    const absent = operators(values.without);
    const { exportGenesis } = await import("../../export.ts");
    const done = await exportGenesis({
      home: values.home,
      height: height === undefined ? undefined : Number(height),
      out: values.out,
      chainId: values["chain-id"],
      genesisTime: values["genesis-time"],
      absent,
    });
    io.out(`height  ${done.height}`);
    io.out(`file    ${values.out} (${done.bytes} bytes)`);
    io.out(`blobs   ${done.blobs}`);
    for (const root of done.missing) io.err(`the bytes of model ${root} are not on this node`);
    return 0;
  },
};
