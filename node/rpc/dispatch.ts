import { setImmediate } from "node:timers/promises";
import { errorText, idOf, parseRequest, RpcError, type RpcId, successText } from "./json-rpc.ts";
import type { RawParams, RpcContext, Subscriber } from "./method.ts";
import { METHODS } from "./methods.ts";

/** Told of every call; `method` is a name of the table, or `unknown`. */
export type ObserveCall = (method: string, ok: boolean, seconds: number) => void;

export interface Dispatcher {
  readonly ctx: RpcContext;
  readonly observe: ObserveCall;
}

/** What a failure is called towards the client. An exception that is no RpcError is a fault of the node. */
function toRpcError(ctx: RpcContext, method: string, error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  ctx.log.error({ method, err: error }, "an RPC method failed");
  return new RpcError("internal", "the node could not answer; its log says why");
}

/**
 * Calls a method. Up to the first thing it waits for, it runs before this returns, so that calls of one client take
 * effect in the order they came.
 * @returns the text of the answer, whether a result or an error.
 */
export async function callMethod(
  { ctx, observe }: Dispatcher,
  name: string,
  params: RawParams,
  id: RpcId,
  subscriber?: Subscriber,
): Promise<string> {
  const start = performance.now();
  const method = METHODS.get(name);
  const known = method === undefined ? "unknown" : name;
  const observed = (ok: boolean) => observe(known, ok, (performance.now() - start) / 1000);
  try {
    if (method === undefined)
      throw new RpcError("methodNotFound", `there is no method ${JSON.stringify(name.slice(0, 64))}`);
    const result = method.call(ctx, params, subscriber === undefined ? { id } : { id, subscriber });
    const text = successText(id, result instanceof Promise ? await result : result);
    observed(true);
    return text;
  } catch (error) {
    observed(false);
    return errorText(id, toRpcError(ctx, known, error));
  }
}

async function answerOne(to: Dispatcher, value: unknown, subscriber?: Subscriber): Promise<string | undefined> {
  try {
    const request = parseRequest(value);
    if (request.id === undefined) return undefined;
    return await callMethod(to, request.method, { json: request.params }, request.id, subscriber);
  } catch (error) {
    return errorText(idOf(value), toRpcError(to.ctx, "unknown", error));
  }
}

/** One after the other, with room for the rest of the node between them. */
async function answerBatch(
  to: Dispatcher,
  calls: readonly unknown[],
  subscriber?: Subscriber,
): Promise<string | undefined> {
  const { batch, answerBytes } = to.ctx.limits;
  if (calls.length === 0) return errorText(undefined, new RpcError("invalidRequest", "an empty batch"));
  if (calls.length > batch) {
    return errorText(
      undefined,
      new RpcError("invalidRequest", `a batch of ${calls.length} calls, at most ${batch} are allowed`),
    );
  }
  const answers: string[] = [];
  let size = 0;
  for (const call of calls) {
    const answer =
      size > answerBytes
        ? errorText(
            idOf(call),
            new RpcError("server", `the answers to this batch exceed ${answerBytes} bytes: ask for less`),
          )
        : await answerOne(to, call, subscriber);
    if (answer === undefined) continue;
    size += answer.length;
    answers.push(answer);
    await setImmediate();
  }
  return answers.length === 0 ? undefined : `[${answers.join(",")}]`;
}

/**
 * Answers the text of a JSON-RPC request or batch. Never rejects.
 * @returns the text of the answer, or undefined when nothing is to be answered (notifications).
 */
export async function answerText(to: Dispatcher, text: string, subscriber?: Subscriber): Promise<string | undefined> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return errorText(undefined, new RpcError("parse", reason));
  }
  return Array.isArray(value) ? answerBatch(to, value, subscriber) : answerOne(to, value, subscriber);
}
