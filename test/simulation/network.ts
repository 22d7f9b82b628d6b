import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

/** A stretch of virtual time, milliseconds since the start. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What may go wrong between nodes until the network heals. */
export interface NetworkFaults {
  /** Parts of the messages that are lost, and that come twice. */
  readonly loss: number;
  readonly duplication: number;
  /** Nobody hears anyone of another group. */
  readonly partitions: readonly (Span & { readonly groups: readonly (readonly number[])[] })[];
  /** `to` does not hear `source`, which hears it. */
  readonly oneWay: readonly (Span & { readonly source: number; readonly target: number })[];
}

export interface NetworkOptions extends NetworkFaults {
  readonly random: Random;
  readonly timeline: Timeline;
  /** Least time a message is under way, and what comes on top on average: late ones overtake each other. */
  readonly latency: number;
  readonly jitter: number;
  readonly healAt: number;
}

/** Carries messages, and loses, doubles, delays and reorders them. */
export interface Network {
  /** `arrive` is called once, twice or never. */
  send(from: number, to: number, label: string, arrive: () => void): void;
  readonly sent: number;
  readonly lost: number;
  readonly doubled: number;
  /** Messages that came before one that was sent earlier between the same two. */
  readonly overtaken: number;
}

function isWithin({ from, to }: Span, now: number): boolean {
  return now >= from && now < to;
}

export function createNetwork(options: NetworkOptions): Network {
  const { random, timeline, healAt } = options;
  let sent = 0;
  let lost = 0;
  let doubled = 0;
  let overtaken = 0;
  /** By sender and receiver, the number of the latest message that has come. */
  const latest = new Map<string, number>();

  function isCut(from: number, to: number, now: number): boolean {
    return (
      options.oneWay.some((cut) => isWithin(cut, now) && cut.source === from && cut.target === to) ||
      options.partitions.some(
        (cut) => isWithin(cut, now) && !cut.groups.some((group) => group.includes(from) && group.includes(to)),
      )
    );
  }

  return {
    get sent() {
      return sent;
    },
    get lost() {
      return lost;
    },
    get doubled() {
      return doubled;
    },
    get overtaken() {
      return overtaken;
    },
    send(from, to, label, arrive) {
      sent++;
      const isHealed = timeline.now >= healAt;
      const copies = isHealed ? 1 : random.chance(options.loss) ? 0 : random.chance(options.duplication) ? 2 : 1;
      if (copies === 0 || (!isHealed && isCut(from, to, timeline.now))) {
        lost++;
        return;
      }
      if (copies > 1) doubled++;
      const number = sent;
      const pair = `${from} ${to}`;
      for (let i = 0; i < copies; i++) {
        const delay = options.latency + (options.jitter === 0 ? 0 : random.exponential(options.jitter));
        timeline.after(delay, label, () => {
          const before = latest.get(pair) ?? 0;
          if (number < before) overtaken++;
          latest.set(pair, Math.max(before, number));
          arrive();
        });
      }
    },
  };
}
