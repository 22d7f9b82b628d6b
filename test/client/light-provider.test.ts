import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import type { LightClientAttackEvidence } from "../../chain/types/evidence.ts";
import { LightBlock, MAX_LIGHT_BLOCK_BYTES } from "../../chain/types/light-block.ts";
import { NodeError } from "../../client/errors.ts";
import { decodeLightBlock, rpcProvider } from "../../client/light-provider.ts";
import { at, makeChain, steady } from "../light/chain-maker.ts";
import { call, callError, start, startWithTx } from "../rpc/start.ts";

const BLOCK = at(makeChain(steady([[1, 10]], 1)), 1);
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const BYTES = LightBlock.serialize(BLOCK);

test("a node's light blocks are those of its chain, the tip's without a height", async () => {
  const { http, node } = await startWithTx();
  const provider = rpcProvider(http);
  expect(provider.name).toBe(http);
  const second = await provider.lightBlock(2);
  expect(second?.header).toEqual(node.api.block(2)?.block.header);
  expect(second?.commit).toEqual(node.api.block(2)?.commit);
  expect(second?.validators).toEqual(node.api.rotation(2)?.validators);
  expect((await provider.lightBlock())?.header.height).toBe(3);
  expect(await call(http, "assay_light_block", { height: "1" })).toMatchObject({ height: "1" });
});

test("a block that a node does not hold is none, whatever the reason", async () => {
  const { http } = await startWithTx();
  expect(await rpcProvider(http).lightBlock(9)).toBeUndefined();
  expect(await rpcProvider((await start(0)).http).lightBlock()).toBeUndefined();
  const { node, http: pruned } = await start(2);
  Object.assign(node.api, { rotation: () => undefined });
  expect(await callError(pruned, "assay_light_block", { height: "1" })).toMatchObject({
    data: "the validator set of height 1 is not available",
  });
  expect(await rpcProvider(pruned).lightBlock(1)).toBeUndefined();
});

test("a node that does not answer, or is none, is an error", async () => {
  await expect(rpcProvider("http://127.0.0.1:9").lightBlock(1)).rejects.toThrow(NodeError);
  const { http } = await start(1);
  await expect(rpcProvider(http).lightBlock(-1)).rejects.toThrow(/height must be greater than 0/);
});

test("an answer larger than any light block is not read", async () => {
  const server = createServer((_, response) => response.end(`{"x":"${"y".repeat(3 * MAX_LIGHT_BLOCK_BYTES)}"}`));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  await expect(rpcProvider(`http://127.0.0.1:${port}`).lightBlock(1)).rejects.toThrow(/larger than/);
});

test("evidence is handed over in the form that the chain takes, and a refusal is told", async () => {
  const { http, node } = await start(1);
  const taken: LightClientAttackEvidence[] = [];
  let outcome: "accepted" | "refused" = "accepted";
  const submitAttack = (evidence: LightClientAttackEvidence) => {
    taken.push(evidence);
    return outcome;
  };
  Object.assign(node.api, { submitAttack });
  const trusted = at(
    makeChain(
      steady(
        [
          [2, 5],
          [1, 5],
        ],
        1,
      ),
      { salt: 1 },
    ),
    1,
  );
  const divergence = { commonHeight: 0, trusted, conflicting: BLOCK };
  const provider = rpcProvider(http);
  await provider.report?.(divergence);
  expect(taken.map(({ header }) => header)).toEqual([BLOCK.header]);
  expect(taken[0]?.commit.signers.toBoolArray()).toEqual([false, true]);
  outcome = "refused";
  await expect(provider.report?.(divergence)).rejects.toThrow(/says that the evidence proves nothing/);
  const unknown = at(makeChain(steady([[3, 1]], 1)), 1);
  await expect(provider.report?.({ ...divergence, conflicting: unknown })).rejects.toThrow(
    /whom the chain does not know/,
  );
  expect(taken).toHaveLength(2);
  expect(await callError(http, "assay_submit_attack", { evidence: "AAAA" })).toMatchObject({
    data: "evidence is no LightClientAttackEvidence",
  });
});

test("only proper SSZ is read", () => {
  expect(decodeLightBlock({ light_block: base64(BYTES) }, "n")).toEqual(BLOCK);
  for (const result of [
    undefined,
    null,
    {},
    { light_block: 5 },
    { light_block: "A".repeat(3 * MAX_LIGHT_BLOCK_BYTES) },
  ]) {
    expect(() => decodeLightBlock(result, "n")).toThrow("n answers no light block");
  }
  for (const text of ["", "????", base64(BYTES.subarray(1)), base64(new Uint8Array([...BYTES, 0]))]) {
    expect(() => decodeLightBlock({ light_block: text }, "n")).toThrow("n answers a light block that can't be read");
  }
});

test("whatever a node answers, what comes out is a light block or a NodeError", () => {
  const changed = fc.tuple(fc.nat({ max: BYTES.length - 1 }), fc.nat({ max: 255 })).map(([index, value]) => {
    const bytes = Uint8Array.from(BYTES);
    bytes[index] = value;
    return base64(bytes);
  });
  const text = fc.oneof(fc.base64String(), fc.string(), fc.uint8Array().map(base64), changed);
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.record({ light_block: text })), (result) => {
      try {
        expect(LightBlock.clone(decodeLightBlock(result, "n"))).toBeDefined();
      } catch (error) {
        expect(error).toBeInstanceOf(NodeError);
      }
    }),
    { numRuns: 500 },
  );
});
