import { homedir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { encodeAddress } from "../../../chain/crypto/bech32.ts";
import { didYouMean } from "../../../genesis/nearest.ts";
import type { AccountKey } from "../../keys/account-key.ts";
import { openKeyring } from "../../keys/keyring.ts";
import { UserError } from "../../user-error.ts";
import { parseArguments } from "../arguments.ts";
import type { Command } from "../command.ts";

const ACTIONS = ["add", "list", "show"] as const;

function describe(name: string, account: AccountKey, prefix: string): string {
  const address = encodeAddress(prefix, account.address);
  return `${name.padEnd(12)} ${address}  ${Buffer.from(account.publicKey).toString("base64")}`;
}

export const keys: Command = {
  name: "keys",
  summary: "makes, lists and shows accounts of the test keyring",
  usage: [
    "keys add <name> [--recover] [--home dir] [--prefix assay]",
    "keys list [--home dir] [--prefix assay]",
    "keys show <name> [--home dir] [--prefix assay]",
  ].join("\n"),
  async run(args, io) {
    const { values, positionals } = parseArguments(
      keys,
      args,
      {
        home: { type: "string", default: join(homedir(), ".assay") },
        prefix: { type: "string", default: "assay" },
        recover: { type: "boolean", default: false },
      },
      ["add, list or show", "name?"],
    );
    const [action = "", name] = positionals;
    const keyring = openKeyring(join(values.home, "keyring"));
    if (action === "list") {
      for (const known of keyring.names()) io.out(describe(known, await keyring.load(known), values.prefix));
      return 0;
    }
    if (action !== "add" && action !== "show") {
      throw new UserError(`keys: "${action}" is none of add, list and show${didYouMean(action, ACTIONS)}`);
    }
    if (name === undefined) throw new UserError(`keys ${action}: a name is missing`);
    if (action === "show") {
      io.out(describe(name, await keyring.load(name), values.prefix));
      return 0;
    }
    const words = values.recover ? (await text(process.stdin)).trim().split(/\s+/).join(" ") : undefined;
    const account = await keyring.add(name, words);
    io.out(describe(name, account, values.prefix));
    if (words === undefined) io.err(`Write these words down, they are the account:\n${account.mnemonic}`);
    return 0;
  },
};
