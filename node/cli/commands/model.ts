import { toHex } from "../../../chain/bytes.ts";
import { inferenceQueries } from "../../../client/queries.ts";
import { didYouMean } from "../../../genesis/nearest.ts";
import { UserError } from "../../user-error.ts";
import { integerOption, parseArguments } from "../arguments.ts";
import { nodeUrl, SIGNER_OPTIONS, SIGNER_USAGE, toJsonText, withReader, withSigner } from "../client.ts";
import type { Command, Io } from "../command.ts";
import { checkModelFile } from "../model-check.ts";
import { MAX_DEPOSIT, readModelFile, registerAndAdmit } from "../model-file.ts";

const ACTIONS = ["register", "list", "show", "check"] as const;

async function list(node: string, io: Io): Promise<void> {
  const models = await withReader(node, (comet) => inferenceQueries(comet).models());
  for (const { name, version, status, owner, modelRoot } of models) {
    io.out(`${name} ${version}  ${status}  ${owner}  ${toHex(modelRoot)}`);
  }
}

async function show(node: string, name: string, io: Io): Promise<void> {
  io.out(toJsonText(await withReader(node, (comet) => inferenceQueries(comet).model(name))));
}

export const model: Command = {
  name: "model",
  summary: "registers, lists, shows and checks models",
  usage: [
    `model register <manifest.json> [--max-deposit uassay] [--timeout seconds] ${SIGNER_USAGE}`,
    "model list | show <name> [--node url]",
    "model check <file.onnx> [--json] [--class canonical|exact]   exits with 1 if it is not fit for that class",
  ].join("\n"),
  async run(args, io) {
    const { values, positionals } = parseArguments(
      model,
      args,
      {
        ...SIGNER_OPTIONS,
        timeout: { type: "string", default: "120" },
        json: { type: "boolean", default: false },
        class: { type: "string" },
        "max-deposit": { type: "string", default: String(MAX_DEPOSIT) },
      },
      [ACTIONS.join(", "), "argument?"],
    );
    const [action = "", argument] = positionals;
    if (!(ACTIONS as readonly string[]).includes(action)) {
      throw new UserError(`model: "${action}" is none of ${ACTIONS.join(", ")}${didYouMean(action, ACTIONS)}`);
    }
    if (action === "list") {
      if (argument !== undefined) throw new UserError(`model list: takes no argument, found "${argument}"`);
      await list(values.node, io);
      return 0;
    }
    if (argument === undefined) throw new UserError(`model ${action}: an argument is missing; see assay help model`);
    if (action === "check") return checkModelFile(argument, { json: values.json, wanted: values.class }, io);
    if (action === "show") await show(values.node, argument, io);
    else {
      const timeoutMs = 1000 * integerOption("timeout", values.timeout, 1, 3600);
      const most = integerOption("max-deposit", values["max-deposit"], 0, Number.MAX_SAFE_INTEGER);
      const file = readModelFile(argument);
      const node = nodeUrl(values.node);
      await withSigner(values, (client) => {
        const maxDeposit = { denom: client.denom, amount: String(most) };
        const model = { ...file, manifest: { ...file.manifest, maxDeposit } };
        return registerAndAdmit(client, node, model, client.denom, timeoutMs);
      });
      io.out(`${file.manifest.name} is active, root ${file.root}`);
    }
    return 0;
  },
};
