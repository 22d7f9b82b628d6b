import { Any } from "cosmjs-types/google/protobuf/any";
import { describe, expect, test } from "vitest";
import { createBls } from "../../chain/crypto/bls.ts";
import { TxError } from "../../chain/errors.ts";
import { createContext } from "../../chain/executor/context.ts";
import { NO_LANE } from "../../chain/executor/inline-lane.ts";
import { meteredStore } from "../../chain/executor/metered-store.ts";
import { atomically, parseNested, runNested } from "../../chain/executor/nested-messages.ts";
import { gasMeter } from "../../chain/gas.ts";
import { type BlockInfo, type MessageContext, messageType } from "../../chain/module.ts";
import { Uint64 } from "../../chain/types/primitives.ts";
import { collection, heightKey } from "../../state/collections.ts";
import { createOverlay } from "../../state/overlay.ts";

const numbers = collection("chain", 200, heightKey, Uint64);

/** Writes its first byte at itself, then does what the second says: 0 returns it, 1 throws a TxError, 2 a bug. */
const poke = messageType<Uint8Array, number>({
  typeUrl: "/test.toy.Poke",
  responseTypeUrl: "/test.toy.PokeResponse",
  decode(reader) {
    const bytes = reader.buf.slice();
    if (bytes.length !== 2) throw new Error("two bytes are a poke");
    return bytes;
  },
  encodeResponse: (value) => Uint8Array.of(value),
  signers: () => [],
  validate([value]) {
    if (value === 255) throw new TxError("toy", 7, "255 is no number");
  },
  execute(ctx, [value = 0, how]) {
    numbers.set(ctx.store, value, value);
    ctx.emit("poke", ["value", String(value)]);
    if (how === 1) throw new TxError("toy", 3, "poked too hard");
    if (how === 2) throw new Error("a bug");
    return value;
  },
});

const block: BlockInfo = {
  height: 1,
  time: 1000,
  spec: { chainId: "test-1", genesisRoot: new Uint8Array(32), prefix: "assay", denom: "uassay" },
  params: new Map(),
  validators: [],
  proposer: new Uint8Array(20),
  beacon: new Uint8Array(32),
  messages: new Map([[poke.typeUrl, poke]]),
  inline: NO_LANE,
};
const NOTHING = new Set<string>();

function scene() {
  const store = createOverlay({ get: () => undefined, iterate: () => [] });
  const recording = createContext(block, store, createBls());
  const ctx: MessageContext = { ...recording, txHash: new Uint8Array(32), sequence: 0, messageIndex: 0 };
  const parse = (value: number, how: number) => {
    return parseNested(block, Any.fromPartial({ typeUrl: poke.typeUrl, value: Uint8Array.of(value, how) }), NOTHING);
  };
  return { ctx, parse, events: recording.events, written: () => [...numbers.entries(store)].map(([key]) => key) };
}

/** The same over a metered store. */
function meteredScene() {
  const { ctx, parse } = scene();
  const gas = gasMeter(1_000_000);
  return { ctx: { ...ctx, gas, store: meteredStore(ctx.store, gas) }, parse, gas };
}

describe("carried messages", () => {
  test("cost what they cost by themselves, also within each other and where they come to nothing", () => {
    const alone = meteredScene();
    for (const value of [5, 5, 6]) alone.parse(value, 0).execute(alone.ctx);
    const carried = meteredScene();
    const three = [5, 5, 6].map((value) => carried.parse(value, 0));
    runNested(carried.ctx, three);
    expect(carried.gas.used).toBe(alone.gas.used);
    atomically(carried.ctx, (inner) => atomically(inner, (innermost) => runNested(innermost, three)));
    expect(carried.gas.used).toBe(2 * alone.gas.used);
    const failing = meteredScene();
    const last = failing.parse(6, 1);
    expect(() => runNested(failing.ctx, [failing.parse(5, 0), failing.parse(5, 0), last])).toThrow(TxError);
    expect(failing.gas.used).toBe(alone.gas.used);
  });

  test("run in order, with their writes, events and responses", () => {
    const { ctx, parse, events, written } = scene();
    expect(runNested(ctx, [parse(5, 0), parse(6, 0)])).toEqual([Uint8Array.of(5), Uint8Array.of(6)]);
    expect(written()).toEqual([5, 6]);
    expect(events.map(({ attributes }) => attributes[0]?.[1])).toEqual(["5", "6"]);
  });

  test("leave nothing behind when one of them fails, which is named", () => {
    const { ctx, parse, events, written } = scene();
    expect(() => runNested(ctx, [parse(5, 0), parse(6, 1)])).toThrow(
      expect.objectContaining({ codespace: "toy", code: 3, message: "message 1: poked too hard" }),
    );
    expect([written(), events]).toEqual([[], []]);
  });

  test("do not turn a fault into a failed message", () => {
    const { ctx, parse, written } = scene();
    const run = () => runNested(ctx, [parse(5, 2)]);
    expect(run).toThrow("a bug");
    expect(run).not.toThrow(TxError);
    expect(written()).toEqual([]);
  });

  test.each([
    ["of an unknown type", { typeUrl: "/test.toy.Shove" }, NOTHING, 2],
    ["that does not decode", { value: Uint8Array.of(1) }, NOTHING, 2],
    ["that is barred", {}, new Set([poke.typeUrl]), 18],
    ["that is not valid", { value: Uint8Array.of(255, 0) }, NOTHING, 7],
  ])("one %s is refused", (_, change, barred, code) => {
    const any = Any.fromPartial({ typeUrl: poke.typeUrl, value: Uint8Array.of(1, 0), ...change });
    expect(() => parseNested(block, any, barred)).toThrow(expect.objectContaining({ name: "TxError", code }));
  });
});

test("what runs atomically sees its own writes and those before it", () => {
  const { ctx, written } = scene();
  numbers.set(ctx.store, 1, 10);
  const seen = atomically(ctx, (inner) => {
    numbers.set(inner.store, 2, 20);
    return [numbers.get(inner.store, 1), numbers.get(inner.store, 2), numbers.get(ctx.store, 2)];
  });
  expect(seen).toEqual([10, 20, undefined]);
  expect(written()).toEqual([1, 2]);
});
