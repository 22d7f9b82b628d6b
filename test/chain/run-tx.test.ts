import { TxMsgData } from "cosmjs-types/cosmos/base/abci/v1beta1/abci";
import { AuthInfo, Fee, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { describe, expect, test } from "vitest";
import { createBls } from "../../chain/crypto/bls.ts";
import { decodeTx } from "../../chain/decode-tx.ts";
import { TxError } from "../../chain/errors.ts";
import { NO_LANE } from "../../chain/executor/inline-lane.ts";
import { runTx, type TxEnvironment } from "../../chain/executor/run-tx.ts";
import { type BlockInfo, type ChainSpec, messageType } from "../../chain/module.ts";
import { Uint64 } from "../../chain/types/primitives.ts";
import { collection, heightKey } from "../../state/collections.ts";
import { createOverlay } from "../../state/overlay.ts";
import type { Overlay, StateReader } from "../../state/store.ts";

const spec: ChainSpec = { chainId: "test-1", genesisRoot: new Uint8Array(32), prefix: "assay", denom: "uassay" };
const block: BlockInfo = {
  height: 1,
  time: 1000,
  spec,
  params: new Map(),
  validators: [],
  proposer: new Uint8Array(20),
  beacon: new Uint8Array(32),
  messages: new Map(),
  inline: NO_LANE,
};
const empty: StateReader = { get: () => undefined, iterate: () => [] };
const numbers = collection("chain", 200, heightKey, Uint64);

/** Writes its first byte, then does what the second says: 0 returns, 1 throws TxError, 2 throws a bug. */
const poke = messageType<Uint8Array, number>({
  typeUrl: "/test.toy.Poke",
  responseTypeUrl: "/test.toy.PokeResponse",
  decode: (reader) => reader.buf,
  encodeResponse: (response) => Uint8Array.of(response),
  signers: () => [new Uint8Array(20).fill(1)],
  validate: () => undefined,
  execute(ctx, message) {
    const key = message[0] ?? 0;
    numbers.set(ctx.store, key, 1);
    ctx.emit("poked", ["key", String(key)]);
    if (message[1] === 1) throw new TxError("toy", 7, "asked to fail");
    if (message[1] === 2) throw new RangeError("a bug");
    return key;
  },
});
const registry = new Map([[poke.typeUrl, poke]]);
const env: TxEnvironment = {
  block,
  bls: createBls(),
  ante(ctx, tx) {
    ctx.gas.consume(500, "ante");
    if (tx.body.memo === "refuse") throw new TxError("sdk", 4, "refused");
    numbers.set(ctx.store, 100, 1);
    ctx.emit("tx", ["fee", "0"]);
  },
};

function tx(messages: readonly (readonly number[])[], options: { memo?: string; gasLimit?: bigint } = {}) {
  const body = TxBody.fromPartial({
    memo: options.memo ?? "",
    messages: messages.map((bytes) => ({ typeUrl: poke.typeUrl, value: Uint8Array.from(bytes) })),
  });
  const authInfo = AuthInfo.fromPartial({ fee: Fee.fromPartial({ gasLimit: options.gasLimit ?? 100_000n }) });
  const raw = TxRaw.fromPartial({
    bodyBytes: TxBody.encode(body).finish(),
    authInfoBytes: AuthInfo.encode(authInfo).finish(),
  });
  return decodeTx(TxRaw.encode(raw).finish(), registry, spec);
}

const written = (overlay: Overlay): number[] => numbers.entries(overlay).map(([key]) => key);

describe("runTx", () => {
  test("writes all messages, and their responses and events in order", () => {
    const overlay = createOverlay(empty);
    const result = runTx(
      env,
      overlay,
      tx([
        [1, 0],
        [2, 0],
      ]),
      "deliver",
    );
    expect(result.code).toBe(0);
    expect(written(overlay)).toEqual([1, 2, 100]);
    const data = TxMsgData.decode(result.data);
    expect(data.msgResponses.map(({ typeUrl, value }) => [typeUrl, ...value])).toEqual([
      ["/test.toy.PokeResponse", 1],
      ["/test.toy.PokeResponse", 2],
    ]);
    expect(result.events.map((event) => event.type)).toEqual(["tx", "message", "poked", "message", "poked"]);
    expect(result.events.at(-1)?.attributes).toEqual([
      ["key", "2"],
      ["msg_index", "1"],
    ]);
  });

  test("a message's TxError keeps what the ante step wrote and nothing else", () => {
    const overlay = createOverlay(empty);
    const result = runTx(
      env,
      overlay,
      tx([
        [1, 0],
        [2, 1],
        [3, 0],
      ]),
      "deliver",
    );
    expect([result.codespace, result.code]).toEqual(["toy", 7]);
    expect(result.log).toBe("failed to execute message; message index: 1: asked to fail");
    expect(result.data).toHaveLength(0);
    expect(result.events.map((event) => event.type)).toEqual(["tx"]);
    expect(written(overlay)).toEqual([100]);
    expect(result.gasUsed).toBeGreaterThan(500);
  });

  test("any other exception is no result", () => {
    const overlay = createOverlay(empty);
    expect(() => runTx(env, overlay, tx([[1, 2]]), "deliver")).toThrow(RangeError);
  });

  test("a transaction the ante step refuses leaves no trace", () => {
    const overlay = createOverlay(empty);
    expect(() => runTx(env, overlay, tx([[1, 0]], { memo: "refuse" }), "deliver")).toThrow("refused");
    expect(written(overlay)).toEqual([]);
  });

  test("running out of gas fails the messages and charges the limit's worth", () => {
    const overlay = createOverlay(empty);
    const result = runTx(
      env,
      overlay,
      tx(
        [
          [1, 0],
          [2, 0],
          [3, 0],
        ],
        { gasLimit: 7000n },
      ),
      "deliver",
    );
    expect([result.codespace, result.code]).toEqual(["sdk", 11]);
    expect(result.gasWanted).toBe(7000);
    expect(result.gasUsed).toBeGreaterThan(7000);
    expect(written(overlay)).toEqual([100]);
  });

  test("simulation uses what delivery uses", () => {
    const delivered = runTx(env, createOverlay(empty), tx([[1, 0]]), "deliver");
    const simulated = runTx(env, createOverlay(empty), tx([[1, 0]], { gasLimit: 0n }), "simulate");
    expect(simulated.gasUsed).toBe(delivered.gasUsed);
  });
});
