import { readFileSync } from "node:fs";
import { Registry } from "@cosmjs/proto-signing";
import fc from "fast-check";
import protobuf from "protobufjs";
import { expect, test } from "vitest";
import type { MessageCodec } from "../../proto/codec.ts";
import * as feemarket from "../../proto/feemarket.ts";
import * as transactions from "../../proto/inference.ts";
import * as queries from "../../proto/inference-query.ts";
import * as params from "../../proto/params.ts";
import * as security from "../../proto/security.ts";
import * as staking from "../../proto/staking.ts";

/** What the chain's files import, as far as their fields go. */
const COSMOS = `
  syntax = "proto3";
  package cosmos.base.v1beta1;
  message Coin { string denom = 1; string amount = 2; }
  message DecCoin { string denom = 1; string amount = 2; }
`;
const PAGINATION = `
  syntax = "proto3";
  package cosmos.base.query.v1beta1;
  message PageRequest { bytes key = 1; uint64 offset = 2; uint64 limit = 3; bool count_total = 4; bool reverse = 5; }
  message PageResponse { bytes next_key = 1; uint64 total = 2; }
`;
const PACKAGES = [
  "assay.inference.v1",
  "assay.staking.v1",
  "assay.feemarket.v1",
  "assay.params.v1",
  "assay.security.v1",
  "feemarket.feemarket.v1",
];
const FILES = [
  "assay/inference/v1/tx.proto",
  "assay/inference/v1/query.proto",
  "assay/staking/v1/tx.proto",
  "assay/feemarket/v1/query.proto",
  "assay/params/v1/tx.proto",
  "assay/params/v1/query.proto",
  "assay/security/v1/query.proto",
  "feemarket/feemarket/v1/query.proto",
];

/** Its names are also those of other packages. */
const FEEMARKET = Object.fromEntries(Object.entries(feemarket).map(([name, codec]) => [`feemarket ${name}`, codec]));
const SECURITY = Object.fromEntries(Object.entries(security).map(([name, codec]) => [`security ${name}`, codec]));
const PARAMS = Object.fromEntries(Object.entries(params).map(([name, codec]) => [`params ${name}`, codec]));

const root = new protobuf.Root();
const ANY = `
  syntax = "proto3";
  package google.protobuf;
  message Any { string type_url = 1; bytes value = 2; }
`;
for (const source of [COSMOS, PAGINATION, ANY]) protobuf.parse(source, root);
for (const file of FILES) {
  protobuf.parse(readFileSync(new URL(`../../proto/${file}`, import.meta.url), "utf8"), root);
}
root.resolveAll();

/** Of a message of any kind: the values come from the files and not from the types. */
type AnyCodec = Omit<MessageCodec<Record<string, unknown>>, "fromPartial"> & {
  fromPartial(object: Record<string, unknown>): Record<string, unknown>;
};
const codecs = Object.values({
  ...transactions,
  ...queries,
  ...staking,
  ...SECURITY,
  ...FEEMARKET,
  ...PARAMS,
}) as unknown as readonly AnyCodec[];
const typeOf = (codec: AnyCodec) => root.lookupType(codec.typeUrl.slice(1));

function scalar(type: string): fc.Arbitrary<unknown> {
  switch (type) {
    case "string":
      return fc.string({ unit: "binary", maxLength: 8 });
    case "bytes":
      return fc.uint8Array({ maxLength: 8 });
    case "bool":
      return fc.boolean();
    case "uint32":
      return fc.integer({ min: 0, max: 2 ** 32 - 1 });
    case "uint64":
      return fc.oneof(fc.bigInt(0n, 300n), fc.bigInt(0n, 2n ** 64n - 1n));
    default:
      throw new Error(`no arbitrary for ${type}`);
  }
}

/** Random values of a message as the .proto file has it, field names and all. */
function valuesOf(type: protobuf.Type): fc.Arbitrary<Record<string, unknown>> {
  const fields: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of type.fieldsArray) {
    const { resolvedType } = field;
    const one = resolvedType instanceof protobuf.Type ? valuesOf(resolvedType) : scalar(field.type);
    const single = resolvedType === null ? one : fc.option(one, { nil: undefined });
    fields[field.name] = field.repeated ? fc.array(one, { maxLength: 3 }) : single;
  }
  return fc.record(fields).map((record) => {
    const present = Object.entries(record).filter(([, value]) => value !== undefined);
    return Object.fromEntries(present);
  });
}

/** protobufjs takes 64-bit integers as text. */
function forProtobufjs(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(forProtobufjs);
  if (value instanceof Uint8Array || typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, forProtobufjs(each)]));
}

