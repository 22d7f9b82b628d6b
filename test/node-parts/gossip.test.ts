import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SignedProposal } from "../../chain/types/block.ts";
import { Vote } from "../../chain/types/vote.ts";
import type { BlobStore } from "../../node/blobs/blob-store.ts";
import { gossipHandlers, TxBatch } from "../../node/gossip.ts";
import { createMempool } from "../../node/mempool.ts";
import { pendingBlocks } from "../../node/pending-block.ts";
import { protocolHandlers } from "../../node/protocols.ts";
import {
  BlocksRequest,
  BlocksResponse,
  decodeWire,
  RevealBatch,
  RevealMessage,
  StatusResponse,
  VotesRequest,
  VotesResponse,
} from "../../node/wire.ts";
import { PeerError } from "../../p2p/peer-error.ts";
import { TOPIC_NAMES, type Verdict } from "../../p2p/topics.ts";
import { EFFECT, registry, runtime, toyStore, txBytes, vote } from "../chain/toy-chain.ts";
import { silentLog } from "./silent-log.ts";

async function setup(judgeReveal?: (output: number) => Verdict) {
  const store = await toyStore();
  const mempool = createMempool({
    runtime,
    registry,
    latest: () => store.latest,
    block: pendingBlocks(runtime, store),
    maxTxs: 1000,
    maxBytes: 1_000_000,
    log: silentLog(),
  });
  const heard: string[] = [];
  const ahead: string[] = [];
  const take = (what: string) => (_: unknown, from?: string) => {
    heard.push(`${what} ${from ?? ""}`);
    return "accept" as const;
  };
  const handlers = gossipHandlers({
    driver: {
      onProposal: async (_, from) => take("proposal")(_, from),
      onVote: async (_, from) => take("vote")(_, from),
      notifyWork: () => void heard.push("work"),
      status: () => ({ height: 5, round: 0, step: "propose", hasProposal: false }),
    },
    mempool,
    pool: {
      prepareCommitment: () => Promise.resolve(),
      prepareReveals: () => Promise.resolve(),
      addCommitment: take("commitment"),
      addReveal: (message, from) =>
        judgeReveal === undefined ? take("reveal")(message, from) : judgeReveal(message.output[0] ?? 0),
      addEvidence: take("evidence"),
    },
    evidence: { hear: ({ kind }) => take(kind)(kind) },
    onAhead: (peerId) => void ahead.push(peerId),
    breathe: async () => void heard.push("breath"),
  });
  return { handlers, mempool, heard, ahead };
}

const VALID: Readonly<Record<string, Uint8Array>> = {
  vote: Vote.serialize(vote(5, new Uint8Array(32).fill(1), 0)),
  proposal: SignedProposal.serialize(SignedProposal.defaultValue()),
  reveal: RevealBatch.serialize([RevealMessage.defaultValue()]),
  tx: TxBatch.serialize([txBytes()]),
};

describe("gossip", () => {
  test("any bytes get a verdict, and none makes a handler throw", async () => {
    const { handlers } = await setup();
    const mutated = (valid: Uint8Array) =>
      fc.tuple(fc.nat(valid.length - 1), fc.nat(255), fc.nat(valid.length)).map(([at, byte, cut]) => {
        const copy = Uint8Array.from(valid);
        copy[at] = byte;
        return copy.slice(0, cut === 0 ? valid.length : cut);
      });
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 600 }), ...Object.values(VALID).map(mutated));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...TOPIC_NAMES), bytes, async (topic, payload) => {
        expect(["accept", "ignore", "reject"]).toContain(await handlers[topic](payload, "peer"));
      }),
      { numRuns: 1500 },
    );
  });

  test("what is no object of its topic is held against the sender", async () => {
    const { handlers, heard } = await setup();
    for (const topic of TOPIC_NAMES) expect(await handlers[topic](Uint8Array.of(1, 2, 3), "peer")).toBe("reject");
    expect(heard).toEqual([]);
  });

  test("reveals of one message are judged one by one, until one is wrong on every state", async () => {
    const message = (byte: number): RevealMessage => ({ ...RevealMessage.defaultValue(), output: Uint8Array.of(byte) });
    const judged: number[] = [];
    const { handlers } = await setup((output) => {
      judged.push(output);
      return output === 3 ? "reject" : output === 2 ? "accept" : "ignore";
    });
    const say = (...outputs: number[]) => handlers.reveal(RevealBatch.serialize(outputs.map(message)), "p");
    expect([await say(1, 2), await say(1, 1), await say(2, 3, 2), await say()]).toEqual([
      "accept",
      "ignore",
      "reject",
      "reject",
    ]);
    expect(judged).toEqual([1, 2, 1, 1, 2, 3]);
  });

  test("a good message reaches whoever judges it, with the peer it came from", async () => {
    const { handlers, heard } = await setup();
    expect(await handlers.vote(VALID.vote ?? new Uint8Array(0), "p")).toBe("accept");
    expect(await handlers.reveal(VALID.reveal ?? new Uint8Array(0), "p")).toBe("accept");
    expect(await handlers.tx(VALID.tx ?? new Uint8Array(0), "p")).toBe("accept");
    expect(heard).toEqual(["vote p", "reveal p", "work", "work"]);
  });

  test("who speaks of a height beyond the next one is asked for blocks", async () => {
    const { handlers, ahead } = await setup();
    for (const height of [5, 6]) await handlers.vote(Vote.serialize(vote(height, new Uint8Array(32), 0)), "near");
    await handlers.vote(Vote.serialize(vote(7, new Uint8Array(32), 0)), "far");
    expect(ahead).toEqual(["far"]);
  });

  test("of a batch, refusals that may be a matter of state are nobody's fault; what never is a transaction is", async () => {
    const { handlers, mempool } = await setup();
    const send = (...txs: readonly Uint8Array[]) => handlers.tx(TxBatch.serialize([...txs]), "peer");
    expect(await send(txBytes({ memo: "4" }))).toBe("ignore");
    expect(await send(txBytes({ memo: "4" }), txBytes({ memo: "0" }))).toBe("accept");
    expect(await send(txBytes({ memo: "0" }))).toBe("ignore");
    expect(await send(txBytes({ memo: "1" }), Uint8Array.of(7), txBytes({ memo: "2" }))).toBe("reject");
    expect(mempool.count).toBe(2); // Nothing after the bad one was looked at.
    expect(await send(txBytes({ memo: "crash", effect: EFFECT.crash }))).toBe("ignore");
    expect(await send()).toBe("ignore");
  });

  test("a flood of transactions lets others have their turn, whether they come in one batch or in many", async () => {
    const { handlers, heard } = await setup();
    const txs = Array.from({ length: 20 }, (_, i) => txBytes({ memo: String(i) }));
    await handlers.tx(TxBatch.serialize(txs), "peer");
    expect(heard.filter((what) => what === "breath")).toHaveLength(2);
    for (const tx of txs) await handlers.tx(TxBatch.serialize([tx]), "peer");
    expect(heard.filter((what) => what === "breath")).toHaveLength(5);
  });
});

