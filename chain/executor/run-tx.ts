import "../protobuf-writer.ts";
import { TxMsgData } from "cosmjs-types/cosmos/base/abci/v1beta1/abci";
import { createOverlay } from "../../state/overlay.ts";
import type { StateReader, StateWriter } from "../../state/store.ts";
import { encodeAddress } from "../crypto/bech32.ts";
import type { Bls } from "../crypto/bls.ts";
import { TxError } from "../errors.ts";
import { type GasMeter, gasMeter, unmetered } from "../gas.ts";
import type { BlockInfo, Event, ParsedMessage } from "../module.ts";
import { type Ante, type DecodedTx, sequenceOf, type TxMode } from "../tx.ts";
import { createContext } from "./context.ts";
import { meteredStore } from "./metered-store.ts";
import type { TxResult } from "./receipts.ts";

/** What running a transaction needs besides the transaction. */
export interface TxEnvironment {
  readonly block: BlockInfo;
  readonly bls: Bls;
  readonly ante: Ante;
}

/** `/cosmos.bank.v1beta1.MsgSend` belongs to `bank`. */
function moduleOf(typeUrl: string): string {
  return typeUrl.split(".")[1] ?? "";
}

function runMessage(
  env: TxEnvironment,
  store: StateWriter,
  gas: GasMeter,
  tx: DecodedTx,
  message: ParsedMessage,
  messageIndex: number,
): { readonly response: Uint8Array; readonly events: readonly Event[] } {
  const context = createContext(env.block, store, env.bls, gas);
  const sender = message.signers[0];
  context.emit(
    "message",
    ["action", message.typeUrl],
    ["sender", sender === undefined ? "" : encodeAddress(env.block.spec.prefix, sender)],
    ["module", moduleOf(message.typeUrl)],
  );
  const response = message.execute({ ...context, txHash: tx.hash, sequence: sequenceOf(tx), messageIndex });
  const events = context.events.map((event) => ({
    type: event.type,
    attributes: [...event.attributes, ["msg_index", String(messageIndex)] as const],
  }));
  return { response, events };
}

/**
 * Runs the ante step alone: what the mempool asks. Its writes go to `store`, so that the next transaction of the same
 * sender finds its sequence advanced.
 * @throws TxError when the transaction can't be in a block.
 */
export function runAnte(
  env: TxEnvironment,
  store: StateReader & StateWriter,
  tx: DecodedTx,
  mode: TxMode,
): { readonly gas: GasMeter; readonly events: readonly Event[] } {
  const gas = mode === "simulate" ? unmetered() : gasMeter(tx.gasLimit);
  const overlay = createOverlay(store);
  const context = createContext(env.block, meteredStore(overlay, gas), env.bls, gas);
  for (const message of tx.messages) message.validate();
  env.ante(context, tx, mode);
  overlay.flush();
  return { gas, events: context.events };
}

/**
 * Runs a transaction: ante step, then all messages or none.
 * @throws TxError when the ante step refuses it, which leaves `store` as it was. Any other exception is a fault.
 */
export function runTx(env: TxEnvironment, store: StateWriter, tx: DecodedTx, mode: "deliver" | "simulate"): TxResult {
  const { gas, events } = runAnte(env, store, tx, mode);
  const overlay = createOverlay(store);
  const metered = meteredStore(overlay, gas);
  const messageEvents: Event[] = [];
  const responses: { typeUrl: string; value: Uint8Array }[] = [];
  for (const [index, message] of tx.messages.entries()) {
    try {
      const done = runMessage(env, metered, gas, tx, message, index);
      messageEvents.push(...done.events);
      responses.push({ typeUrl: message.responseTypeUrl, value: done.response });
    } catch (error) {
      if (!(error instanceof TxError)) throw error;
      return {
        code: error.code,
        codespace: error.codespace,
        log: `failed to execute message; message index: ${index}: ${error.message}`,
        data: new Uint8Array(0),
        gasWanted: tx.gasLimit,
        gasUsed: gas.used,
        events,
      };
    }
  }
  overlay.flush();
  return {
    code: 0,
    codespace: "",
    log: "",
    data: TxMsgData.encode(TxMsgData.fromPartial({ msgResponses: responses })).finish(),
    gasWanted: tx.gasLimit,
    gasUsed: gas.used,
    events: [...events, ...messageEvents],
  };
}