test("every message of the files has a codec, and no codec is without one", () => {
  const inFiles = PACKAGES.flatMap((name) =>
    root.lookup(name) instanceof protobuf.Namespace
      ? (root.lookup(name) as protobuf.Namespace).nestedArray
          .filter((nested) => nested instanceof protobuf.Type)
          .map(({ fullName }) => `/${fullName.slice(1)}`)
      : [],
  );
  expect(codecs.map(({ typeUrl }) => typeUrl).sort()).toEqual(inFiles.sort());
});

test.each(codecs.map((codec) => [codec.typeUrl, codec] as const))(
  "%s: the same bytes as protobufjs, both ways",
  (_, codec) => {
    const type = typeOf(codec);
    fc.assert(
      fc.property(valuesOf(type), (value) => {
        const bytes = codec.encode(codec.fromPartial(value)).finish();
        const theirs = type.encode(type.fromObject(forProtobufjs(value) as Record<string, unknown>)).finish();
        expect(Buffer.from(bytes)).toEqual(Buffer.from(theirs));
        expect(codec.decode(bytes)).toEqual(codec.fromPartial(value));
        expect(Buffer.from(codec.encode(codec.decode(theirs)).finish())).toEqual(Buffer.from(bytes));
      }),
      { numRuns: 20 },
    );
  },
);

test("the comparison would see a wrong number", () => {
  const type = typeOf(staking.MsgSetVoteKey as unknown as AnyCodec);
  const bytes = type.encode(type.fromObject({ voteKey: Uint8Array.of(1) })).finish();
  bytes[0] = (3 << 3) | 2;
  expect(staking.MsgSetVoteKey.decode(bytes).voteKey).toEqual(new Uint8Array(0));
});

test("unknown fields are skipped, packed and unpacked numbers are read, the last of a repeated field wins", () => {
  const { TensorSpec } = transactions;
  const unpacked = Uint8Array.of(0x18, 3, 0x18, 4);
  const packed = Uint8Array.of(0x1a, 2, 3, 4);
  const unknown = Uint8Array.of(0x7a, 1, 9, 0x70, 5, 0x75, 1, 2, 3, 4);
  const expected = { name: "", dtype: "", shape: [3n, 4n] };
  for (const bytes of [unpacked, packed, Uint8Array.of(...unknown, ...packed), Uint8Array.of(...packed, ...unknown)]) {
    expect(TensorSpec.decode(bytes)).toEqual(expected);
  }
  expect(TensorSpec.decode(Uint8Array.of(0x0a, 1, 97, 0x0a, 1, 98)).name).toBe("b");
});

const malformed: readonly (readonly [what: string, bytes: Uint8Array])[] = [
  ["a string that is cut off", Uint8Array.of(0x0a, 5, 97)],
  ["a wrong wire type", Uint8Array.of(0x08, 1)],
  ["packed numbers that are cut off", Uint8Array.of(0x1a, 9, 1)],
  ["packed numbers that overrun", Uint8Array.of(0x1a, 1, 0x80, 0x01)],
  ["a tag without value", Uint8Array.of(0x0a)],
  ["a group", Uint8Array.of(0x7b, 0x7c)],
  ["a length of 4 GiB", Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f)],
  ["an unknown field that is cut off", Uint8Array.of(0x7a, 200, 1)],
];

test.each(malformed)("%s is refused", (_, bytes) => {
  expect(() => transactions.TensorSpec.decode(bytes)).toThrow();
});

test("a message within a message can't reach beyond it", () => {
  const inner = Uint8Array.of(0x0a, 5, 97);
  const bytes = Uint8Array.of(0x32, inner.length, ...inner, 98, 99, 100, 101);
  expect(() => transactions.MsgRegisterModel.decode(bytes)).toThrow();
});

test("groups nested a million deep are refused at the first", () => {
  expect(() => transactions.MsgRequestInference.decode(new Uint8Array(1_000_000).fill(0x7b))).toThrow(/groups/);
});

test("whatever the bytes, decoding ends in a value or an error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.constantFrom(...codecs), (bytes, codec) => {
      try {
        codec.decode(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
    { numRuns: 500 },
  );
});

test("CosmJS's registry takes the codecs", () => {
  const { MsgRequestInference } = transactions;
  const registry = new Registry([[MsgRequestInference.typeUrl, MsgRequestInference]]);
  const value = { requester: "assay1", model: "digits", maxFee: { denom: "uassay", amount: "5" }, deadline: 7n };
  const any = registry.encodeAsAny({ typeUrl: MsgRequestInference.typeUrl, value });
  expect(registry.decode(any)).toEqual({
    ...value,
    inputsBlob: new Uint8Array(0),
    inputs: new Uint8Array(0),
    valueAtRisk: "",
    lane: "",
  });
});
