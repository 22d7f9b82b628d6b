import { type AuthInfo, Tx, type TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { UserError } from "../../user-error.ts";
import { readJsonFile, toJsonText } from "../client.ts";
import { messageFromJson, messageToJson } from "../proto-json.ts";

/** A whole transaction, signed or not. */
export interface WholeTx {
  readonly body: TxBody;
  readonly authInfo: AuthInfo;
  readonly signatures: readonly Uint8Array[];
}

/** A transaction as the Cosmos SDK's command line writes it: `{"body", "auth_info", "signatures"}`. */
export function txToJson({ body, authInfo, signatures }: WholeTx): unknown {
  return messageToJson(Tx, { body, authInfo, signatures: [...signatures] });
}

/** The bytes that go to a node. */
export function txBytes({ body, authInfo, signatures }: WholeTx): Uint8Array {
  const { bodyBytes, authInfoBytes } = txParts({ body, authInfo });
  return TxRaw.encode({ bodyBytes, authInfoBytes, signatures: [...signatures] }).finish();
}

/** What signatures are over. */
export function txParts({
  body,
  authInfo,
}: Pick<WholeTx, "body" | "authInfo">): Pick<TxRaw, "bodyBytes" | "authInfoBytes"> {
  const tx = Tx.encode({ body, authInfo, signatures: [] }).finish();
  const { bodyBytes, authInfoBytes } = TxRaw.decode(tx);
  return { bodyBytes, authInfoBytes };
}

function wholeTx({ body, authInfo, signatures }: Tx): WholeTx {
  if (body === undefined || authInfo === undefined) throw new UserError("body or auth_info is empty");
  return { body, authInfo, signatures };
}

/** @throws UserError for a file that holds no transaction. */
export function readTxFile(path: string): WholeTx {
  const json = readJsonFile(path);
  try {
    if (typeof json !== "object" || json === null || !("body" in json) || !("auth_info" in json)) {
      throw new UserError("is no transaction: it must hold body, auth_info and signatures");
    }
    return wholeTx(messageFromJson(Tx, json));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${path}: ${error.message}`, { cause: error });
  }
}

/** The same as text. A transaction that would not come back out of it as it is must not be written. */
export function txFileText(tx: WholeTx): string {
  const json = txToJson(tx);
  const back = txBytes(wholeTx(messageFromJson(Tx, JSON.parse(JSON.stringify(json)))));
  if (!Buffer.from(back).equals(txBytes(tx)))
    throw new Error("a transaction's JSON does not give the transaction back");
  return toJsonText(json);
}
