import { makeSignDoc, serializeSignDoc } from "@cosmjs/amino";
import { AminoTypes, createDefaultAminoConverters } from "@cosmjs/stargate";
import fc from "fast-check";
import { expect, test } from "vitest";
import { aminoConverters } from "../../client/amino.ts";
import { registryTypes } from "../../client/transactions.ts";
import { MsgRegisterModel, MsgRequestInference } from "../../proto/inference.ts";
import { MsgSetVoteKey } from "../../proto/staking.ts";

const amino = new AminoTypes({ ...createDefaultAminoConverters(), ...aminoConverters });

interface AnyCodec {
  encode(message: never): { finish(): Uint8Array };
}

const anyBytes = fc.uint8Array({ maxLength: 40 });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const uint32 = fc.nat(2 ** 32 - 1);
const text = fc.oneof(fc.string(), fc.constantFrom("", "0"));
const coin = fc.option(fc.record({ denom: text, amount: text }), { nil: undefined });
const spec = fc.record({ name: text, dtype: text, shape: fc.array(uint64, { maxLength: 3 }) });

const messages = fc.oneof(
  fc
    .record({ requester: text, model: text, inputs: anyBytes, maxFee: coin, valueAtRisk: text, deadline: uint64 })
    .map((value) => ({ typeUrl: MsgRequestInference.typeUrl, value, codec: MsgRequestInference })),
  fc
    .record({
      owner: text,
      name: text,
      version: text,
      class: text,
      engineId: anyBytes,
      inputs: fc.array(spec, { maxLength: 2 }),
      outputs: fc.array(spec, { maxLength: 2 }),
      opset: uint32,
      modelRoot: anyBytes,
      modelBytes: uint64,
      fee: text,
      royaltyPpm: uint32,
      licence: text,
      parent: anyBytes,
      probes: fc.array(anyBytes, { maxLength: 2 }),
      maxDeposit: coin,
    })
    .map((value) => ({ typeUrl: MsgRegisterModel.typeUrl, value, codec: MsgRegisterModel })),
  fc
    .record({ validatorAddress: text, voteKey: anyBytes, proofOfPossession: anyBytes, identitySignature: anyBytes })
    .map((value) => ({ typeUrl: MsgSetVoteKey.typeUrl, value, codec: MsgSetVoteKey })),
);

test("a message that comes back from an amino signer is, byte for byte, the one that went there", () => {
  fc.assert(
    fc.property(messages, ({ typeUrl, value, codec }) => {
      const sent = JSON.parse(JSON.stringify(amino.toAmino({ typeUrl, value })));
      const back = amino.fromAmino(sent);
      expect(back.typeUrl).toBe(typeUrl);
      const encoded = (message: unknown) => (codec as AnyCodec).encode(message as never).finish();
      expect(encoded(back.value)).toEqual(encoded(value));
    }),
  );
});

test("every message type of the chain has a converter", () => {
  expect(Object.keys(aminoConverters).sort()).toEqual(registryTypes.map(([typeUrl]) => typeUrl).sort());
});

test("a request is written as a hardware wallet shows it", () => {
  const value = MsgRequestInference.fromPartial({
    requester: "assay1a",
    model: "cnn_digits",
    inputs: Uint8Array.of(1, 2, 255),
    maxFee: { denom: "uassay", amount: "5200" },
    valueAtRisk: "0",
    deadline: 0n,
  });
  const message = amino.toAmino({ typeUrl: MsgRequestInference.typeUrl, value });
  const doc = makeSignDoc([message], { gas: "1", amount: [] }, "assay-1", "", 4, 2);
  expect(new TextDecoder().decode(serializeSignDoc(doc))).toBe(
    '{"account_number":"4","chain_id":"assay-1","fee":{"amount":[],"gas":"1"},"memo":"","msgs":[{"type":"assay/MsgRequestInference",' +
      '"value":{"inputs":"AQL/","max_fee":{"amount":"5200","denom":"uassay"},"model":"cnn_digits","requester":"assay1a",' +
      '"value_at_risk":"0"}}],"sequence":"2"}',
  );
});

test("a model is written with its 64-bit integers as texts, and without what is empty", () => {
  const value = MsgRegisterModel.fromPartial({
    owner: "assay1a",
    name: "m",
    inputs: [{ name: "x", dtype: "float32", shape: [0n, 18446744073709551615n] }, {}],
    opset: 17,
    modelBytes: 70000n,
    fee: "0",
    probes: [new Uint8Array(0), Uint8Array.of(7)],
  });
  expect(amino.toAmino({ typeUrl: MsgRegisterModel.typeUrl, value })).toEqual({
    type: "assay/MsgRegisterModel",
    value: {
      owner: "assay1a",
      name: "m",
      inputs: [{ name: "x", dtype: "float32", shape: ["0", "18446744073709551615"] }, {}],
      opset: 17,
      model_bytes: "70000",
      fee: "0",
      probes: ["", "Bw=="],
    },
  });
});

test("a vote key is written in snake case and base64", () => {
  const value = MsgSetVoteKey.fromPartial({ validatorAddress: "assayvaloper1a", voteKey: Uint8Array.of(1) });
  expect(amino.toAmino({ typeUrl: MsgSetVoteKey.typeUrl, value })).toEqual({
    type: "assay/MsgSetVoteKey",
    value: { validator_address: "assayvaloper1a", vote_key: "AQ==" },
  });
});
