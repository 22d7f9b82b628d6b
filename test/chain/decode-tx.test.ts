import { AuthInfo, Fee, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeTx, parseAmount, parseCoins } from "../../chain/decode-tx.ts";
import { TxError } from "../../chain/errors.ts";
import { type ChainSpec, messageType } from "../../chain/module.ts";

const spec: ChainSpec = { chainId: "test-1", genesisRoot: new Uint8Array(32), prefix: "assay", denom: "uassay" };
const alice = new Uint8Array(20).fill(1);

/** A message whose bytes are its signer's address. */
const ping = messageType<Uint8Array, null>({
  typeUrl: "/test.Ping",
  responseTypeUrl: "/test.PingResponse",
  decode: ({ buf }) => {
    if (buf.length !== 20) throw new Error("20 bytes expected");
    return buf;
  },
  encodeResponse: () => new Uint8Array(0),
  signers: (message) => [message],
  validate: () => undefined,
  execute: () => null,
});
const registry = new Map([[ping.typeUrl, ping]]);

function encode(options: {
  typeUrl?: string;
  value?: Uint8Array;
  fee?: Partial<Fee> | null;
  messages?: number;
}): Uint8Array {
  const { typeUrl = "/test.Ping", value = alice, fee = {}, messages = 1 } = options;
  const body = TxBody.fromPartial({ messages: Array.from({ length: messages }, () => ({ typeUrl, value })) });
  const authInfo = AuthInfo.fromPartial({
    signerInfos: [],
    ...(fee === null ? {} : { fee: Fee.fromPartial({ amount: [], gasLimit: 100_000n, ...fee }) }),
  });
  const bodyBytes = TxBody.encode(body).finish();
  const authInfoBytes = AuthInfo.encode(authInfo).finish();
  return TxRaw.encode({ bodyBytes, authInfoBytes, signatures: [] }).finish();
}

function refusal(bytes: Uint8Array): TxError {
  try {
    decodeTx(bytes, registry, spec);
  } catch (error) {
    if (error instanceof TxError) return error;
    throw error;
  }
  throw new Error("the transaction was accepted");
}

describe("decodeTx", () => {
  test("gives the messages, the distinct signers and the hash of the bytes as received", () => {
    const bytes = encode({ messages: 2, fee: { amount: [{ denom: "uassay", amount: "5" }] } });
    const tx = decodeTx(bytes, registry, spec);
    expect(tx.messages.map((message) => message.typeUrl)).toEqual(["/test.Ping", "/test.Ping"]);
    expect(tx.signers).toEqual([alice]);
    expect(tx.fee).toEqual([{ denom: "uassay", amount: 5n }]);
    expect(tx.gasLimit).toBe(100_000);
    expect(tx.hash).toHaveLength(32);
  });

  test.each([
    ["an unknown message type", encode({ typeUrl: "/test.Unknown" }), 2, "unable to resolve type URL /test.Unknown"],
    ["a message that does not decode", encode({ value: Uint8Array.of(1) }), 2, "20 bytes expected"],
    ["no message", encode({ messages: 0 }), 18, "at least one message"],
    ["no fee", encode({ fee: null }), 13, "names no fee"],
    ["a negative fee", encode({ fee: { amount: [{ denom: "uassay", amount: "-5" }] } }), 10, "positive integer"],
    ["a gas limit beyond exact numbers", encode({ fee: { gasLimit: 1n << 60n } }), 18, "gas limit"],
    ["bytes that are no transaction", Uint8Array.of(0xff, 0xff), 2, "tx parse error"],
  ])("refuses %s", (_, bytes, code, text) => {
    const error = refusal(bytes);
    expect([error.codespace, error.code]).toEqual(["sdk", code]);
    expect(error.message).toContain(text);
  });

  test("refuses a second encoding of the same content, which would have another hash", () => {
    const bytes = encode({});
    const withUnknownField = new Uint8Array([...bytes, 0x7a, 0x01, 0x00]);
    expect(refusal(withUnknownField).message).toContain("not encoded canonically");
  });

  test("refuses groups, which decoders would skip by recursion as deep as the sender likes", () => {
    const group = new Uint8Array([...new Uint8Array(20_000).fill(0x7b), ...new Uint8Array(20_000).fill(0x7c)]);
    const inRaw = new Uint8Array([...encode({}), ...group]);
    const bodyBytes = new Uint8Array([...TxRaw.decode(encode({})).bodyBytes, ...group]);
    const inBody = TxRaw.encode({ ...TxRaw.decode(encode({})), bodyBytes }).finish();
    for (const bytes of [inRaw, inBody]) {
      const error = refusal(bytes);
      expect([error.code, error.message]).toEqual([2, expect.stringContaining("groups are not supported")]);
    }
  });

  test("never throws anything but TxError, whatever the bytes", () => {
    const valid = encode({ fee: { amount: [{ denom: "uassay", amount: "5" }] } });
    const mutated = fc.tuple(fc.nat(valid.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, flip]) => {
      const copy = Uint8Array.from(valid);
      copy[at] = (copy[at] ?? 0) ^ flip;
      return copy;
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated), (bytes) => {
        try {
          decodeTx(bytes, registry, spec);
        } catch (error) {
          expect(error).toBeInstanceOf(TxError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("amounts", () => {
  test("are decimal integers of at most 128 bits, written in one way", () => {
    expect(parseAmount(String((1n << 128n) - 1n))).toBe((1n << 128n) - 1n);
    for (const text of ["", "01", "+1", "-1", "1.0", "1e3", " 1", String(1n << 128n), "0x1"]) {
      expect(parseAmount(text)).toBeUndefined();
    }
  });

  test("coins are sorted, positive and distinct", () => {
    expect(() => parseCoins([{ denom: "b", amount: "1" }])).toThrow("invalid denom");
    expect(() => parseCoins([{ denom: "bbb", amount: "0" }])).toThrow("positive integer");
    const twice = [
      { denom: "bbb", amount: "1" },
      { denom: "bbb", amount: "1" },
    ];
    expect(() => parseCoins(twice)).toThrow("stands twice");
    const unsorted = [
      { denom: "bbb", amount: "1" },
      { denom: "aaa", amount: "1" },
    ];
    expect(() => parseCoins(unsorted)).toThrow("out of order");
  });
});
