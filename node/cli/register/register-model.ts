import { existsSync, writeFileSync } from "node:fs";
import { toHex } from "../../../chain/bytes.ts";
import { tensorValues } from "../../../client/tensors.ts";
import { MAX_TIERS } from "../../../modules/inference/manifest.ts";
import { dtypeName } from "../../../modules/inference/tensor-check.ts";
import { type DtypeName, Tensors } from "../../../modules/inference/tensors.ts";
import type { TensorSpec } from "../../../proto/inference.ts";
import { systemErrorCode, UserError } from "../../user-error.ts";
import { integerOption, parseArguments } from "../arguments.ts";
import { nodeUrl, SIGNER_OPTIONS, SIGNER_USAGE, toJsonText, withSigner } from "../client.ts";
import type { Io } from "../command.ts";
import { type ModelFile, readModelFile } from "../model-file.ts";
import { confirmed, terminalPrompt } from "../prompt.ts";
import { type Admission, knownModel, type Price, registerAndAdmit, registrationPrice } from "./admission.ts";
import { modelClassOf, toleranceUnits } from "./class-check.ts";
import { prepareModel } from "./prepare.ts";
import { createProgressBar } from "./progress-bar.ts";

/** The most that is put down for a model unless somebody says otherwise, in base units. The default parameters ask 672 ASSAY for 64 MiB. */
export const MAX_DEPOSIT = 1_000_000_000n;

export const REGISTER_USAGE = [
  `model register <file.onnx> --name name [--shape input=1,3,32,32]… [--probe inputs.json]… [--model-version 1] [--fee uassay] [--royalty ppm] [--licence text] [--inline] [--tier 0] [--direct] [--class canonical|exact|tolerance] [--absolute-tolerance 0.001] [--relative-tolerance 0.001] [--inputs-out file.json] [--max-deposit uassay] [--timeout seconds] [--yes] [--json] ${SIGNER_USAGE}`,
  `model register <manifest.json> [--inputs-out file.json] [--max-deposit uassay] [--timeout seconds] [--yes] [--json] ${SIGNER_USAGE}`,
].join("\n");

