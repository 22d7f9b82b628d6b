import type { Stream } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import { expect, test } from "vitest";
import { encodeFrame } from "../../p2p/frames.ts";
import { PeerError, type PeerErrorCode } from "../../p2p/peer-error.ts";
import { PROTOCOLS, protocolId } from "../../p2p/protocols.ts";
import { compress } from "../../p2p/snappy.ts";
import {
  type Attacker,
  addressOf,
  bytesOf,
  GENESIS_ROOT,
  sleep,
  startAttacker,
  startMesh,
  startNode,
  type TestNode,
  type TestNodeOptions,
  until,
} from "./fixture.ts";

async function pair(serving: TestNodeOptions): Promise<{ asking: TestNode; serving: TestNode; to: string }> {
  const [server, asking] = (await startMesh(2, (i) => (i === 0 ? serving : {}))) as [TestNode, TestNode];
  return { asking, serving: server, to: server.network.peerId };
}

async function failure(promise: Promise<unknown>): Promise<PeerError> {
  const error = await promise.then(
    () => new Error("it did not fail"),
    (reason: unknown) => reason,
  );
  if (error instanceof PeerError) return error;
  throw error;
}

test("an answer comes back, whatever its size up to the bound, and the handler knows who asks", async () => {
  const askers = new Set<string>();
  const { asking, to } = await pair({
    protocols: {
      status: async (request, from) => {
        askers.add(from);
        return request;
      },
      blocks: async () => bytesOf(PROTOCOLS.blocks.maxResponseBytes, 7),
    },
  });
  expect(await asking.network.request(to, "status", new Uint8Array())).toEqual(new Uint8Array());
  expect(await asking.network.request(to, "status", Uint8Array.of(1, 2, 3))).toEqual(Uint8Array.of(1, 2, 3));
  expect(await asking.network.request(to, "status", bytesOf(1024, 1))).toHaveLength(1024);
  expect(await asking.network.request(to, "blocks", Uint8Array.of(1))).toHaveLength(PROTOCOLS.blocks.maxResponseBytes);
  expect(askers).toEqual(new Set([asking.network.peerId]));
});

test("each way not to get an answer has its code, and only the peer's own faults cost points", async () => {
  const never = new Promise<undefined>(() => undefined);
  const { asking, serving, to } = await pair({
    protocols: {
      status: async () => undefined,
      blocks: async (_, from) => {
        throw new PeerError(from, "malformed", 30, "planted");
      },
      votes: async () => {
        throw new Error("planted fault");
      },
      blob: () => never,
    },
  });
  const one = Uint8Array.of(1);
  const code = async (promise: Promise<unknown>): Promise<PeerErrorCode> => (await failure(promise)).code;
  expect(await code(asking.network.request(to, "status", one))).toBe("unavailable");
  expect(await code(asking.network.request(to, "blocks", one))).toBe("refused");
  expect(await code(asking.network.request(to, "votes", one))).toBe("unavailable");
  expect(await code(asking.network.request("12D3KooWnobody", "votes", one))).toBe("disconnected");
  expect(asking.network.peers()[0]?.score).toBe(0);
  expect(serving.network.peers()[0]?.score).toBeLessThan(-25);
  expect(serving.logs.some((line) => line.startsWith("error votes request failed"))).toBe(true);

  expect(await code(asking.network.request(to, "blob", one, { timeoutMs: 100 }))).toBe("timeout");
  expect(asking.network.peers()[0]?.score).toBeLessThan(0);
  const giveUp = new AbortController();
  const pending = code(asking.network.request(to, "blob", one, { signal: giveUp.signal }));
  giveUp.abort();
  expect(await pending).toBe("aborted");
});

test("a request over its bound is a fault of the caller", async () => {
  const { asking, to } = await pair({});
  await expect(asking.network.request(to, "status", bytesOf(1025, 1))).rejects.toThrow("at most 1024 may be sent");
  expect(asking.network.peers()).toHaveLength(1);
});

