import { toHex } from "../../../chain/bytes.ts";
import { JobFields } from "../../../chain/types/attestation.ts";
import { parseReceipt, parseTrustedSet, type TrustedCommittee, verifyReceipt } from "../../../client/verify-receipt.ts";
import type { Receipt } from "../../../modules/inference/receipt.ts";
import { UserError } from "../../user-error.ts";
import { parseArguments } from "../arguments.ts";
import { forPeople, readJsonFile } from "../client.ts";
import type { Command } from "../command.ts";
import { LIGHT_OPTIONS, type LightSetup, lightSetup } from "../light-options.ts";
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

/**
 * The set that a light client finds at the height that the receipt names. The height is not signed; that the set is the receipt's
 * committee, its root says.
 */
async function fetchTrusted(
  connect: () => Promise<LightSetup>,
  { requestedHeight }: Receipt,
): Promise<TrustedCommittee> {
  try {
    const { client, chainId, genesisRoot } = await connect();
    const { header, validators } = await client.verify(requestedHeight);
    return {
      chainId: chainId ?? `the chain with genesis root ${toHex(genesisRoot)}`,
      genesisRoot,
      height: header.height,
      validators,
    };
  } catch (error) {
    throw forPeople(error);
  }
}

export const verify: Command = {
  name: "verify",
  summary: "checks a receipt against a validator set that you trust, or one that a light client finds",
  usage: [
    "verify <receipt.json> --trust <set.json>",
    "verify <receipt.json> --trust-height n --trust-hash <block id> --primary url [--witness url …]",
  ].join("\n"),
  async run(args, io) {
    const options = { trust: { type: "string" }, ...LIGHT_OPTIONS } as const;
    const { values, positionals } = parseArguments(verify, args, options, ["receipt.json"]);
    const [path = ""] = positionals;
    const isOnline = values["trust-height"] !== undefined || values["trust-hash"] !== undefined;
    if (values.trust === undefined && !isOnline) {
      throw new UserError("verify: --trust <set.json> is missing; assay query validator-set > set.json makes one");
    }
    if (values.trust !== undefined && isOnline) {
      throw new UserError("verify: --trust and --trust-height are two ways of saying whom you trust: give one of them");
    }
    const connect = values.trust === undefined ? lightSetup(verify.name, values) : undefined;
    const { receipt, problem } = readReceipt(path);
    const trusted = connect === undefined ? readTrusted(values.trust ?? "") : await fetchTrusted(connect, receipt);
    const verdict = verifyReceipt(receipt, trusted);
    const reason = verdict.valid ? problem : verdict.reason;
    if (reason !== undefined) {
      io.err(`not valid: ${reason}`);
      return 1;
    }
    const { validators } = trusted;
    const signed = validators.filter((_, index) => receipt.signers.get(index));
    const power = signed.reduce((sum, member) => sum + member.power, 0n);
    const total = validators.reduce((sum, member) => sum + member.power, 0n);
    io.out(
      `valid: ${signed.length} of ${validators.length} validators with ${power} of ${total} power attested ` +
        `output ${toHex(receipt.outputRoot)} of job ${toHex(JobFields.hashTreeRoot(receipt.fields))} on ${trusted.chainId}`,
    );
    return 0;
  },
};
