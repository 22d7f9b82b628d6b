import { toHex } from "../../../chain/bytes.ts";
import { JobFields } from "../../../chain/types/attestation.ts";
import { aggregateVerifier } from "../../../client/bls.ts";
import { type ReceiptState, type SettlementVerdict, verifySettledReceipt } from "../../../client/settled-receipt.ts";
import { type TrustedCommittee, verifyReceipt, verifySignatures } from "../../../client/verify-receipt.ts";
import { isTolerant } from "../../../modules/inference/classes.ts";
import type { Receipt } from "../../../modules/inference/receipt.ts";
import { parseArguments } from "../arguments.ts";
import { forPeople } from "../client.ts";
import type { Command } from "../command.ts";
import { LIGHT_OPTIONS } from "../light-options.ts";
import { type ReceiptFile, readReceiptFile, readTrustedFile } from "../receipt-file.ts";
import { committeeFor, settlementOnChain, trustOf } from "../receipt-trust.ts";

/** What is known once everything in the file has been checked. */
interface Checked {
  readonly trusted: TrustedCommittee;
  /** Why nothing is proven. */
  readonly reason: string | undefined;
  /** If the file holds a settlement. */
  readonly state: ReceiptState | undefined;
}

function checked(trusted: TrustedCommittee, file: ReceiptFile, verdict: SettlementVerdict | undefined): Checked {
  if (verdict?.valid === false) return { trusted, reason: verdict.reason, state: undefined };
  return { trusted, reason: file.problem, state: verdict?.state };
}

function checkOffline(file: ReceiptFile, trusted: TrustedCommittee): Checked {
  const { receipt, settlement } = file;
  if (settlement !== undefined) return checked(trusted, file, verifySettledReceipt(receipt, trusted, settlement));
  const verdict = verifyReceipt(receipt, trusted);
  return checked(trusted, file, verdict.valid ? undefined : verdict);
}

async function checkOnline(
  file: ReceiptFile,
  connect: () => Promise<Parameters<typeof committeeFor>[0]>,
): Promise<Checked> {
  const { receipt, settlement } = file;
  try {
    const setup = await connect();
    const trusted = await committeeFor(setup, receipt);
    const verify = settlement === undefined ? verifyReceipt : verifySignatures;
    const verdict = verify(receipt, trusted, aggregateVerifier());
    if (!verdict.valid || settlement === undefined) return checked(trusted, file, verdict.valid ? undefined : verdict);
    return checked(trusted, file, await settlementOnChain(setup, receipt, settlement));
  } catch (error) {
    throw forPeople(error);
  }
}

/** What the signers claim less than that they have computed these bytes by themselves. */
function claimText(receipt: Receipt): string {
  if (isTolerant(receipt))
    return "; class tolerance: within the model's bound of what one of them has published, not exact, and not blind";
  return receipt.direct ? "; not blind: they signed without commitments, and may have copied" : "";
}

function attestedLine(receipt: Receipt, { chainId, validators }: TrustedCommittee): string {
  const signed = validators.filter((_, index) => receipt.signers.get(index));
  const power = signed.reduce((sum, member) => sum + member.power, 0n);
  const asked = validators.filter((_, index) => receipt.seats.get(index));
  const total = asked.reduce((sum, member) => sum + member.power, 0n);
  const drawn = asked.length < validators.length ? `, asked out of ${validators.length},` : "";
  return (
    `valid: ${signed.length} of ${asked.length} validators${drawn} with ${power} of ${total} power attested ` +
    `output ${toHex(receipt.outputRoot)} of job ${toHex(JobFields.hashTreeRoot(receipt.fields))} on ${chainId}` +
    claimText(receipt)
  );
}

/** For people: what the receipt's state is beyond being attested. */
export function stateLine(state: ReceiptState): string {
  if (state.state === "attested") return `not settled: ${state.reason}`;
  const { height, appealEnd } = state;
  return `settled: the appeal window ended with block ${appealEnd}, and block ${height} proves the job final with this output`;
}

export const verify: Command = {
  name: "verify",
  summary: "checks a receipt against a validator set that you trust, or one that a light client finds",
  usage: [
    "verify <receipt.json> --trust <set.json> [--settled]",
    "verify <receipt.json> --trust-height n --trust-hash <block id> --primary url [--witness url …] [--settled]",
  ].join("\n"),
  async run(args, io) {
    const options = { trust: { type: "string" }, settled: { type: "boolean", default: false } } as const;
    const { values, positionals } = parseArguments(verify, args, { ...LIGHT_OPTIONS, ...options }, ["receipt.json"]);
    const trust = trustOf(verify.name, values);
    const file = readReceiptFile(positionals[0] ?? "");
    const { trusted, reason, state } =
      "file" in trust ? checkOffline(file, readTrustedFile(trust.file)) : await checkOnline(file, trust.connect);
    if (reason !== undefined) {
      io.err(`not valid: ${reason}`);
      return 1;
    }
    io.out(attestedLine(file.receipt, trusted));
    if (state !== undefined) io.out(stateLine(state));
    if (!values.settled || state?.state === "settled") return 0;
    if (state === undefined) io.err("not settled: the file holds no settlement; assay receipt settle makes one");
    return 1;
  },
};
