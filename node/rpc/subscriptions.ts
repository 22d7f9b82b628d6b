import { type ChainEvent, EVENT_KINDS, type EventKind } from "./events.ts";
import { RpcError, type RpcId } from "./json-rpc.ts";
import type { Subscriber } from "./method.ts";
import { parsedQuery } from "./methods/search.ts";
import type { Condition } from "./query-language.ts";
import { matchesQuery } from "./query-match.ts";

interface Subscription {
  readonly query: string;
  readonly conditions: readonly Condition[];
  /** The kinds of event that can match. */
  readonly kinds: readonly EventKind[];
  readonly id: RpcId;
}

/** The subscriptions of one websocket client. */
export interface Subscriptions extends Subscriber {
  readonly size: number;
  readonly kinds: Iterable<EventKind>;
  /** Sends the event once for each subscription that it matches. Returns how many conditions were checked. */
  offer(event: ChainEvent): number;
}

/** Clients subscribe to one kind each; a query that names none is tried on all. */
function kindsOf(conditions: readonly Condition[]): readonly EventKind[] {
  const named = conditions.find(({ key, op }) => key === "tm.event" && op === "=");
  if (named === undefined) return EVENT_KINDS;
  const kinds = EVENT_KINDS.filter((kind) => kind === named.value);
  if (kinds.length > 0) return kinds;
  throw new RpcError(
    "internal",
    `there is no event ${JSON.stringify(named.value)}: ${EVENT_KINDS.join(", ")} are served`,
  );
}

/**
 * A subscription is known by its query and id. Subscribing to the same again changes nothing, and an id or a query may be
 * used again after it ended: clients do both on one connection.
 * @param send the text of one websocket message.
 */
export function createSubscriptions(most: number, send: (text: string) => void): Subscriptions {
  let list: readonly Subscription[] = [];
  return {
    get size() {
      return list.length;
    },
    get kinds() {
      return list.flatMap(({ kinds }) => kinds);
    },
    subscribe(query, id) {
      const conditions = parsedQuery(query);
      const kinds = kindsOf(conditions);
      if (list.some((known) => known.query === query && known.id === id)) return;
      if (list.length >= most)
        throw new RpcError("internal", `at most ${most} subscriptions are allowed for each client`);
      list = [...list, { query, conditions, kinds, id }];
    },
    unsubscribe(query, id) {
      const same = list.filter((known) => known.query === query);
      if (same.length === 0) throw new RpcError("internal", "subscription not found");
      const own = same.filter((known) => known.id === id);
      const ended = own.length > 0 ? own : same;
      list = list.filter((known) => !ended.includes(known));
    },
    unsubscribeAll() {
      list = [];
    },
    offer(event) {
      let checked = 0;
      for (const { query, conditions, id } of list) {
        checked += conditions.length;
        if (!matchesQuery(conditions, event.events)) continue;
        const head = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"query":${JSON.stringify(query)}`;
        send(`${head},"data":${event.data()},"events":${event.values()}}}`);
      }
      return checked;
    },
  };
}
