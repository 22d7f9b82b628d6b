import { toHex } from "../../../chain/bytes.ts";
import { JobFields } from "../../../chain/types/attestation.ts";
import { parseReceipt, parseTrustedSet, type TrustedCommittee, verifyReceipt } from "../../../client/verify-receipt.ts";
import type { Receipt } from "../../../modules/inference/receipt.ts";
import { UserError } from "../../user-error.ts";
import { parseArguments } from "../arguments.ts";
import { readJsonFile } from "../client.ts";
import type { Command } from "../command.ts";
import { outputRootOfJson } from "../result-json.ts";

interface Found {
  readonly receipt: Receipt;
  /** What the file says beside the receipt and the receipt does not bear out. */
  readonly problem: string | undefined;
}

/** A file that `assay infer --json` wrote also holds outputs, which are worth nothing unless they are the attested ones. */
function resultProblem(result: Readonly<Record<string, unknown>>, receipt: Receipt): string | undefined {
  const root = toHex(receipt.outputRoot);
  if ("outputRoot" in result && result.outputRoot !== root) return "the file's outputRoot is not the receipt's";
  const jobId = toHex(JobFields.hashTreeRoot(receipt.fields));
  if ("jobId" in result && result.jobId !== jobId) return "the file's jobId is not the receipt's";
  if (!("outputs" in result)) return undefined;
  const found = outputRootOfJson(result.outputs);
  return found === root ? undefined : `the file's outputs have the root ${found}, the receipt is of ${root}`;
}

/** Takes a receipt alone, or what `assay infer --json` printed. */
function readReceipt(path: string): Found {
  const json = readJsonFile(path);
  try {
    if (typeof json !== "object" || json === null || !("receipt" in json)) {
      return { receipt: parseReceipt(json), problem: undefined };
    }
    if (json.receipt === null) throw new Error("holds no receipt: the job failed");
    const receipt = parseReceipt(json.receipt);
    return { receipt, problem: resultProblem(json, receipt) };
  } catch (error) {
    throw new UserError(`${path}: ${(error as Error).message}`, { cause: error });
  }
}

function readTrusted(path: string): TrustedCommittee {
  const json = readJsonFile(path);
  try {
    return parseTrustedSet(json);
  } catch (error) {
    throw new UserError(`${path}: ${(error as Error).message}`, { cause: error });
  }
}

export const verify: Command = {
  name: "verify",
  summary: "checks a receipt offline against a validator set that you trust",
  usage: "verify <receipt.json> --trust <set.json>",
  run(args, io) {
    const { values, positionals } = parseArguments(verify, args, { trust: { type: "string" } }, ["receipt.json"]);
    const [path = ""] = positionals;
    if (values.trust === undefined) {
      throw new UserError("verify: --trust <set.json> is missing; assay query validator-set > set.json makes one");
    }
    const { receipt, problem } = readReceipt(path);
    const trusted = readTrusted(values.trust);
    const verdict = verifyReceipt(receipt, trusted);
    const reason = verdict.valid ? problem : verdict.reason;
    if (reason !== undefined) {
      io.err(`not valid: ${reason}`);
      return Promise.resolve(1);
    }
    const { validators } = trusted;
    const signed = validators.filter((_, index) => receipt.signers.get(index));
    const power = signed.reduce((sum, member) => sum + member.power, 0n);
    const total = validators.reduce((sum, member) => sum + member.power, 0n);
    io.out(
      `valid: ${signed.length} of ${validators.length} validators with ${power} of ${total} power attested ` +
        `output ${toHex(receipt.outputRoot)} of job ${toHex(JobFields.hashTreeRoot(receipt.fields))} on ${trusted.chainId}`,
    );
    return Promise.resolve(0);
  },
};
