import { makeSignDoc, serializeSignDoc } from "@cosmjs/amino";
import { AminoTypes, createDefaultAminoConverters } from "@cosmjs/stargate";
import { MsgGrant } from "cosmjs-types/cosmos/authz/v1beta1/tx";
import { PubKey as Ed25519Key } from "cosmjs-types/cosmos/crypto/ed25519/keys";
import { PeriodicAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import { MsgGrantAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/tx";
import { TextProposal } from "cosmjs-types/cosmos/gov/v1beta1/gov";
import { MsgUnjail } from "cosmjs-types/cosmos/slashing/v1beta1/tx";
import { StakeAuthorization } from "cosmjs-types/cosmos/staking/v1beta1/authz";
import { Timestamp } from "cosmjs-types/google/protobuf/timestamp";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aminoConverters } from "../../client/amino.ts";
import { registryTypes } from "../../client/transactions.ts";
import { modules } from "../../modules/registry.ts";
import { canonicalJson } from "../../proto/amino/sign-doc.ts";
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
    .record({
      requester: text,
      model: text,
      inputs: anyBytes,
      maxFee: coin,
      valueAtRisk: text,
      deadline: uint64,
      inputsBlob: anyBytes,
    })
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
      absoluteTolerance: uint64,
      relativeTolerance: uint64,
      probes: fc.array(anyBytes, { maxLength: 2 }),
      maxDeposit: coin,
      probeBlobs: fc.array(anyBytes, { maxLength: 2 }),
      datasets: fc.array(anyBytes, { maxLength: 2 }),
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

test("every message type that the client registers has a converter", () => {
  expect(registryTypes.map(([typeUrl]) => typeUrl).filter((typeUrl) => !(typeUrl in aminoConverters))).toEqual([]);
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

describe("messages of the Cosmos SDK", () => {
  const own = new AminoTypes(aminoConverters);
  const defaults = new AminoTypes(createDefaultAminoConverters());
  const description = { moniker: "m", identity: "", website: "w", securityContact: "", details: "<d>" };
  const stake = { denom: "uassay", amount: "5" };
  const delegation = { delegatorAddress: "d", validatorAddress: "v" };
  const payment = { address: "a", coins: [stake] };
  const seconds = (value: bigint) => Timestamp.fromPartial({ seconds: value });
  const ed25519Key = { typeUrl: Ed25519Key.typeUrl, value: Ed25519Key.encode({ key: new Uint8Array(32) }).finish() };
  const messages: readonly { readonly typeUrl: string; readonly value: unknown }[] = [
    { typeUrl: "/cosmos.bank.v1beta1.MsgSend", value: { fromAddress: "a", toAddress: "b", amount: [stake] } },
    { typeUrl: "/cosmos.bank.v1beta1.MsgMultiSend", value: { inputs: [payment], outputs: [payment, payment] } },
    {
      typeUrl: "/cosmos.staking.v1beta1.MsgCreateValidator",
      value: {
        description,
        commission: { rate: "100000000000000000", maxRate: "1000000000000000000", maxChangeRate: "1" },
        minSelfDelegation: "1",
        ...delegation,
        pubkey: ed25519Key,
        value: stake,
      },
    },
    {
      typeUrl: "/cosmos.staking.v1beta1.MsgEditValidator",
      value: { description, validatorAddress: "v", commissionRate: "", minSelfDelegation: "" },
    },
    {
      typeUrl: "/cosmos.staking.v1beta1.MsgEditValidator",
      value: { description, validatorAddress: "v", commissionRate: "50000000000000000", minSelfDelegation: "3" },
    },
    { typeUrl: "/cosmos.staking.v1beta1.MsgDelegate", value: { ...delegation, amount: stake } },
    { typeUrl: "/cosmos.staking.v1beta1.MsgUndelegate", value: { ...delegation, amount: stake } },
    {
      typeUrl: "/cosmos.staking.v1beta1.MsgBeginRedelegate",
      value: { delegatorAddress: "d", validatorSrcAddress: "s", validatorDstAddress: "t", amount: stake },
    },
    {
      typeUrl: "/cosmos.staking.v1beta1.MsgCancelUnbondingDelegation",
      value: { ...delegation, amount: stake, creationHeight: 7n },
    },
    { typeUrl: "/cosmos.distribution.v1beta1.MsgFundCommunityPool", value: { amount: [stake], depositor: "d" } },
    {
      typeUrl: "/cosmos.distribution.v1beta1.MsgSetWithdrawAddress",
      value: { delegatorAddress: "d", withdrawAddress: "w" },
    },
    { typeUrl: "/cosmos.distribution.v1beta1.MsgWithdrawDelegatorReward", value: delegation },
    { typeUrl: "/cosmos.distribution.v1beta1.MsgWithdrawValidatorCommission", value: { validatorAddress: "v" } },
    { typeUrl: "/cosmos.gov.v1beta1.MsgDeposit", value: { proposalId: 3n, depositor: "d", amount: [stake] } },
    { typeUrl: "/cosmos.gov.v1beta1.MsgVote", value: { proposalId: 3n, voter: "v", option: 1 } },
    {
      typeUrl: "/cosmos.gov.v1beta1.MsgVoteWeighted",
      value: { proposalId: 3n, voter: "v", options: [{ option: 1, weight: "700000000000000000" }] },
    },
    {
      typeUrl: "/cosmos.gov.v1beta1.MsgSubmitProposal",
      value: {
        content: {
          typeUrl: TextProposal.typeUrl,
          value: TextProposal.encode({ title: "t", description: "d" }).finish(),
        },
        initialDeposit: [stake],
        proposer: "p",
      },
    },
    {
      typeUrl: "/cosmos.vesting.v1beta1.MsgCreateVestingAccount",
      value: { fromAddress: "a", toAddress: "b", amount: [stake], endTime: 9n, delayed: false },
    },
  ];
  test.each(messages)("$typeUrl is written and read as CosmJS's own converters do", (message) => {
    const written = defaults.toAmino(message);
    expect(canonicalJson(own.toAmino(message))).toBe(canonicalJson(written));
    expect(own.fromAmino(written)).toEqual(defaults.fromAmino(written));
  });

  test.each([
    // As the Cosmos SDK's aminojson tests and wallets write them; CosmJS has no converters for these.
    [
      {
        typeUrl: MsgGrant.typeUrl,
        value: {
          granter: "a",
          grantee: "b",
          grant: {
            authorization: {
              typeUrl: StakeAuthorization.typeUrl,
              value: StakeAuthorization.encode(
                StakeAuthorization.fromPartial({
                  authorizationType: 1,
                  allowList: { address: ["v"] },
                  maxTokens: stake,
                }),
              ).finish(),
            },
            expiration: seconds(1_700_000_000n),
          },
        },
      },
      '{"type":"cosmos-sdk/MsgGrant","value":{"grant":{"authorization":{"type":"cosmos-sdk/StakeAuthorization","value":{"Validators":' +
        '{"type":"cosmos-sdk/StakeAuthorization/AllowList","value":{"allow_list":{"address":["v"]}}},"authorization_type":1,' +
        '"max_tokens":{"amount":"5","denom":"uassay"}}},"expiration":"2023-11-14T22:13:20Z"},"grantee":"b","granter":"a"}}',
    ],
    [
      { typeUrl: MsgUnjail.typeUrl, value: { validatorAddr: "v" } },
      '{"type":"cosmos-sdk/MsgUnjail","value":{"address":"v"}}',
    ],
    [
      {
        typeUrl: MsgGrantAllowance.typeUrl,
        value: {
          granter: "a",
          grantee: "b",
          allowance: {
            typeUrl: PeriodicAllowance.typeUrl,
            value: PeriodicAllowance.encode(
              PeriodicAllowance.fromPartial({
                basic: { spendLimit: [stake] },
                period: { seconds: 3600n },
                periodSpendLimit: [stake],
                periodReset: { seconds: 1n, nanos: 500_000_000 },
              }),
            ).finish(),
          },
        },
      },
      '{"type":"cosmos-sdk/MsgGrantAllowance","value":{"allowance":{"type":"cosmos-sdk/PeriodicAllowance","value":{"basic":' +
        '{"spend_limit":[{"amount":"5","denom":"uassay"}]},"period":"3600000000000","period_can_spend":[],' +
        '"period_reset":"1970-01-01T00:00:01.5Z","period_spend_limit":[{"amount":"5","denom":"uassay"}]}},"grantee":"b","granter":"a"}}',
    ],
  ])("%# is written as the Cosmos SDK does, and read back", (message, json) => {
    const written = own.toAmino(message);
    expect(canonicalJson(written)).toBe(json);
    expect(canonicalJson(own.toAmino(own.fromAmino(written)))).toBe(json);
  });
});

test("every message of the chain can be signed as amino JSON, by a client that knows its type", () => {
  const typeUrls = modules.flatMap(({ messages }) => messages.map(({ typeUrl }) => typeUrl));
  expect(typeUrls.filter((typeUrl) => !(typeUrl in aminoConverters))).toEqual([]);
  const types = [...Object.values(aminoConverters)].map(({ aminoType }) => aminoType);
  expect(new Set(types).size).toBe(types.length);
});
