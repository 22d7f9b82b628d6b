import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { SignDoc } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { equalBytes } from "../../chain/bytes.ts";
import { sdkError } from "../../chain/errors.ts";
import { strictReader } from "../../chain/strict-reader.ts";
import type { DecodedTx } from "../../chain/tx.ts";
import { aminoSignBytes } from "../../proto/amino/sign-doc.ts";
import { aminoTable, OUTERMOST } from "../../proto/amino/table.ts";

export interface SignerFacts {
  readonly chainId: string;
  readonly accountNumber: number;
  readonly sequence: bigint;
}

/**
 * A message in amino JSON. What the JSON does not say would go unsigned: whoever passes the transaction on could change it. So the
 * message must come back from its JSON as it was.
 * @throws TxError sdk 4
 */
export function aminoMessage({ typeUrl, value }: { readonly typeUrl: string; readonly value: Uint8Array }): unknown {
  const row = aminoTable.get(typeUrl);
  if (row === undefined) throw sdkError("unauthorized", `${typeUrl} has no amino form; use SIGN_MODE_DIRECT`);
  let json: unknown;
  let isWhole: boolean;
  try {
    const message = row.decode(strictReader(value));
    json = row.toAmino(message, OUTERMOST);
    isWhole = equalBytes(row.encode(row.fromAmino(json, OUTERMOST)), row.encode(message));
  } catch (error) {
    // Pure functions of a stranger's bytes: what they throw is the bytes' fault.
    const reason = error instanceof Error ? error.message : String(error);
    throw sdkError("unauthorized", `${typeUrl} can not be written as amino JSON (${reason}); use SIGN_MODE_DIRECT`);
  }
  if (!isWhole) throw sdkError("unauthorized", `${typeUrl} says more than its amino JSON; use SIGN_MODE_DIRECT`);
  return { type: row.aminoType, value: json };
}

function aminoBytes(tx: DecodedTx, { chainId, accountNumber, sequence }: SignerFacts): Uint8Array {
  const { body, authInfo } = tx;
  const fee = authInfo.fee;
  if (fee === undefined || authInfo.tip !== undefined || body.nonCriticalExtensionOptions.length > 0) {
    throw sdkError("unauthorized", "extension options and tips are not part of amino JSON; use SIGN_MODE_DIRECT");
  }
  const messages = body.messages.map(aminoMessage);
  try {
    return aminoSignBytes({ chainId, accountNumber: BigInt(accountNumber), sequence, fee, body, messages });
  } catch (error) {
    // A time beyond all calendars: the bytes' fault, as above.
    throw sdkError("unauthorized", error instanceof Error ? error.message : String(error));
  }
}

/**
 * The bytes whose SHA-256 is signed.
 * @throws TxError sdk 4 for a mode that is not supported.
 */
export function signBytes(tx: DecodedTx, mode: SignMode, facts: SignerFacts): Uint8Array {
  if (mode === SignMode.SIGN_MODE_LEGACY_AMINO_JSON) return aminoBytes(tx, facts);
  if (mode !== SignMode.SIGN_MODE_DIRECT) {
    throw sdkError(
      "unauthorized",
      `signature verification failed; ${SignMode[mode] ?? `sign mode ${mode}`} is not supported, use SIGN_MODE_DIRECT or ` +
        "SIGN_MODE_LEGACY_AMINO_JSON",
    );
  }
  return SignDoc.encode({
    bodyBytes: tx.bodyBytes,
    authInfoBytes: tx.authInfoBytes,
    chainId: facts.chainId,
    accountNumber: BigInt(facts.accountNumber),
  }).finish();
}