describe("the wire", () => {
  test("only the one serialisation of a value is taken: integers above 2^53 would be read as others", () => {
    const bytes = (height: bigint) => {
      const encoded = Vote.serialize(vote(5, new Uint8Array(32), 0));
      new DataView(encoded.buffer, encoded.byteOffset).setBigUint64(1, height, true);
      return encoded;
    };
    expect(decodeWire(Vote, bytes(5n))?.height).toBe(5);
    expect(decodeWire(Vote, bytes(2n ** 53n))?.height).toBe(2 ** 53);
    expect(decodeWire(Vote, bytes(2n ** 53n + 1n))).toBeUndefined();
    // Read as 2^64, which hashes as zero: the object would have another's root.
    expect(decodeWire(Vote, bytes(2n ** 64n - 1n))).toBeUndefined();
  });

  test("values come back as they went", () => {
    const uint = fc.nat();
    const root = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(uint, uint, root, fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 }), (a, b, id, list) => {
        const found = { height: a, blockId: id, earliestHeight: b };
        expect(decodeWire(StatusResponse, StatusResponse.serialize(found))).toEqual(found);
        const range = { from: a, count: b };
        expect(decodeWire(BlocksRequest, BlocksRequest.serialize(range))).toEqual(range);
        expect(decodeWire(BlocksResponse, BlocksResponse.serialize(list))).toEqual(list);
        const asked = { height: a, round: b, wantProposal: a % 2 === 0 };
        expect(decodeWire(VotesRequest, VotesRequest.serialize(asked))).toEqual(asked);
        const votes = { votes: [vote(1, id, 0)], proposal: list[0] ?? new Uint8Array(0) };
        expect(decodeWire(VotesResponse, VotesResponse.serialize(votes))).toEqual(votes);
        const reveal = { ...RevealMessage.defaultValue(), output: list[0] ?? new Uint8Array(0) };
        expect(decodeWire(RevealMessage, RevealMessage.serialize(reveal))).toEqual(reveal);
      }),
      { numRuns: 30 },
    );
  });
});

describe("requests", () => {
  const block = new Uint8Array(300 * 1024);
  const one = vote(1, new Uint8Array(32), 0);
  const handlers = protocolHandlers({
    app: { tip: { height: 20, blockId: new Uint8Array(32), time: 0 } },
    driver: { votes: () => new Array<Vote>(9000).fill(one), proposal: () => undefined },
    blobs: {
      get: async () => undefined,
      has: () => false,
      manifest: async () => undefined,
      chunk: async () => undefined,
    } as unknown as BlobStore,
    certifiedBytes: (height) => (height >= 3 && height <= 20 ? block : undefined),
    earliestHeight: () => 3,
  });
  const served = async (from: number, count: number) => {
    const answer = await handlers.blocks(BlocksRequest.serialize({ from, count }), "peer");
    return answer === undefined ? undefined : BlocksResponse.deserialize(answer).length;
  };

  test("for blocks are answered by as many as a mebibyte holds, from what there is", async () => {
    expect(await served(18, 1)).toBe(1);
    expect(await served(19, 1000)).toBe(2);
    expect(await served(3, 4_294_967_295)).toBe(3);
    for (const from of [0, 1, 21, 2 ** 53 - 1, 2 ** 53]) expect(await served(from, 4_294_967_295)).toBe(0);
  });

  test("that are malformed are refused at the peer's cost", async () => {
    for (const protocol of ["blocks", "votes"] as const) {
      const error = await handlers[protocol](Uint8Array.of(1), "peer").catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(PeerError);
      expect(error).toMatchObject({ peer: "peer", penalty: 40 });
    }
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("status", "blocks", "votes", "blob"),
        fc.uint8Array({ maxLength: 60 }),
        async (name, bytes) => {
          const answer = await handlers[name as "status"](bytes, "peer").catch((reason: unknown) => reason);
          expect(answer instanceof PeerError || answer instanceof Uint8Array || answer === undefined).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("for votes are answered within the bound of the protocol", async () => {
    const request = VotesRequest.serialize({ height: 1, round: 0, wantProposal: true });
    const answer = await handlers.votes(request, "peer");
    expect(answer?.length).toBeLessThan(1024 * 1024);
    expect(VotesResponse.deserialize(answer ?? new Uint8Array(0)).votes.length).toBeGreaterThan(1000);
  });
});
