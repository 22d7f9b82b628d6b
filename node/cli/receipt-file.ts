import { toHex } from "../../chain/bytes.ts";
import { JobFields } from "../../chain/types/attestation.ts";
import type { Settlement } from "../../client/settled-receipt.ts";
import { parseSettlement } from "../../client/settlement-json.ts";
import { parseReceipt, parseTrustedSet, type TrustedCommittee } from "../../client/verify-receipt.ts";
import type { Receipt } from "../../modules/inference/receipt.ts";
import { UserError } from "../user-error.ts";
import { readJsonFile } from "./client.ts";
import { outputRootOfJson } from "./result-json.ts";

/** What a file with a receipt holds. */
export interface ReceiptFile {
  readonly receipt: Receipt;
  /** What the file says beside the receipt and the receipt does not bear out. */
  readonly problem: string | undefined;
  /** If `assay receipt settle` wrote it. */
  readonly settlement: Settlement | undefined;
  /** The file's fields, with the receipt in `receipt`. */
  readonly json: Readonly<Record<string, unknown>>;
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

/** Takes a receipt alone, what `assay infer --json` printed, or what `assay receipt settle` did. @throws UserError */
export function readReceiptFile(path: string): ReceiptFile {
  const json = readJsonFile(path);
  try {
    if (typeof json !== "object" || json === null || !("receipt" in json)) {
      const receipt = parseReceipt(json);
      return { receipt, problem: undefined, settlement: undefined, json: { receipt: json } };
    }
    if (json.receipt === null) throw new Error("holds no receipt: the job failed");
    const receipt = parseReceipt(json.receipt);
    const settlement = "settlement" in json ? parseSettlement(json.settlement) : undefined;
    return { receipt, problem: resultProblem({ ...json }, receipt), settlement, json: { ...json } };
  } catch (error) {
    throw new UserError(`${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** A set that `assay query validator-set` wrote. @throws UserError */
export function readTrustedFile(path: string): TrustedCommittee {
  const json = readJsonFile(path);
  try {
    return parseTrustedSet(json);
  } catch (error) {
    throw new UserError(`${path}: ${(error as Error).message}`, { cause: error });
  }
}
