import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { backoffMs, createDialer, type Dialer } from "../../p2p/dialer.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Bench {
  readonly dialer: Dialer;
  readonly dials: { at: number; address: string }[];
  readonly connected: Set<string>;
  up: boolean;
}

function bench(
  self: string,
  peers: readonly string[],
  bannedUntil: (peer: string) => number | undefined = () => undefined,
): Bench {
  const start = Date.now();
  const state: Bench = {
    dials: [],
    connected: new Set(),
    up: false,
    dialer: createDialer({
      self,
      peers: peers.map((peerId) => ({ peerId, address: `address of ${peerId}` })),
      dial: async (address) => {
        state.dials.push({ at: Date.now() - start, address });
        if (!state.up) throw new Error("refused");
        const peer = address.slice("address of ".length);
        state.connected.add(peer);
        state.dialer.connected(peer);
      },
      isConnected: (peer) => state.connected.has(peer),
      bannedUntil,
      now: Date.now,
      random: () => 0,
      log: () => undefined,
    }),
  };
  return state;
}

test("the back-off doubles to its cap and is shortened by up to half at random", () => {
  expect([0, 1, 2, 3, 20, 1000].map((n) => backoffMs(n, () => 0))).toEqual([100, 200, 400, 800, 10_000, 10_000]);
  expect(backoffMs(3, () => 0.5)).toBe(600);
});

test("a peer that is away is dialled for ever, and no more than once in ten seconds after a while", async () => {
  const b = bench("a", ["b"]);
  b.dialer.start();
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(b.dials.length).toBeGreaterThan(300);
  expect(b.dials.length).toBeLessThan(400);
  b.up = true;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(b.connected).toEqual(new Set(["b"]));
  const count = b.dials.length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(b.dials.length).toBe(count);
  b.dialer.stop();
});

test("the node with the larger id yields for a moment, the other dials at once; nobody dials itself", async () => {
  const smaller = bench("a", ["a", "b"]);
  const larger = bench("b", ["a", "b"]);
  smaller.up = true;
  larger.up = true;
  smaller.dialer.start();
  larger.dialer.start();
  await vi.advanceTimersByTimeAsync(1000);
  expect(smaller.dials).toEqual([{ at: 0, address: "address of b" }]);
  expect(larger.dials).toEqual([{ at: 100, address: "address of a" }]);
});

test("a connection that the peer made cancels the dial", async () => {
  const b = bench("b", ["a"]);
  b.dialer.start();
  b.connected.add("a");
  b.dialer.connected("a");
  await vi.advanceTimersByTimeAsync(5000);
  expect(b.dials).toEqual([]);
});

test("a lost connection is dialled again soon; one that never lasts backs off", async () => {
  const b = bench("a", ["b"]);
  b.up = true;
  b.dialer.start();
  await vi.advanceTimersByTimeAsync(20_000);
  const drop = (): void => {
    b.connected.delete("b");
    b.dialer.disconnected("b");
  };
  drop();
  await vi.advanceTimersByTimeAsync(100);
  expect(b.dials).toHaveLength(2);
  const waits: number[] = [];
  for (let i = 0; i < 4; i++) {
    const before = b.dials.length;
    const from = Date.now();
    drop();
    while (b.dials.length === before) await vi.advanceTimersByTimeAsync(10);
    waits.push(Date.now() - from);
  }
  expect(waits).toEqual([200, 400, 800, 1600]);
});

test("a banned peer is not dialled before its ban ends; a stranger is not dialled at all", async () => {
  const until = Date.now() + 5000;
  const b = bench("a", ["b"], () => (Date.now() < until ? until : undefined));
  b.dialer.start();
  b.dialer.disconnected("stranger");
  await vi.advanceTimersByTimeAsync(4900);
  expect(b.dials).toEqual([]);
  await vi.advanceTimersByTimeAsync(200);
  expect(b.dials[0]?.address).toBe("address of b");
  b.dialer.stop();
});

test("nothing is dialled after stop", async () => {
  const b = bench("a", ["b"]);
  b.dialer.start();
  await vi.advanceTimersByTimeAsync(1000);
  b.dialer.stop();
  const count = b.dials.length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(b.dials.length).toBe(count);
});
