import { RpcError } from "../json-rpc.ts";
import { type Call, method, type Subscriber } from "../method.ts";

function subscriberOf({ subscriber }: Call): Subscriber {
  if (subscriber === undefined)
    throw new RpcError("methodNotFound", "events are sent over a websocket only: /websocket");
  return subscriber;
}

export const subscribe = method("subscribe", { query: "string" }, (_, { query }, call) => {
  subscriberOf(call).subscribe(query, call.id);
  return {};
});

export const unsubscribe = method("unsubscribe", { query: "string" }, (_, { query }, call) => {
  subscriberOf(call).unsubscribe(query, call.id);
  return {};
});

export const unsubscribeAll = method("unsubscribe_all", {}, (_, __, call) => {
  subscriberOf(call).unsubscribeAll();
  return {};
});
