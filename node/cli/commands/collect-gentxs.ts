import { readFileSync, statSync } from "node:fs";
import type { GenesisDocument } from "../../../genesis/document.ts";
import { writeJson } from "../../home.ts";
import { systemErrorCode, UserError } from "../../user-error.ts";
import { parseArguments } from "../arguments.ts";
import type { Command } from "../command.ts";

const MAX_DRAFT_BYTES = 268_435_456;

/** @throws UserError */
function readDraft(path: string): GenesisDocument {
  try {
    if (statSync(path).size > MAX_DRAFT_BYTES) throw new UserError(`${path} has more than ${MAX_DRAFT_BYTES} bytes`);
    const json: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof json === "object" && json !== null && !Array.isArray(json)) return json as GenesisDocument;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") throw new UserError(`${path} does not exist`, { cause: error });
    if (!(error instanceof SyntaxError)) throw error;
    throw new UserError(`${path} is not JSON: ${error.message}`, { cause: error });
  }
  throw new UserError(`${path} is no genesis document`);
}

export const collectGentxs: Command = {
  name: "collect-gentxs",
  summary: "puts the validators of a folder of gentx files into a genesis document, after checking each",
  usage: "collect-gentxs --draft file --gentxs dir [--out genesis.json]",
  async run(args, io) {
    const { values } = parseArguments(collectGentxs, args, {
      draft: { type: "string" },
      gentxs: { type: "string" },
      out: { type: "string", default: "genesis.json" },
    });
    if (values.draft === undefined) throw new UserError("--draft is missing: the genesis document without validators");
    if (values.gentxs === undefined) throw new UserError("--gentxs is missing: the folder with the files");
    const collect = (await import("../../gentx.ts")).collectGentxs;
    const document = collect(readDraft(values.draft), values.gentxs);
    writeJson(values.out, document);
    const { validators } = document.modules.staking as { readonly validators: readonly unknown[] };
    io.out(`${validators.length} validators are in ${values.out}`);
    return 0;
  },
};
