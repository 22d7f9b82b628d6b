import {
  createMultisigThresholdPubkey,
  encodeSecp256k1Pubkey,
  type MultisigThresholdPubkey,
  makeSignDoc,
  pubkeyToAddress,
  serializeSignDoc,
} from "@cosmjs/amino";
import type { EncodeObject } from "@cosmjs/proto-signing";
import { encodePubkey } from "@cosmjs/proto-signing";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { LegacyAminoPubKey } from "cosmjs-types/cosmos/crypto/multisig/keys";
import { MultiSignature } from "cosmjs-types/cosmos/crypto/multisig/v1beta1/multisig";
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { AuthInfo, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { beforeAll, describe, expect, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { getAccount } from "../../modules/auth/keeper.ts";
import { addressOfKey, parseMultisig } from "../../modules/auth/public-key.ts";
import { unorderedNonces } from "../../modules/auth/store.ts";
import { balance } from "../../modules/bank/keeper.ts";
import { protobufTime } from "../../modules/timestamps.ts";
import { aminoSignBytes, canonicalJson } from "../../proto/amino/sign-doc.ts";
import { accountOf, addressOf, createNetwork, type Network, refusal, SPEC } from "./network.ts";
import {
  bytesOf,
  bytesOfTx,
  deliver,
  FEE,
  fund,
  signed,
  signedUnordered,
  type Wallet,
  walletOf,
} from "./transactions.ts";

let wallets: readonly Wallet[];
let ann: Wallet;
let bob: Wallet;

beforeAll(async () => {
  wallets = await Promise.all([0, 1, 2, 3].map(walletOf));
  [ann, bob] = wallets as [Wallet, Wallet];
});

function network(): Network {
  const net = createNetwork();
  for (const { bytes } of wallets) fund(net, bytes);
  return net;
}

const send = (from: string, amount = "7"): EncodeObject => ({
  typeUrl: MsgSend.typeUrl,
  value: { fromAddress: from, toAddress: accountOf("new"), amount: [{ denom: "uassay", amount }] },
});
const received = (net: Network) => balance(net.store, addressOf("new"), "uassay");

describe("amino JSON", () => {
  test("is that of the Cosmos SDK's own test (x/auth/legacy/legacytx/stdsign_test.go)", () => {
    const own = aminoSignBytes({
      chainId: "1234",
      accountNumber: 3n,
      sequence: 6n,
      fee: { amount: [{ denom: "atom", amount: "150" }], gasLimit: 100_000n, granter: "", payer: "" },
      body: { memo: "memo", timeoutHeight: 10n, unordered: false },
      messages: ['["cosmos1w3jhxap3gempvr"]'],
    });
    expect(Buffer.from(own).toString()).toBe(
      '{"account_number":"3","chain_id":"1234","fee":{"amount":[{"amount":"150","denom":"atom"}],"gas":"100000"},"memo":"memo",' +
        '"msgs":["[\\"cosmos1w3jhxap3gempvr\\"]"],"sequence":"6","timeout_height":"10"}',
    );
  });

  test("is sorted, without blanks, with Go's escapes", () => {
    expect(canonicalJson({ b: [{ d: 1, c: "x" }], a: "<&>" })).toBe(
      '{"a":"\\u003c\\u0026\\u003e","b":[{"c":"x","d":1}]}',
    );
  });

  test("is CosmJS's sign document, byte for byte", () => {
    const fee = { amount: [{ denom: "ucosm", amount: "2000" }], gas: "180000", granter: "g<", payer: "p" };
    const messages = [{ type: "cosmos-sdk/MsgSend", value: { to_address: "b", amount: [], from_address: "a" } }];
    const doc = makeSignDoc(messages, fee, "chain-1", "Use <your> power & ünïcode", 15, 16, 100n);
    const own = aminoSignBytes({
      chainId: "chain-1",
      accountNumber: 15n,
      sequence: 16n,
      fee: { amount: fee.amount, gasLimit: 180_000n, granter: "g<", payer: "p" },
      body: { memo: "Use <your> power & ünïcode", timeoutHeight: 100n, unordered: false },
      messages,
    });
    expect(Buffer.from(own).toString()).toBe(Buffer.from(serializeSignDoc(doc)).toString());
  });

  test("signed by CosmJS is executed", async () => {
    const net = network();
    const raw = await signed(net, ann, "amino", [send(ann.address)], { memo: "a <b> & c", timeoutHeight: 9n });
    expect(AuthInfo.decode(raw.authInfoBytes).signerInfos[0]?.modeInfo?.single?.mode).toBe(
      SignMode.SIGN_MODE_LEGACY_AMINO_JSON,
    );
    expect(deliver(net, bytesOfTx(raw))).toMatchObject({ code: 0 });
    expect(received(net)).toBe(7n);
    expect(net.violations()).toEqual([]);
  });

  test("does not cover another memo, fee, message or chain", async () => {
    const net = network();
    const raw = await signed(net, ann, "amino", [send(ann.address)]);
    const body = TxBody.decode(raw.bodyBytes);
    const auth = AuthInfo.decode(raw.authInfoBytes);
    const changed: readonly Uint8Array[] = [
      bytesOfTx({ ...raw, bodyBytes: TxBody.encode({ ...body, memo: "x" }).finish() }),
      bytesOfTx({ ...raw, bodyBytes: TxBody.encode({ ...body, timeoutHeight: 5n }).finish() }),
      bytesOfTx({
        ...raw,
        bodyBytes: TxBody.encode({ ...body, messages: [...body.messages, ...body.messages] }).finish(),
      }),
      bytesOfTx({
        ...raw,
        bodyBytes: TxBody.encode({ ...body, timeoutTimestamp: protobufTime(net.time + 5) }).finish(),
      }),
      bytesOfTx({
        ...raw,
        authInfoBytes: AuthInfo.encode(
          AuthInfo.fromPartial({ ...auth, fee: { ...auth.fee, gasLimit: 999_999n } }),
        ).finish(),
      }),
      bytesOfTx(await signed(net, ann, "amino", [send(ann.address)], { chainId: "other-1" })),
      bytesOfTx(await signed(net, ann, "amino", [send(ann.address)], { accountNumber: 77 })),
    ];
    for (const bytes of changed) expect(refusal(() => deliver(net, bytes))?.code).toBe("sdk/4");
    expect(refusal(() => deliver(net, changed[0] as Uint8Array))?.text).toContain("signature verification failed");
    expect(deliver(net, bytesOfTx(raw)).code).toBe(0);
  });
});

describe("a multisig account", () => {
  const keyOf = (members: readonly Wallet[], threshold: number) =>
    createMultisigThresholdPubkey(
      members.map(({ publicKey }) => encodeSecp256k1Pubkey(publicKey)),
      threshold,
    );

  test("has the address that CosmJS derives", () => {
    for (const threshold of [1, 2, 4]) {
      const key = keyOf(wallets, threshold);
      const address = pubkeyToAddress(key, SPEC.prefix);
      expect(toHex(addressOfKey(parseMultisig(encodePubkey(key).value)))).toBe(toHex(bytesOf(address)));
    }
  });

  /** What CosmJS's makeMultisignedTxBytes makes; that of this version can't read its own addresses. */
  function assembled(
    key: MultisigThresholdPubkey,
    sequence: number,
    bodyBytes: Uint8Array,
    parts: ReadonlyMap<string, Uint8Array>,
  ): Uint8Array {
    const members = key.value.pubkeys;
    const elems = new Uint8Array(Math.ceil(members.length / 8));
    const signatures: Uint8Array[] = [];
    members.forEach((member, i) => {
      const signature = parts.get(pubkeyToAddress(member, SPEC.prefix));
      if (signature === undefined) return;
      elems[i >> 3] = (elems[i >> 3] ?? 0) | (0x80 >> (i & 7));
      signatures.push(signature);
    });
    const modeInfos = signatures.map(() => ({ single: { mode: SignMode.SIGN_MODE_LEGACY_AMINO_JSON } }));
    const modeInfo = { multi: { bitarray: { elems, extraBitsStored: members.length % 8 }, modeInfos } };
    const authInfo = AuthInfo.fromPartial({
      signerInfos: [{ publicKey: encodePubkey(key), modeInfo, sequence: BigInt(sequence) }],
      fee: { amount: [...FEE.amount], gasLimit: BigInt(FEE.gas) },
    });
    return TxRaw.encode({
      bodyBytes,
      authInfoBytes: AuthInfo.encode(authInfo).finish(),
      signatures: [MultiSignature.encode({ signatures }).finish()],
    }).finish();
  }

  async function multisigned(net: Network, signers: readonly Wallet[], threshold = 2, members = wallets.slice(0, 3)) {
    const key = keyOf(members, threshold);
    const address = pubkeyToAddress(key, SPEC.prefix);
    if (getAccount(net.store, bytesOf(address)) === undefined) fund(net, bytesOf(address));
    const account = getAccount(net.store, bytesOf(address));
    const options = { accountNumber: account?.accountNumber ?? 0, sequence: account?.sequence ?? 0 };
    const parts = new Map<string, Uint8Array>();
    let bodyBytes: Uint8Array = new Uint8Array(0);
    for (const wallet of signers) {
      const raw = await signed(net, wallet, "amino", [send(address)], options);
      bodyBytes = raw.bodyBytes;
      parts.set(wallet.address, raw.signatures[0] ?? new Uint8Array(0));
    }
    return { address, bytes: assembled(key, options.sequence, bodyBytes, parts) };
  }

  test("sends with as many signatures as its threshold, or more", async () => {
    const net = network();
    const first = await multisigned(net, wallets.slice(1, 3));
    expect(deliver(net, first.bytes)).toMatchObject({ code: 0 });
    const second = await multisigned(net, wallets.slice(0, 3));
    expect(deliver(net, second.bytes)).toMatchObject({ code: 0 });
    expect(received(net)).toBe(14n);
    expect(getAccount(net.store, bytesOf(first.address))?.sequence).toBe(2);
    expect(net.violations()).toEqual([]);
  });

  test("refuses too few, wrong and misplaced signatures", async () => {
    const net = network();
    const tooFew = await multisigned(net, wallets.slice(1, 2));
    expect(refusal(() => deliver(net, tooFew.bytes))).toMatchObject({ code: "sdk/4" });
    expect(refusal(() => deliver(net, tooFew.bytes))?.text).toContain("have 1, expected 2");
    const good = await multisigned(net, wallets.slice(0, 2));
    const raw = TxRaw.decode(good.bytes);
    const auth = AuthInfo.decode(raw.authInfoBytes);
    const info = auth.signerInfos[0];
    const withBits = (elems: Uint8Array, extraBitsStored: number) =>
      TxRaw.encode({
        ...raw,
        authInfoBytes: AuthInfo.encode(
          AuthInfo.fromPartial({
            ...auth,
            signerInfos: [
              {
                ...info,
                modeInfo: {
                  multi: { bitarray: { elems, extraBitsStored }, modeInfos: info?.modeInfo?.multi?.modeInfos ?? [] },
                },
              },
            ],
          }),
        ).finish(),
      }).finish();
    for (const bytes of [
      withBits(Uint8Array.of(0xff), 4),
      withBits(Uint8Array.of(0xe0), 3),
      withBits(new Uint8Array(0), 0),
      withBits(new Uint8Array(0), 3),
      withBits(Uint8Array.of(0x00), 3),
    ]) {
      expect(refusal(() => deliver(net, bytes))?.code).toBe("sdk/4");
    }
    expect(deliver(net, good.bytes).code).toBe(0);
  });

  test("has bounds", () => {
    const keys = wallets.map(({ publicKey }) => encodePubkey(encodeSecp256k1Pubkey(publicKey)));
    const key = (threshold: number, publicKeys: typeof keys) =>
      LegacyAminoPubKey.encode({ threshold, publicKeys }).finish();
    expect(refusal(() => parseMultisig(key(0, keys)))?.code).toBe("sdk/8");
    expect(refusal(() => parseMultisig(key(5, keys)))?.code).toBe("sdk/8");
    const many = Array.from({ length: 17 }, () => keys)
      .flat()
      .slice(0, 17);
    expect(refusal(() => parseMultisig(key(1, many)))?.code).toBe("sdk/14");
  });
});

describe("an unordered transaction", () => {
  const unordered = (net: Network, wallet: Wallet, timeoutMs: number | undefined, sequence = 0n) =>
    signedUnordered(wallet, [send(wallet.address)], {
      chainId: SPEC.chainId,
      accountNumber: getAccount(net.store, wallet.bytes)?.accountNumber ?? 0,
      timeoutMs,
      sequence,
    });

  test("leaves the sequence alone, comes in any order and once only", async () => {
    const net = network();
    const txs = await Promise.all([3000, 1000, 2000].map((ms) => unordered(net, ann, net.time + ms)));
    for (const bytes of txs) expect(deliver(net, bytes)).toMatchObject({ code: 0 });
    expect(getAccount(net.store, ann.bytes)?.sequence).toBe(0);
    for (const bytes of txs) expect(refusal(() => deliver(net, bytes))).toMatchObject({ code: "sdk/18" });
    expect(refusal(() => deliver(net, txs[0] as Uint8Array))?.text).toContain("already used timeout");
    // Another signer's own.
    expect(deliver(net, await unordered(net, bob, net.time + 1000)).code).toBe(0);
    expect(received(net)).toBe(28n);
  });

  test("can not come again when its nonce is forgotten", async () => {
    const net = network();
    const bytes = await unordered(net, ann, net.time + 1500);
    deliver(net, bytes);
    net.block();
    expect(unorderedNonces.entries(net.store)).toHaveLength(1);
    expect(refusal(() => deliver(net, bytes))?.code).toBe("sdk/18");
    net.block();
    expect(unorderedNonces.entries(net.store)).toHaveLength(0);
    expect(refusal(() => deliver(net, bytes))?.code).toBe("sdk/30");
  });

  test("names a time-out within bounds, and no sequence", async () => {
    const net = network();
    const cases = [
      [await unordered(net, ann, undefined), "sdk/18", "must have timeout_timestamp set"],
      [await unordered(net, ann, net.time + 600_001), "sdk/18", "ttl exceeds"],
      [await unordered(net, ann, net.time - 1), "sdk/30", "timeout timestamp"],
      [await unordered(net, ann, net.time + 5, 1n), "sdk/18", "sequence is not allowed"],
    ] as const;
    for (const [bytes, code, text] of cases) {
      const found = refusal(() => deliver(net, bytes));
      expect(found?.code).toBe(code);
      expect(found?.text).toContain(text);
    }
    expect(deliver(net, await unordered(net, ann, net.time + 600_000)).code).toBe(0);
  });
});