test("a node makes no more requests than its peer allows, and is not charged for trying", async () => {
  const gate = Promise.withResolvers<Uint8Array>();
  const { asking, serving, to } = await pair({ protocols: { blob: () => gate.promise } });
  const { burst } = PROTOCOLS.status;
  for (let i = 0; i < burst; i++) await asking.network.request(to, "status", Uint8Array.of(1));
  const refused: string[] = [];
  for (let i = 0; i < 3 * burst; i++) {
    const answer = asking.network.request(to, "status", Uint8Array.of(1));
    await answer.catch((error: unknown) => refused.push(error instanceof PeerError ? error.code : String(error)));
  }
  expect(refused.length).toBeGreaterThan(burst);
  expect(new Set(refused)).toEqual(new Set(["busy"]));
  const atOnce = Array.from({ length: PROTOCOLS.blob.concurrentPerPeer }, () =>
    asking.network.request(to, "blob", Uint8Array.of(2)),
  );
  expect((await failure(asking.network.request(to, "blob", Uint8Array.of(2)))).code).toBe("busy");
  gate.resolve(Uint8Array.of(3));
  expect(await Promise.all(atOnce)).toEqual(atOnce.map(() => Uint8Array.of(3)));
  expect(serving.network.peers()[0]?.score).toBe(0);
});

test("a peer that goes away in the middle fails the request", async () => {
  const { asking, serving, to } = await pair({ protocols: { blob: () => new Promise(() => undefined) } });
  const pending = failure(asking.network.request(to, "blob", Uint8Array.of(1)));
  await sleep(50);
  await serving.network.stop();
  expect((await pending).code).toBe("disconnected");
});

function requested(stream: Stream): Promise<unknown> {
  return new Promise((resolve) => stream.addEventListener("message", resolve, { once: true }));
}

/** A node connected to a bare host that answers `status` with the given bytes. */
async function lyingServer(
  answer: Uint8Array,
  close = true,
): Promise<{ node: TestNode; host: Attacker; peer: string }> {
  const node = await startNode();
  const host = await startAttacker();
  await host.handle(protocolId(GENESIS_ROOT, "status"), async (stream) => {
    await requested(stream);
    stream.send(answer);
    if (close) await stream.close();
  });
  const connected = Promise.withResolvers<void>();
  node.network.onPeer(() => connected.resolve());
  await host.dial(multiaddr(addressOf(node)));
  await connected.promise;
  return { node, host, peer: host.peerId.toString() };
}

const BIG = PROTOCOLS.status.maxResponseBytes;
test.each([
  ["a body over the bound", encodeFrame(Uint8Array.of(0), compress(bytesOf(BIG + 1, 1))), "oversize"],
  ["a bomb", encodeFrame(Uint8Array.of(0), Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x04, 0xfe, 1, 0)), "oversize"],
  ["a frame that announces a gigabyte", Uint8Array.of(0xff, 0xff, 0xff, 0x7f, 1, 2), "oversize"],
  ["an endless prefix", bytesOf(40, 0xff), "malformed"],
  ["no snappy", encodeFrame(Uint8Array.of(0, 5, 1, 1)), "malformed"],
  ["an unknown status", encodeFrame(Uint8Array.of(77)), "malformed"],
  ["an empty frame", encodeFrame(), "malformed"],
  ["two frames", new Uint8Array([...encodeFrame(Uint8Array.of(1)), ...encodeFrame(Uint8Array.of(1))]), "malformed"],
] as const)("%s is refused and charged", async (_, answer, code) => {
  const { node, peer } = await lyingServer(answer);
  const error = await failure(node.network.request(peer, "status", Uint8Array.of(1)));
  expect(error.code).toBe(code);
  expect(error.penalty).toBeGreaterThan(0);
  expect(node.network.peers()[0]?.score).toBeLessThan(-30);
});

test("an answer that is begun and not finished times out; one cut short is a lost connection; no protocol is unsupported", async () => {
  const { node, host, peer } = await lyingServer(Uint8Array.of(100, 0), false);
  expect((await failure(node.network.request(peer, "status", Uint8Array.of(1), { timeoutMs: 100 }))).code).toBe(
    "timeout",
  );
  await host.unhandle(protocolId(GENESIS_ROOT, "status"));
  await host.handle(protocolId(GENESIS_ROOT, "status"), async (stream) => {
    await requested(stream);
    stream.send(Uint8Array.of(100, 0));
    await stream.close();
  });
  expect((await failure(node.network.request(peer, "status", Uint8Array.of(1)))).code).toBe("disconnected");
  expect((await failure(node.network.request(peer, "votes", Uint8Array.of(1)))).code).toBe("unsupported");
  await until(() => node.network.peers().length === 1, "still connected");
});