const OPTIONS = {
  ...SIGNER_OPTIONS,
  name: { type: "string" },
  shape: { type: "string", multiple: true },
  probe: { type: "string", multiple: true },
  "model-version": { type: "string" },
  fee: { type: "string" },
  royalty: { type: "string" },
  licence: { type: "string" },
  inline: { type: "boolean" },
  tier: { type: "string" },
  direct: { type: "boolean" },
  class: { type: "string" },
  "absolute-tolerance": { type: "string" },
  "relative-tolerance": { type: "string" },
  "inputs-out": { type: "string" },
  "max-deposit": { type: "string", default: String(MAX_DEPOSIT) },
  timeout: { type: "string", default: "120" },
  yes: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const;

/** Said by a manifest's file, and by options for a bare model. */
const OF_THE_MANIFEST = [
  "name",
  "model-version",
  "fee",
  "royalty",
  "licence",
  "inline",
  "tier",
  "direct",
  "class",
  "absolute-tolerance",
  "relative-tolerance",
] as const;

type Values = ReturnType<typeof parseArguments<typeof OPTIONS>>["values"];

async function readModel(path: string, values: Values): Promise<ModelFile> {
  if (path.endsWith(".json")) {
    const stray = OF_THE_MANIFEST.find((name) => values[name] !== undefined);
    if (stray !== undefined) throw new UserError(`model register: --${stray} is said by the manifest ${path}`);
    if (values.shape !== undefined || values.probe !== undefined) {
      throw new UserError(`model register: --shape and --probe are said by the manifest ${path}`);
    }
    return readModelFile(path);
  }
  if (values.name === undefined) throw new UserError("model register: --name <name> is missing");
  return prepareModel(path, {
    name: values.name,
    version: values["model-version"] ?? "1",
    fee: String(integerOption("fee", values.fee ?? "5000", 0, Number.MAX_SAFE_INTEGER)),
    royaltyPpm: integerOption("royalty", values.royalty ?? "0", 0, 1_000_000),
    licence: values.licence ?? "",
    inline: values.inline === true,
    tier: integerOption("tier", values.tier ?? "0", 0, MAX_TIERS - 1),
    reveal: values.direct === true ? "direct" : "committed",
    class: modelClassOf(values.class ?? "canonical"),
    absoluteTolerance: toleranceUnits(values["absolute-tolerance"] ?? "0", "--absolute-tolerance"),
    relativeTolerance: toleranceUnits(values["relative-tolerance"] ?? "0", "--relative-tolerance"),
    shapes: values.shape ?? [],
    probeFiles: values.probe ?? [],
  });
}

function specText(specs: readonly TensorSpec[]): string {
  return specs.map(({ name, dtype, shape }) => `${name} ${dtype}[${shape.join(",")}]`).join(", ");
}

/** The first probe as a file that `assay infer` takes. @returns its path, or undefined where it can't be written. */
function writeExample(path: string, { manifest }: ModelFile, io: Io): string | undefined {
  if (existsSync(path)) return path; // What a person has there is theirs.
  const [probe] = manifest.probes;
  if (probe === undefined) return undefined;
  const inputs = Tensors.deserialize(probe).map(({ dtype, shape, data }, index) => {
    const name = dtypeName(dtype) as DtypeName;
    return [manifest.inputs[index]?.name ?? "", { dtype: name, shape, data: tensorValues({ dtype: name, data }) }];
  });
  try {
    writeFileSync(path, `${toJsonText(Object.fromEntries(inputs), 0)}\n`, { flag: "wx" });
    return path;
  } catch (error) {
    io.err(`${path} with inputs to try could not be written (${systemErrorCode(error) ?? String(error)})`);
    return undefined;
  }
}

function offerText({ manifest, root, bytes }: ModelFile, price: Price, denom: string, address: string): string {
  return [
    `model      ${manifest.name} ${manifest.version}, ${bytes.length} bytes, root ${root}`,
    `inputs     ${specText(manifest.inputs)}`,
    `outputs    ${specText(manifest.outputs)}`,
    `owner      ${address}`,
    `deposit    ${price.deposit}${denom}, held as long as the model is registered; it burns if the validators do not admit the model`,
    `fee        ${price.probes}${denom} for ${manifest.probes.length} probes, and that of the transaction`,
    ...(price.rent === 0n ? [] : [`rent       ${price.rent}${denom} for probes that are too large for a transaction`]),
  ].join("\n");
}

/** Asks a person at a terminal; elsewhere `--max-deposit` is the answer. */
async function agreed(price: Price, most: bigint, denom: string, values: Values): Promise<void> {
  if (price.deposit > most) {
    throw new UserError(`the deposit is ${price.deposit}${denom}, more than --max-deposit ${most} allows`);
  }
  const prompt = terminalPrompt();
  if (values.yes || !prompt.isTerminal) return;
  if (!(await confirmed("Register it?", prompt))) throw new UserError("nothing was registered");
}

interface Report {
  readonly file: ModelFile;
  readonly admission: Admission;
  readonly price: Price;
  readonly next: string;
}

function reportJson({ file, admission, price, next }: Report): string {
  const { model, verdicts, txHash } = admission;
  return toJsonText({
    name: model.name,
    version: model.version,
    root: file.root,
    owner: model.owner,
    status: model.status,
    registeredHeight: Number(model.registeredHeight),
    activeHeight: Number(model.activeHeight),
    txHash: txHash ?? null,
    deposit: txHash === undefined ? model.deposit : price.deposit,
    baseFee: model.baseFee,
    fee: model.fee,
    opset: model.opset,
    inputs: model.inputs.map(({ name, dtype, shape }) => ({ name, dtype, shape: shape.map(Number) })),
    outputs: model.outputs.map(({ name, dtype, shape }) => ({ name, dtype, shape: shape.map(Number) })),
    probeRoots: model.probeRoots.map(toHex),
    failure: model.failure,
    validators: verdicts,
    next: model.status === "ACTIVE" ? next : null,
  });
}

function report(found: Report, json: boolean, io: Io): number {
  const { model, verdicts, txHash } = found.admission;
  const active = model.status === "ACTIVE";
  if (json) io.out(reportJson(found));
  else if (active) {
    const since = txHash === undefined ? "was registered before" : `registered in block ${model.registeredHeight}`;
    io.out(`active     ${model.name} ${since}, active since block ${model.activeHeight}, root ${found.file.root}`);
    io.out(`next       ${found.next}`);
  } else {
    const why = model.status === "FAILED" ? `the validators did not admit it: ${model.failure}` : "no verdict in time";
    io.err(`${model.name} is ${model.status}: ${why}`);
    for (const { operator, text } of verdicts) io.err(`validator  ${operator} ${text}`);
  }
  return active ? 0 : 1;
}

/** `assay model register`. @returns 0 when the model is active; 1 when it is not, with what each validator made of it. */
export async function registerModel(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parseArguments({ name: "model register" }, args, OPTIONS, ["file"]);
  const timeoutMs = 1000 * integerOption("timeout", values.timeout, 1, 3600);
  const most = BigInt(integerOption("max-deposit", values["max-deposit"], 0, Number.MAX_SAFE_INTEGER));
  const node = nodeUrl(values.node);
  const file = await readModel(positionals[0] ?? "", values);
  const bar = createProgressBar(values.json ? { write: () => undefined } : process.stderr);
  const found = await withSigner(values, async (client) => {
    const price = await registrationPrice(node, file);
    const { denom, address } = client;
    const before = await knownModel(client, file.root);
    // One that is registered has its deposit.
    if (before === undefined || before.status === "FAILED") {
      if (!values.json) io.err(offerText(file, price, denom, address));
      await agreed(price, most, denom, values);
    }
    const onProgress = (progress: Parameters<typeof bar.update>[0]): void => bar.update(progress);
    try {
      const admission = await registerAndAdmit(client, node, file, {
        maxDeposit: price.deposit,
        timeoutMs,
        onProgress,
      });
      return { price, admission };
    } finally {
      bar.end();
    }
  });
  const { name, status } = found.admission.model;
  const wanted = values["inputs-out"] ?? `${name}.input.json`;
  const example = status === "ACTIVE" ? writeExample(wanted, file, io) : undefined;
  const next = `npx assay infer ${name} --inputs ${example ?? "<inputs.json>"}`;
  return report({ file, next, ...found }, values.json, io);
}
