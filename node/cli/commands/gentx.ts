import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { decodeAddress } from "../../../chain/crypto/bech32.ts";
import { parseAmount } from "../../../chain/decode-tx.ts";
import { homePaths, readConfig, writeJson } from "../../home.ts";
import { loadIdentityKey, loadVoteKey } from "../../keys/node-keys.ts";
import { UserError } from "../../user-error.ts";
import { parseArguments } from "../arguments.ts";
import type { Command } from "../command.ts";

export const gentx: Command = {
  name: "gentx",
  summary: "makes a genesis validator's entry, proven by the keys of a home, for whoever collects them",
  usage:
    "gentx --chain-id id --operator address --amount 1000000uassay [--home dir] [--moniker name] [--commission 0.1] [--out file]",
  async run(args, io) {
    const { values } = parseArguments(gentx, args, {
      home: { type: "string", default: join(homedir(), ".assay") },
      "chain-id": { type: "string" },
      operator: { type: "string" },
      amount: { type: "string" },
      moniker: { type: "string" },
      commission: { type: "string" },
      out: { type: "string" },
    });
    const { operator = "", amount = "" } = values;
    const chainId = values["chain-id"];
    if (chainId === undefined) throw new UserError("--chain-id is missing: the network's name");
    const prefix = operator.slice(0, Math.max(operator.lastIndexOf("1"), 0));
    const address = decodeAddress(prefix, operator);
    if (address === undefined) throw new UserError(`--operator "${operator}" is no account's address`);
    const [, digits = "", denom = ""] = /^(\d+)([a-z][a-z0-9]{2,31})$/.exec(amount) ?? [];
    const tokens = parseAmount(digits);
    if (tokens === undefined || denom === "")
      throw new UserError(`--amount "${amount}" is no amount such as 1000000uassay`);
    const paths = homePaths(resolve(values.home));
    const moniker = values.moniker ?? readConfig(paths.config).moniker;
    const keys = { identityKey: loadIdentityKey(paths.identityKey), voteKey: loadVoteKey(paths.voteKey) };
    const { makeGentx } = await import("../../gentx.ts");
    const made = makeGentx({
      chainId,
      prefix,
      denom,
      moniker,
      operator: address,
      tokens,
      ...keys,
      commission: values.commission,
    });
    const out = values.out ?? `gentx-${operator}.json`;
    writeJson(out, made);
    io.out(`gentx of ${operator} for ${chainId} is in ${out}`);
    return 0;
  },
};
