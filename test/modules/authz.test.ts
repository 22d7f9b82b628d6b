import type { EncodeObject } from "@cosmjs/proto-signing";
import { QueryClient, setupAuthzExtension } from "@cosmjs/stargate";
import { GenericAuthorization } from "cosmjs-types/cosmos/authz/v1beta1/authz";
import { MsgExec, MsgExecResponse, MsgGrant, MsgRevoke } from "cosmjs-types/cosmos/authz/v1beta1/tx";
import { SendAuthorization } from "cosmjs-types/cosmos/bank/v1beta1/authz";
import { MsgMultiSend, MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { TxMsgData } from "cosmjs-types/cosmos/base/abci/v1beta1/abci";
import { AuthorizationType, StakeAuthorization } from "cosmjs-types/cosmos/staking/v1beta1/authz";
import { MsgDelegate } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { beforeAll, describe, expect, test } from "vitest";
import { grantsInvariant } from "../../modules/authz/invariants.ts";
import { grantQueue, grants, grantsByGrantee } from "../../modules/authz/store.ts";
import { balance } from "../../modules/bank/keeper.ts";
import { protobufTime } from "../../modules/timestamps.ts";
import { accountOf, addressOf, createNetwork, type Network, valoperOf } from "./network.ts";
import { queryTransport } from "./query-transport.ts";
import { bytesOfTx, deliver, fund, signed, type Wallet, walletOf } from "./transactions.ts";

let ann: Wallet;
let bob: Wallet;

beforeAll(async () => {
  [ann, bob] = await Promise.all([walletOf(0), walletOf(1)]);
});

function network(): Network {
  const net = createNetwork({ validators: { val: 10_000_000n, other: 10_000_000n } });
  fund(net, ann.bytes);
  fund(net, bob.bytes);
  return net;
}

const coins = (amount: number) => [{ denom: "uassay", amount: amount.toString() }];
const generic = (msg: string): Any => ({
  typeUrl: GenericAuthorization.typeUrl,
  value: GenericAuthorization.encode({ msg }).finish(),
});
const sending = (limit: number, ...allowList: string[]): Any => ({
  typeUrl: SendAuthorization.typeUrl,
  value: SendAuthorization.encode({ spendLimit: coins(limit), allowList }).finish(),
});
const staking = (message: Partial<StakeAuthorization>): Any => ({
  typeUrl: StakeAuthorization.typeUrl,
  value: StakeAuthorization.encode(
    StakeAuthorization.fromPartial({ authorizationType: AuthorizationType.AUTHORIZATION_TYPE_DELEGATE, ...message }),
  ).finish(),
});

const grant = (authorization: Any, expiration?: number): EncodeObject => ({
  typeUrl: MsgGrant.typeUrl,
  value: {
    granter: ann.address,
    grantee: bob.address,
    grant: { authorization, ...(expiration === undefined ? {} : { expiration: protobufTime(expiration) }) },
  },
});
const send = (amount: number, from = ann.address, to = accountOf("new")): Any => ({
  typeUrl: MsgSend.typeUrl,
  value: MsgSend.encode({ fromAddress: from, toAddress: to, amount: coins(amount) }).finish(),
});
const delegate = (amount: number, validator = "val"): Any => ({
  typeUrl: MsgDelegate.typeUrl,
  value: MsgDelegate.encode(
    MsgDelegate.fromPartial({
      delegatorAddress: ann.address,
      validatorAddress: valoperOf(validator),
      amount: coins(amount)[0] ?? {},
    }),
  ).finish(),
});
const exec = (...msgs: Any[]): EncodeObject => ({ typeUrl: MsgExec.typeUrl, value: { grantee: bob.address, msgs } });
const revoke = (msgTypeUrl: string): EncodeObject => ({
  typeUrl: MsgRevoke.typeUrl,
  value: { granter: ann.address, grantee: bob.address, msgTypeUrl },
});

/** Codespace and code of a transaction that got into a block, `ok` for success. Invariants hold afterwards. */
async function outcome(net: Network, wallet: Wallet, message: EncodeObject, mode: "direct" | "amino" = "direct") {
  const before = [ann, bob].map(({ bytes }) => balance(net.store, bytes, "uassay"));
  const result = deliver(net, bytesOfTx(await signed(net, wallet, mode, [message])));
  expect(net.violations()).toEqual([]);
  if (result.code === 0) return "ok";
  const paid = [ann, bob].map(({ bytes }, i) => (before[i] ?? 0n) - balance(net.store, bytes, "uassay"));
  expect(paid).toEqual(wallet === ann ? [25_000n, 0n] : [0n, 25_000n]);
  return `${result.codespace}/${result.code}`;
}

describe.each(["direct", "amino"] as const)("in %s mode", (mode) => {
  test("a generic authorisation lets the grantee act for the granter until it is revoked", async () => {
    const net = network();
    expect(await outcome(net, bob, exec(send(5)), mode)).toBe("authz/2");
    expect(await outcome(net, ann, grant(generic(MsgSend.typeUrl)), mode)).toBe("ok");
    expect(await outcome(net, bob, exec(send(5), send(6)), mode)).toBe("ok");
    expect(balance(net.store, addressOf("new"), "uassay")).toBe(11n);
    expect(await outcome(net, bob, exec(delegate(5)), mode)).toBe("authz/2");
    expect(await outcome(net, ann, revoke(MsgSend.typeUrl), mode)).toBe("ok");
    expect(await outcome(net, bob, exec(send(5)), mode)).toBe("authz/2");
    expect(await outcome(net, ann, revoke(MsgSend.typeUrl), mode)).toBe("authz/2");
  });

  test("a send authorisation is used up", async () => {
    const net = network();
    expect(await outcome(net, ann, grant(sending(10, accountOf("new"))), mode)).toBe("ok");
    expect(await outcome(net, bob, exec(send(4)), mode)).toBe("ok");
    expect(await outcome(net, bob, exec(send(7)), mode)).toBe("sdk/5");
    expect(await outcome(net, bob, exec(send(1, ann.address, accountOf("x"))), mode)).toBe("sdk/4");
    expect(await outcome(net, bob, exec(send(3), send(3)), mode)).toBe("ok");
    expect(grants.entries(net.store)).toEqual([]);
  });

  test("a stake authorisation holds for its validators and its tokens", async () => {
    const net = network();
    const allowed = staking({
      allowList: { address: [valoperOf("val")] },
      maxTokens: { denom: "uassay", amount: "10" },
    });
    expect(await outcome(net, ann, grant(allowed), mode)).toBe("ok");
    expect(await outcome(net, bob, exec(delegate(4)), mode)).toBe("ok");
    expect(await outcome(net, bob, exec(delegate(7)), mode)).toBe("sdk/5");
    expect(await outcome(net, bob, exec(delegate(1, "other")), mode)).toBe("sdk/4");
    expect(await outcome(net, bob, exec(delegate(6)), mode)).toBe("ok");
    expect(grants.entries(net.store)).toEqual([]);
    const denied = staking({ denyList: { address: [valoperOf("val")] } });
    expect(await outcome(net, ann, grant(denied), mode)).toBe("ok");
    expect(await outcome(net, bob, exec(delegate(4)), mode)).toBe("sdk/4");
    expect(await outcome(net, bob, exec(delegate(400, "other")), mode)).toBe("ok");
    expect(grants.entries(net.store)).toHaveLength(1);
  });
});

test("an execution is all or nothing, and answers for each message", async () => {
  const net = network();
  await outcome(net, ann, grant(sending(1000)));
  expect(await outcome(net, bob, exec(send(5), send(2_000)))).toBe("sdk/5");
  expect(balance(net.store, addressOf("new"), "uassay")).toBe(0n);
  const result = deliver(net, bytesOfTx(await signed(net, bob, "direct", [exec(send(5), send(6, bob.address))])));
  const [response] = TxMsgData.decode(result.data).msgResponses;
  expect(MsgExecResponse.decode(response?.value ?? new Uint8Array(0)).results).toHaveLength(2);
});

test("nothing is executed that nobody could authorise", async () => {
  const net = network();
  await outcome(net, ann, grant(generic(MsgExec.typeUrl)));
  const inner: Any = {
    typeUrl: MsgExec.typeUrl,
    value: MsgExec.encode({ grantee: ann.address, msgs: [send(1)] }).finish(),
  };
  expect(await outcome(net, bob, exec(inner))).toBe("sdk/18");
  const many = Array.from({ length: 65 }, () => send(1));
  expect(await outcome(net, bob, exec(...many))).toBe("sdk/18");
  expect(await outcome(net, bob, exec({ typeUrl: "/x.Y", value: new Uint8Array(0) }))).toBe("sdk/2");
  expect(await outcome(net, bob, exec({ typeUrl: MsgSend.typeUrl, value: Uint8Array.of(255) }))).toBe("sdk/2");
});

test("refusals of a grant", async () => {
  const net = network();
  expect(await outcome(net, ann, grant(generic("/no.Such")))).toBe("sdk/29");
  expect(await outcome(net, ann, grant(generic(MsgSend.typeUrl), 1))).toBe("authz/3");
  const both = { allowList: { address: [valoperOf("val")] }, denyList: { address: [valoperOf("val")] } };
  const invalid: readonly (readonly [Any, string])[] = [
    [sending(0), "sdk/10"],
    [sending(5, accountOf("x"), accountOf("x")), "sdk/18"],
    [sending(5, ...Array.from({ length: 101 }, (_, i) => accountOf(`a${i}`))), "sdk/18"],
    [sending(5, "cosmos1"), "sdk/7"],
    [staking({}), "sdk/18"],
    [staking({ ...both }), "sdk/18"],
    [staking({ ...both, authorizationType: AuthorizationType.AUTHORIZATION_TYPE_UNSPECIFIED }), "authz/4"],
    [staking({ allowList: { address: [] }, maxTokens: { denom: "uassay", amount: "0" } }), "authz/12"],
    [generic("not a url"), "sdk/29"],
    [{ typeUrl: MsgMultiSend.typeUrl, value: new Uint8Array(0) }, "authz/4"],
    [{ typeUrl: SendAuthorization.typeUrl, value: Uint8Array.of(255) }, "sdk/2"],
  ];
  for (const [authorization, code] of invalid) {
    const bytes = bytesOfTx(await signed(net, ann, "direct", [grant(authorization)]));
    // Refused before it gets into a block, so that not even the fee is taken.
    expect(() => deliver(net, bytes)).toThrow(
      expect.objectContaining({ codespace: code.split("/")[0], code: Number(code.split("/")[1]) }),
    );
  }
  expect(grants.entries(net.store)).toEqual([]);
});

test("a grant expires, and is pruned", async () => {
  const net = network();
  await outcome(net, ann, grant(generic(MsgSend.typeUrl), net.time + 1500));
  net.block();
  expect(await outcome(net, bob, exec(send(5)))).toBe("ok");
  net.block();
  expect(grants.entries(net.store)).toEqual([]);
  expect(grantQueue.entries(net.store)).toEqual([]);
  expect(await outcome(net, bob, exec(send(5)))).toBe("authz/2");
});

test("CosmJS's client reads grants", async () => {
  const net = network();
  net.block();
  await outcome(net, ann, grant(generic(MsgSend.typeUrl)));
  await outcome(net, ann, grant(staking({ allowList: { address: [valoperOf("val")] } }), net.time + 1500));
  const { authz } = QueryClient.withExtensions(queryTransport(net), setupAuthzExtension);
  expect((await authz.grants(ann.address, bob.address, "")).grants).toHaveLength(2);
  expect((await authz.grants(ann.address, bob.address, MsgSend.typeUrl)).grants).toHaveLength(1);
  await expect(authz.grants(ann.address, bob.address, "/x")).rejects.toThrow("no authorization found for /x type");
  expect((await authz.granterGrants(ann.address)).grants[0]?.grantee).toBe(bob.address);
  expect((await authz.granteeGrants(bob.address)).grants.map(({ granter }) => granter)).toEqual([
    ann.address,
    ann.address,
  ]);
  expect((await authz.granteeGrants(ann.address)).grants).toEqual([]);
});

test("the invariant finds what an index lacks or has too many", async () => {
  const net = network();
  await outcome(net, ann, grant(generic(MsgSend.typeUrl), net.time + 1500));
  grantsByGrantee.delete(net.store, [bob.bytes, [ann.bytes, MsgSend.typeUrl]]);
  expect(grantsInvariant(net.store)).toHaveLength(2);
  grantsByGrantee.set(net.store, [bob.bytes, [ann.bytes, MsgSend.typeUrl]], true);
  grantQueue.set(net.store, [5, [ann.bytes, [bob.bytes, "/x"]]], true);
  expect(grantsInvariant(net.store)).toHaveLength(1);
});
