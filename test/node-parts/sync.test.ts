import { describe, expect, test, vi } from "vitest";
import { type CertifiedBlock, CertifiedBlock as CertifiedBlockType } from "../../chain/types/block.ts";
import type { Vote } from "../../chain/types/vote.ts";
import { steadyClock } from "../../node/clock.ts";
import { createSync, type Sync, type SyncOptions } from "../../node/sync.ts";
import { createSyncPeers } from "../../node/sync-peers.ts";
import { BlocksRequest, BlocksResponse, StatusResponse, VotesResponse } from "../../node/wire.ts";
import { vote } from "../chain/toy-chain.ts";
import { silentLog } from "./silent-log.ts";

type Answer = (protocol: string, request: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>;

function certified(height: number): CertifiedBlock {
  const block = CertifiedBlockType.defaultValue();
  return { ...block, block: { ...block.block, header: { ...block.block.header, height } } };
}

const status = (height: number, earliestHeight = 1) =>
  StatusResponse.serialize({ height, blockId: new Uint8Array(32), earliestHeight });
const blocks = (...heights: readonly number[]) =>
  BlocksResponse.serialize(heights.map((height) => CertifiedBlockType.serialize(certified(height))));
const noVotes = VotesResponse.serialize({ votes: [], proposal: new Uint8Array(0) });

/** A peer that has the blocks up to a height and hands out what it is asked for. */
function honest(height: () => number, earliest = 1): Answer {
  return async (protocol, request) => {
    if (protocol === "status") return status(height(), earliest);
    if (protocol === "votes") return noVotes;
    const { from, count } = BlocksRequest.deserialize(request);
    const last = Math.min(from + count - 1, height());
    return from < earliest ? blocks() : blocks(...Array.from({ length: last - from + 1 }, (_, i) => from + i));
  };
}

const silent: Answer = (_, __, signal) =>
  new Promise((___, reject) => signal.addEventListener("abort", () => reject(new Error("given up"))));

function setup(answers: Readonly<Record<string, Answer>>, options: Partial<SyncOptions> = {}) {
  const state = { tip: 0, height: 1, requests: [] as string[], catchingUp: false };
  const penalties = new Map<string, number>();
  const log = silentLog();
  const sync: Sync = createSync({
    peers: () => Object.keys(answers).map((peerId) => ({ peerId })),
    request: (peerId, protocol, bytes, { signal }) => {
      state.requests.push(`${protocol} ${peerId}`);
      return answers[peerId]?.(protocol, bytes, signal) ?? Promise.reject(new Error("not connected"));
    },
    penalise: (peerId, points) => void penalties.set(peerId, (penalties.get(peerId) ?? 0) + points),
    tip: () => state.tip,
    async certified(block) {
      if (block.block.header.height !== state.tip + 1) return block.block.header.height <= state.tip;
      state.tip += 1;
      state.catchingUp ||= sync.catchingUp;
      return true;
    },
    position: () => ({ height: state.tip + 1, round: 0, hasProposal: false }),
    onVote: async () => "accept",
    onProposal: async () => "accept",
    isOverdue: () => true,
    clock: steadyClock,
    log,
    passEvery: 5,
    ...options,
  });
  return { sync, state, penalties, log };
}

async function running<T>(sync: Sync, work: () => Promise<T>): Promise<T> {
  sync.start();
  try {
    return await work();
  } finally {
    await sync.stop();
  }
}

describe("catching up", () => {
  test("takes blocks until the tip is the others', in several requests", async () => {
    const { sync, state, penalties } = setup({ a: honest(() => 150) });
    await running(sync, () => vi.waitFor(() => expect(state.tip).toBe(150)));
    expect(state.requests.filter((one) => one === "blocks a")).toHaveLength(3);
    expect(state.catchingUp).toBe(true);
    expect([sync.catchingUp, penalties.size]).toEqual([false, 0]);
  });

  test("asks several peers for ranges side by side, and no more of one than it answers at once", async () => {
    const inFlight = new Map<string, number>();
    let most = 0;
    let peersAtOnce = 0;
    const counted = (id: string): Answer => {
      const answer = honest(() => 1000);
      return async (protocol, request, signal) => {
        if (protocol !== "blocks") return answer(protocol, request, signal);
        inFlight.set(id, (inFlight.get(id) ?? 0) + 1);
        most = Math.max(most, inFlight.get(id) ?? 0);
        peersAtOnce = Math.max(peersAtOnce, [...inFlight.values()].filter((n) => n > 0).length);
        await new Promise((resolve) => setTimeout(resolve, 5));
        inFlight.set(id, (inFlight.get(id) ?? 0) - 1);
        return answer(protocol, request, signal);
      };
    };
    const { sync, state, penalties } = setup({ a: counted("a"), b: counted("b"), c: counted("c") });
    await running(sync, () => vi.waitFor(() => expect(state.tip).toBe(1000)));
    expect([most, peersAtOnce, penalties.size]).toEqual([2, 3, 0]);
  });

  test("answers that are shorter than asked for, and peers that fail in the middle, leave no gap", async () => {
    const short: Answer = async (protocol, request, signal) => {
      if (protocol !== "blocks") return honest(() => 300)(protocol, request, signal);
      const { from, count } = BlocksRequest.deserialize(request);
      return blocks(...Array.from({ length: Math.min(count, 7) }, (_, i) => from + i));
    };
    let calls = 0;
    const failing: Answer = async (protocol, request, signal) => {
      if (protocol === "blocks" && calls++ % 2 === 0) throw new Error("gone");
      return honest(() => 300)(protocol, request, signal);
    };
    const taken: number[] = [];
    const { sync, state, penalties } = setup(
      { s: short, f: failing },
      {
        prove(some) {
          taken.push(...some.map(({ block }) => block.header.height));
          return some;
        },
      },
    );
    await running(sync, () => vi.waitFor(() => expect(state.tip).toBe(300)));
    expect(new Set(taken).size).toBe(300);
    expect(taken).toEqual(taken.toSorted((a, b) => a - b));
    expect(penalties.size).toBe(0);
  });

  test("says where it stands: alone, behind by claims, catching up by blocks, level", async () => {
    const said: string[] = [];
    const onStanding = (standing: string): void => {
      if (said.at(-1) !== standing) said.push(standing);
    };
    const { sync, state } = setup({ a: honest(() => 200) }, { onStanding });
    await running(sync, () => vi.waitFor(() => expect([state.tip, said.at(-1)]).toEqual([200, "level"])));
    expect(said).toEqual(["alone", "behind", "catchingUp", "level"]);
  });

  test("is not held up by a peer that never answers, nor by one that promises more than it has", async () => {
    const answers: Readonly<Record<string, Uint8Array>> = {
      status: status(1_000_000),
      blocks: blocks(),
      votes: noVotes,
    };
    const boaster: Answer = async (protocol) => answers[protocol] ?? new Uint8Array(0);
    const { sync, state, penalties } = setup({ s: silent, b: boaster, a: honest(() => 100) });
    await running(sync, async () => {
      await vi.waitFor(() => expect(state.tip).toBe(100));
      await vi.waitFor(() => expect(penalties.get("b")).toBeGreaterThanOrEqual(100));
    });
    expect([penalties.get("a"), sync.catchingUp]).toEqual([undefined, false]);
  });

  test.each<[string, Uint8Array]>([
    ["bytes that are no answer", Uint8Array.of(1, 2, 3)],
    ["bytes that are no blocks", BlocksResponse.serialize([Uint8Array.of(1)])],
    ["the same old blocks again and again", blocks(1, 1, 1)],
    ["a block of another height", blocks(7)],
    ["more blocks than were asked for", blocks(...Array.from({ length: 65 }, (_, i) => i + 1))],
  ])("%s costs a peer, and others are asked", async (_, lie) => {
    const liar: Answer = async (protocol) => (protocol === "status" ? status(64) : lie);
    const { sync, state, penalties } = setup({ l: liar, a: honest(() => 64) });
    await running(sync, async () => {
      await vi.waitFor(() => expect(state.tip).toBe(64));
    });
    const asked = state.requests.filter((one) => one === "blocks l").length;
    // Each lie is one penalty: it is not believed again before it has said anew where it is.
    if (asked > 0) expect(penalties.get("l")).toBeGreaterThanOrEqual(20 * (asked - 1));
    expect(penalties.get("a")).toBeUndefined();
  });

  test("a block whose certificate does not hold costs half a ban", async () => {
    const { sync, penalties } = setup({ l: honest(() => 10) }, { certified: async () => false });
    await running(sync, () => vi.waitFor(() => expect(penalties.get("l")).toBeGreaterThanOrEqual(100)));
  });

  test("blocks that nobody keeps any more are missed once, aloud", async () => {
    const { sync, state, log } = setup({ a: honest(() => 500, 400), b: honest(() => 500, 300) });
    await running(sync, () => vi.waitFor(() => expect(state.requests.length).toBeGreaterThan(10)));
    expect(log.lines.filter(({ level }) => level === "warn")).toEqual([
      expect.objectContaining({ fields: { needed: 1, highest: 500 } }),
    ]);
    expect(state.requests.some((one) => one.startsWith("blocks"))).toBe(false);
  });

  test("one block is asked for only after it could have come by itself", async () => {
    const { sync, state } = setup({ a: honest(() => 1) });
    await running(sync, () => vi.waitFor(() => expect(state.tip).toBe(1), { timeout: 3000 }));
    expect(state.requests.filter((one) => one.startsWith("status")).length).toBeGreaterThan(3);
  });

  test("a hint has the peer asked at once, a greeting also for votes", async () => {
    const { sync, state } = setup({ a: honest(() => 0) }, { passEvery: 60_000 });
    sync.hint("a");
    sync.hint("a");
    sync.greet("b");
    await sync.stop();
    expect(state.requests).toEqual(["status a", "status b", "votes b"]);
  });
});

describe("votes", () => {
  test("are asked for when a round lasts, of few peers at once, and not while nobody has a reason to speak", async () => {
    const answers = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`p${i}`, honest(() => 0)]));
    const idle = setup(answers, { isOverdue: () => false });
    await running(idle.sync, () => new Promise((resolve) => setTimeout(resolve, 800)));
    expect(idle.state.requests.some((one) => one.startsWith("votes"))).toBe(false);
    const stuck = setup(answers, { passEvery: 800 });
    const asked = () => stuck.state.requests.filter((one) => one.startsWith("votes")).length;
    await running(stuck.sync, () => vi.waitFor(() => expect(asked()).toBeGreaterThan(0), { timeout: 3000 }));
    expect(asked()).toBe(3);
  });

  test("of a liar are judged a few at a time, and end with the first that is none", async () => {
    const votes = new Array<Vote>(1000).fill(vote(1, new Uint8Array(32).fill(1), 1));
    const liar: Answer = async () => VotesResponse.serialize({ votes, proposal: new Uint8Array(0) });
    const judged: Vote[] = [];
    const onVote = async (one: Vote) => {
      judged.push(one);
      return "reject" as const;
    };
    const { sync, penalties } = setup({ l: liar }, { onVote, passEvery: 60_000 });
    sync.greet("l");
    await vi.waitFor(() => expect(penalties.get("l")).toBeGreaterThan(0));
    await sync.stop();
    expect(judged).toHaveLength(64);
  });

  test("whose verdict never comes do not keep the node from stopping", async () => {
    const votes = [vote(1, new Uint8Array(32).fill(1), 1)];
    const answer: Answer = async () => VotesResponse.serialize({ votes, proposal: new Uint8Array(0) });
    const { sync, state } = setup({ a: answer }, { onVote: () => new Promise(() => undefined), passEvery: 60_000 });
    sync.greet("a");
    await vi.waitFor(() => expect(state.requests).toHaveLength(2));
    await sync.stop();
  });

  test("a silent peer does not keep the node from stopping either", async () => {
    const { sync, state } = setup({ s: silent });
    sync.start();
    await vi.waitFor(() => expect(state.requests).toHaveLength(1));
    await sync.stop();
  });
});

test("peers that have a block take turns", () => {
  const peers = createSyncPeers();
  peers.set("a", { height: 10, earliestHeight: 1 });
  peers.set("b", { height: 10, earliestHeight: 5 });
  peers.set("c", { height: 3, earliestHeight: 1 });
  expect(new Set([1, 2, 3, 4].map(() => peers.next(6)?.peerId))).toEqual(new Set(["a", "b"]));
  expect(new Set([1, 2].map(() => peers.next(2)?.peerId))).toEqual(new Set(["a", "c"]));
  expect(peers.next(11)).toBeUndefined();
  peers.keep(["b", "c"]);
  expect([peers.highest(), peers.isPrunedBy(4), peers.isPrunedBy(2), peers.isPrunedBy(11)]).toEqual([
    10,
    true,
    false,
    false,
  ]);
});
