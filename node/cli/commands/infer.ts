import { toHex } from "../../../chain/bytes.ts";
import type { InferOptions } from "../../../client/assay-client.ts";
import type { InferenceResult } from "../../../client/infer.ts";
import { tensorValues } from "../../../client/tensors.ts";
import { receiptToJson } from "../../../modules/inference/receipt.ts";
import { UserError } from "../../user-error.ts";
import { integerOption, parseArguments } from "../arguments.ts";
import { SIGNER_OPTIONS, SIGNER_USAGE, withSigner } from "../client.ts";
import type { Command, Io } from "../command.ts";
import { readInputs } from "../inputs-file.ts";
import { createProgressBar } from "../register/progress-bar.ts";
import { resultToJson } from "../result-json.ts";

/** Longer outputs are cut off for people; `--json` has all. */
const MAX_VALUES = 16;

function printResult(result: InferenceResult, io: Io): void {
  const { job, receipt } = result;
  io.out(`job        ${result.jobId}`);
  io.out(`lane       ${result.lane}`);
  if (job.class === "tolerance") {
    io.out(
      `class      tolerance: the output is that of ${job.executor}; others attest that theirs is within the model's bound of it, not the same`,
    );
  } else if (job.direct)
    io.out("reveal     direct: validators did not commit before they saw what others say, and may have copied");
  io.out(`status     ${result.status}${job.failure === "" ? "" : `: ${job.failure}`}`);
  io.out(`heights    requested ${result.requestedHeight}, final ${result.finalHeight}`);
  io.out(`time       ${Math.round(result.latencyMs)} ms from broadcast to ${result.status}`);
  if (job.execError) {
    io.out("output     EXEC_ERROR: the model can not run on these inputs, and the validators agree on that");
  }
  for (const output of result.outputs) {
    const values = tensorValues(output);
    const shown = values
      .slice(0, MAX_VALUES)
      .map((value) => (typeof value === "number" ? value.toPrecision(6) : String(value)));
    const more = values.length > MAX_VALUES ? ` … ${values.length - MAX_VALUES} more` : "";
    io.out(`output     ${output.name} ${output.dtype}[${output.shape.join(",")}] = ${shown.join(" ")}${more}`);
  }
  for (const member of job.members) {
    const did = member.revealed
      ? job.direct
        ? "revealed"
        : "committed, revealed"
      : member.committed
        ? "committed"
        : "absent";
    const agreed = result.outputRoot !== "" && toHex(member.outputRoot) === result.outputRoot ? ", agrees" : "";
    io.out(`validator  ${member.operator} ${did}${agreed}`);
  }
  if (receipt !== undefined) io.out(`receipt    ${JSON.stringify(receiptToJson(receipt))}`);
}

export const infer: Command = {
  name: "infer",
  summary: "runs a model on the chain and prints the agreed output with its receipt",
  usage: `infer <model> --inputs <file.json> [--lane inline|attested] [--json] [--max-fee uassay] [--timeout seconds] [--blob-blocks n] [--max-rent uassay] ${SIGNER_USAGE}`,
  async run(args, io) {
    const { values, positionals } = parseArguments(
      infer,
      args,
      {
        ...SIGNER_OPTIONS,
        inputs: { type: "string" },
        json: { type: "boolean", default: false },
        "max-fee": { type: "string" },
        lane: { type: "string", default: "attested" },
        timeout: { type: "string", default: "60" },
        "blob-blocks": { type: "string", default: "1000" },
        "max-rent": { type: "string" },
      },
      ["model"],
    );
    const [model = ""] = positionals;
    if (values.inputs === undefined) throw new UserError("infer: --inputs <file.json> is missing");
    const timeoutMs = 1000 * integerOption("timeout", values.timeout, 1, 3600);
    const maxFee = values["max-fee"];
    const most =
      maxFee === undefined ? {} : { maxFee: BigInt(integerOption("max-fee", maxFee, 0, Number.MAX_SAFE_INTEGER)) };
    const blobBlocks = integerOption("blob-blocks", values["blob-blocks"], 1, 10_000_000);
    const rent = values["max-rent"];
    const mostRent =
      rent === undefined ? {} : { maxRent: BigInt(integerOption("max-rent", rent, 0, Number.MAX_SAFE_INTEGER)) };
    const { lane } = values;
    if (lane !== "inline" && lane !== "attested") {
      throw new UserError(`infer: --lane ${lane} is none of inline, attested`);
    }
    const inputs = readInputs(values.inputs);
    const bar = createProgressBar(values.json ? { write: () => undefined } : process.stderr);
    const onProgress = (progress: Parameters<typeof bar.update>[0]): void => bar.update(progress);
    const options: InferOptions = { timeoutMs, lane, blobBlocks, onProgress, ...most, ...mostRent };
    const result = await withSigner(values, (client) => client.infer(model, inputs, options).finally(() => bar.end()));
    if (values.json) io.out(JSON.stringify(resultToJson(result)));
    else printResult(result, io);
    return result.status === "FINAL" ? 0 : 1;
  },
};
