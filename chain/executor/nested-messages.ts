import type { Any } from "cosmjs-types/google/protobuf/any";
import { sdkError, TxError } from "../errors.ts";
import type { Context, MessageContext, ParsedMessage } from "../module.ts";
import { createContext } from "./context.ts";
import { overlayOf } from "./metered-store.ts";

/**
 * Messages that a message carries within itself: a proposal's, or those that somebody is authorised to send. Who may have
 * them run is the carrier's to check, by their `signers`.
 */

/**
 * Decodes and validates a carried message.
 * @param barred type URLs that this carrier may not carry: at least its own, or messages could nest without end.
 * @throws TxError sdk 2 or 18, or what its own validation throws.
 */
export function parseNested(
  { messages, spec }: Pick<Context["block"], "messages" | "spec">,
  { typeUrl, value }: Any,
  barred: ReadonlySet<string>,
): ParsedMessage {
  const type = messages.get(typeUrl);
  if (type === undefined) throw sdkError("txParse", `unable to resolve type URL ${typeUrl.slice(0, 200)}`);
  if (barred.has(typeUrl)) throw sdkError("invalidRequest", `${typeUrl} can not be carried by another message`);
  let parsed: ParsedMessage;
  try {
    parsed = type.parse(value, spec);
  } catch (error) {
    // A decoder's exception on a stranger's bytes is the bytes' fault: the decoders are pure functions of them.
    if (error instanceof TxError) throw error;
    throw sdkError("txParse", `${typeUrl}: ${error instanceof Error ? error.message : String(error)}`);
  }
  parsed.validate();
  return parsed;
}

/**
 * Runs something on an overlay: its writes and events count when it returns, and are gone when it throws. Gas that it
 * used stays used.
 */
export function atomically<C extends Context, R>(ctx: C, run: (ctx: C) => R): R {
  const { overlay, store } = overlayOf(ctx.store);
  const inner = createContext(ctx.block, store, ctx.bls, ctx.gas);
  const result = run({ ...ctx, store, emit: (...event) => inner.emit(...event) });
  overlay.flush();
  for (const { type, attributes } of inner.events) ctx.emit(type, ...attributes);
  return result;
}

/**
 * Runs carried messages in order, all or none.
 * @returns their encoded responses.
 * @throws TxError of the first that fails, with its index before the text.
 */
export function runNested(ctx: MessageContext, messages: readonly ParsedMessage[]): Uint8Array[] {
  return atomically(ctx, (inner) =>
    messages.map((message, index) => {
      try {
        return message.execute(inner);
      } catch (error) {
        if (!(error instanceof TxError)) throw error;
        throw new TxError(error.codespace, error.code, `message ${index}: ${error.message}`);
      }
    }),
  );
}
