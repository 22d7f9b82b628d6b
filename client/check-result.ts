import { equalBytes, fromHex, toHex } from "../chain/bytes.ts";
import { JobFields } from "../chain/types/attestation.ts";
import { className } from "../modules/inference/classes.ts";
import { outputProblem } from "../modules/inference/output-check.ts";
import { Receipt } from "../modules/inference/receipt.ts";
import type { Job } from "../proto/inference-query.ts";

/** What a client knows of its own request without asking anybody. */
export type OwnRequest = Omit<JobFields, "genesisRoot">;

const MAX_HEIGHT = BigInt(Number.MAX_SAFE_INTEGER);

/** What is wrong with the output that a node gives for a job that it says is FINAL: the bytes must hash to its output root. */
export function jobProblem(jobId: string, job: Job): string | undefined {
  if (toHex(job.jobId) !== jobId) return `the answer is about the job ${toHex(job.jobId)}`;
  if (job.requestedHeight > MAX_HEIGHT || job.finalHeight > MAX_HEIGHT) return "a height is out of range";
  if (job.status !== "FINAL") return undefined;
  const wrong = outputProblem(job.output, job.outputRoot);
  if (wrong !== undefined) return `the output: ${wrong}`;
  return job.execError === (job.output.length === 0) ? undefined : "the output and execError do not go together";
}

/** What is wrong with a receipt as that of this job and this request. Its signature is another matter: see `verifyReceipt`. */
function receiptProblem(receipt: Receipt, jobId: string, job: Job, own: OwnRequest): string | undefined {
  const { fields } = receipt;
  const id = toHex(JobFields.hashTreeRoot(fields));
  if (id !== jobId) return `it is of the job ${id}`;
  const expected: JobFields = { ...own, genesisRoot: fields.genesisRoot };
  if (!JobFields.equals(expected, fields)) return "its job is not what was requested";
  if (!equalBytes(receipt.outputRoot, job.outputRoot)) return `it is of the output ${toHex(receipt.outputRoot)}`;
  if (!equalBytes(receipt.committeeRoot, job.committeeRoot)) return "it is of another committee";
  if (receipt.direct !== job.direct) return `it is ${receipt.direct ? "not blind" : "blind"}, the job is not so`;
  if (className(receipt.class) !== job.class)
    return `it is of the class ${className(receipt.class)}, the job of ${job.class}`;
  const heights = BigInt(receipt.requestedHeight) === job.requestedHeight;
  return heights && BigInt(receipt.finalHeight) === job.finalHeight ? undefined : "it has other heights than the job";
}

/** The receipt of a FINAL job, or what is wrong with it. */
export function readReceipt(ssz: Uint8Array, jobId: string, job: Job, own: OwnRequest): Receipt | string {
  let receipt: Receipt;
  try {
    receipt = Receipt.deserialize(ssz);
  } catch (error) {
    return `the receipt is no SSZ Receipt: ${error instanceof Error ? error.message : String(error)}`;
  }
  const problem = receiptProblem(receipt, jobId, job, own);
  return problem === undefined ? receipt : `the receipt: ${problem}`;
}

interface NamedModel {
  readonly modelRoot: Uint8Array;
  readonly owner: string;
  readonly name: string;
  readonly version: string;
}

/** Whether a model that a node describes can be the one that was asked for: by root, by owner and name, or by name; with or without a version. */
export function isModelAskedFor(asked: string, model: NamedModel): boolean {
  if (/^[0-9a-fA-F]{64}$/.test(asked)) return equalBytes(fromHex(asked), model.modelRoot);
  const [path, version = model.version] = asked.split("@", 2);
  return version === model.version && (path === model.name || path === `${model.owner}/${model.name}`);
}
