import { BinaryReader, BinaryWriter } from "cosmjs-types/binary";
import { MsgSend, MsgSendResponse } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { BasicAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import { Fee } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fromHex } from "../../chain/bytes.ts";
import "../../chain/protobuf-writer.ts";

/** What protobuf says: seven bits a byte, the least first, of the two's complement of 64 bits. */
function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

const written = (kind: "int64" | "uint64", value: bigint) => BinaryWriter.create()[kind](value).finish();

/** Where bytes, words and signs end. */
const edges = [7n, 14n, 28n, 31n, 32n, 35n, 53n, 62n].flatMap((bit) => [-1n, 0n, 1n].map((by) => 2n ** bit + by));
const edge = fc.constantFrom(...edges);
const inGap = fc.bigInt({ min: 2n ** 31n, max: 2n ** 32n - 1n });

test("every number of 64 bits is written as protobuf says, and read as it was", () => {
  const signed = fc.oneof(
    edge,
    edge.map((value) => -value),
    inGap,
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  );
  const unsigned = fc.oneof(edge, inGap, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
  fc.assert(
    fc.property(signed, unsigned, (one, other) => {
      expect([...written("int64", one)]).toEqual(varint(one));
      expect([...written("uint64", other)]).toEqual(varint(other));
      expect(new BinaryReader(written("int64", one)).int64()).toBe(one);
      expect(new BinaryReader(written("uint64", other)).uint64()).toBe(other);
    }),
  );
});

test("generated codecs write times after 2038, and much gas", () => {
  const expiration = { seconds: 2_500_000_000n, nanos: 5 };
  const allowance = { spendLimit: [], expiration };
  expect(BasicAllowance.decode(BasicAllowance.encode(allowance).finish())).toEqual(allowance);
  const fee = { amount: [], gasLimit: 2n ** 31n, payer: "", granter: "" };
  expect(Fee.decode(Fee.encode(fee).finish())).toEqual(fee);
});

test("a message takes the memory of its own bytes, and they are those of the encoding", () => {
  const amount = [{ denom: "uassay", amount: "1" }];
  const bytes = MsgSend.encode({ fromAddress: "a", toAddress: "b", amount }).finish();
  expect(bytes).toEqual(fromHex("0a0161120162" + "1a0b0a06756173736179120131"));
  expect(bytes.buffer.byteLength).toBe(bytes.length);
  expect(MsgSendResponse.encode({}).finish()).toEqual(new Uint8Array(0));
});
