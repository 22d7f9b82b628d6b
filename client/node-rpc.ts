import { Comet38Client, type RpcClient } from "@cosmjs/tendermint-rpc";
import { NodeError, RpcCallError } from "./errors.ts";

type Request = Parameters<RpcClient["execute"]>[0];
type Success = Awaited<ReturnType<RpcClient["execute"]>>;

/** What a node may take of its client. */
export interface RpcBounds {
  /** Milliseconds for one call, until its answer has been read. 15,000 if not given. */
  readonly timeoutMs?: number;
  /** Bytes of one answer. 64 MiB if not given, which is what a node sends at most. */
  readonly maxBytes?: number;
}

const DEFAULT_TIMEOUT_MS = 15_000;
const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
/** Of a text that comes from the node, in an error's message. */
const MAX_TEXT = 1000;

/** The text of an answer. @throws NodeError for one of more than `max` bytes. */
export async function readBounded(response: Response, max: number): Promise<string> {
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  let text = "";
  let bytes = 0;
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    bytes += chunk.value.length;
    if (bytes > max) {
      await reader.cancel();
      throw new NodeError(`the node's answer is larger than ${max} bytes`);
    }
    text += decoder.decode(chunk.value, { stream: true });
  }
  return text + decoder.decode();
}

/** What a failed `fetch` is about: the system's code where there is one. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "no answer in time";
  const { cause } = error;
  if (cause instanceof Error && "code" in cause && typeof cause.code === "string") return cause.code;
  return cause instanceof Error ? cause.message : error.message;
}

function parseAnswer(text: string, id: Request["id"]): Success {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch (error) {
    throw new NodeError("the node's answer is no JSON", { cause: error });
  }
  if (typeof answer !== "object" || answer === null) throw new NodeError("the node's answer is no JSON-RPC");
  const { error, result, id: answered } = answer as Readonly<Record<string, unknown>>;
  if (typeof error === "object" && error !== null) {
    const { code, message, data } = error as Readonly<Record<string, unknown>>;
    const details = typeof data === "string" && data !== "" ? `: ${data}` : "";
    throw new RpcCallError(Number(code), `${String(message)}${details}`.slice(0, MAX_TEXT));
  }
  if (answered !== id || typeof result !== "object" || result === null) {
    throw new NodeError("the node's answer is not the one to the question");
  }
  return { jsonrpc: "2.0", id, result };
}

/**
 * JSON-RPC over HTTP for CosmJS's clients, bounded in time and size, with errors that say what happened. Nothing stays open: calls
 * are single requests.
 *
 * @param endpoint `http://127.0.0.1:26657`.
 * @throws NodeError from `execute`: unreachable, late, too large or not JSON-RPC; RpcCallError when the node answers with an error.
 * @example
 * const comet = Comet38Client.create(nodeRpc("http://127.0.0.1:26657"));
 */
export function nodeRpc(endpoint: string, bounds: RpcBounds = {}): RpcClient {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, maxBytes = DEFAULT_MAX_BYTES } = bounds;
  return {
    async execute(request) {
      let response: Response;
      let text: string;
      try {
        response = await fetch(endpoint, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(request),
          signal: AbortSignal.timeout(timeoutMs),
        });
        text = await readBounded(response, maxBytes);
      } catch (error) {
        if (error instanceof NodeError) throw error;
        throw new NodeError(`no node answers at ${endpoint} (${reasonOf(error)})`, { cause: error });
      }
      if (response.status >= 400 && !text.startsWith("{")) {
        throw new NodeError(`${endpoint} answers with HTTP status ${response.status}`);
      }
      return parseAnswer(text, request.id);
    },
    disconnect: () => undefined,
  };
}

/**
 * A CosmJS client over `nodeRpc`: reads blocks, transactions and state.
 * @example
 * const { syncInfo } = await cometClient("http://127.0.0.1:26657").status();
 */
export function cometClient(endpoint: string, bounds: RpcBounds = {}): Comet38Client {
  return Comet38Client.create(nodeRpc(endpoint, bounds));
}
