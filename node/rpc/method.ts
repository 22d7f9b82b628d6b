import type { NodeApi } from "../api.ts";
import type { Logger } from "../log.ts";
import type { RpcId } from "./json-rpc.ts";
import type { RpcLimits } from "./limits.ts";
import { jsonParams, type ParamSpec, type ParamValues, uriParams } from "./params.ts";

/** The websocket client that a call came from. */
export interface Subscriber {
  /** Events that match come with this id. @throws RpcError */
  subscribe(query: string, id: RpcId): void;
  /** @throws RpcError when there is no such subscription. */
  unsubscribe(query: string, id: RpcId): void;
  unsubscribeAll(): void;
}

/** What methods are given. One for each server. */
export interface RpcContext {
  readonly api: NodeApi;
  readonly log: Logger;
  readonly limits: RpcLimits;
  /** Where this server listens, for `status`. */
  readonly address: string;
  /** Calls of broadcast_tx_commit that wait now. */
  commitWaiters: number;
}

/** One call of a method. `subscriber` is there when it came over a websocket. */
export interface Call {
  readonly id: RpcId;
  readonly subscriber?: Subscriber;
}

/** Parameters as they came: of a JSON call, or of a GET request. */
export type RawParams = { readonly json: unknown } | { readonly uri: URLSearchParams };

/** A row of the method table. */
export interface Method {
  readonly name: string;
  readonly params: ParamSpec;
  /** @returns what goes into `result`. Throws RpcError for what the client is to be told. */
  call(ctx: RpcContext, params: RawParams, call: Call): object | Promise<object>;
}

/** Declares a method: its name, its parameters in positional order, and what it answers. */
export function method<const S extends ParamSpec>(
  name: string,
  params: S,
  handle: (ctx: RpcContext, params: ParamValues<S>, call: Call) => object | Promise<object>,
): Method {
  return {
    name,
    params,
    call(ctx, raw, call) {
      const values = "uri" in raw ? uriParams(params, raw.uri) : jsonParams(params, raw.json);
      return handle(ctx, values, call);
    },
  };
}
