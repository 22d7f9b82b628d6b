import { toHex } from "../../../chain/bytes.ts";
import { inferenceQueries } from "../../../client/queries.ts";
import { didYouMean } from "../../../genesis/nearest.ts";
import { UserError } from "../../user-error.ts";
import { parseArguments } from "../arguments.ts";
import { SIGNER_OPTIONS, SIGNER_USAGE, toJsonText, withReader } from "../client.ts";
import type { Command, Io } from "../command.ts";
import { checkModelFile } from "../model-check.ts";
import { acceptModel, deprecateModel, modelVersions, transferModel } from "../model-lifecycle.ts";
import { verdictsOf } from "../register/admission.ts";
import { REGISTER_USAGE, registerModel } from "../register/register-model.ts";

type Action = (args: readonly string[], io: Io) => Promise<number>;

async function list(args: readonly string[], io: Io): Promise<number> {
  const { values } = parseArguments({ name: "model list" }, args, SIGNER_OPTIONS);
  const models = await withReader(values.node, (comet) => inferenceQueries(comet).models());
  for (const { name, version, status, owner, modelRoot } of models) {
    io.out(`${name} ${version}  ${status}  ${owner}  ${toHex(modelRoot)}`);
  }
  return 0;
}

async function show(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parseArguments({ name: "model show" }, args, SIGNER_OPTIONS, ["name"]);
  const [name = ""] = positionals;
  io.out(toJsonText(await withReader(values.node, (comet) => inferenceQueries(comet).model(name))));
  return 0;
}

/** How far an admission is, or how it ended: by validator. */
async function status(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parseArguments({ name: "model status" }, args, SIGNER_OPTIONS, ["model"]);
  const [name = ""] = positionals;
  const found = await withReader(values.node, (comet) => inferenceQueries(comet).model(name));
  const { pendingProbes, costUnits, runMs, failure, admission } = found;
  io.out(`${found.name} ${found.version}  ${found.status}${failure === "" ? "" : `: ${failure}`}`);
  if (found.status === "REGISTERED") io.out(`waits for ${pendingProbes} more outputs`);
  if (runMs > 0n) io.out(`a run takes up to ${runMs} ms and costs ${costUnits} units, base fee ${found.baseFee}`);
  for (const { operator, text } of verdictsOf(admission)) io.out(`${operator}  ${text}`);
  return 0;
}

async function check(args: readonly string[], io: Io): Promise<number> {
  const options = { json: { type: "boolean", default: false }, class: { type: "string" } } as const;
  const { values, positionals } = parseArguments({ name: "model check" }, args, options, ["file"]);
  return checkModelFile(positionals[0] ?? "", { json: values.json, wanted: values.class }, io);
}

const ACTIONS: Readonly<Record<string, Action>> = {
  register: registerModel,
  list,
  show,
  status,
  check,
  versions: modelVersions,
  deprecate: deprecateModel,
  transfer: transferModel,
  accept: acceptModel,
};

export const model: Command = {
  name: "model",
  summary: "registers, lists, shows and checks models, and takes them out of use",
  usage: [
    REGISTER_USAGE,
    "model list | show <name> | status <name> [--node url]   status says what each validator made of its admission",
    "model versions <name> [--json] [--node url]",
    `model deprecate <model> [--successor model] ${SIGNER_USAGE}`,
    `model transfer <model> <account> | accept <model> ${SIGNER_USAGE}   the account it is offered to accepts it`,
    "model check <file.onnx> [--json] [--class canonical|exact]   exits with 1 if it is not fit for that class",
  ].join("\n"),
  run([name = "", ...args], io) {
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (action !== undefined) return action(args, io);
    const names = Object.keys(ACTIONS);
    throw new UserError(`model: "${name}" is none of ${names.join(", ")}${didYouMean(name, names)}`);
  },
};
