import {
  type DirectSecp256k1HdWallet,
  encodePubkey,
  makeSignBytes,
  DirectSecp256k1HdWallet as Wallet,
} from "@cosmjs/proto-signing";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { AuthInfo, Fee, SignDoc, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeAddress, encodeAddress } from "../../chain/crypto/bech32.ts";
import { decodeTx } from "../../chain/decode-tx.ts";
import { createContext } from "../../chain/executor/context.ts";
import { meteredStore } from "../../chain/executor/metered-store.ts";
import { gasMeter } from "../../chain/gas.ts";
import type { TxMode } from "../../chain/tx.ts";
import { ante } from "../../modules/auth/ante.ts";
import { getAccount, moduleAddress } from "../../modules/auth/keeper.ts";
import { balance, mint } from "../../modules/bank/keeper.ts";
import { saveAllowance } from "../../modules/feegrant/keeper.ts";
import { feeFor } from "../../modules/feemarket/base-fee.ts";
import { createOverlay } from "../../state/overlay.ts";
import { addressOf, attribute, BLS, createNetwork, MODULES, type Network, refusal, SPEC } from "./network.ts";

const MNEMONIC = "test test test test test test test test test test test junk";
const REGISTRY = new Map(MODULES.flatMap((module) => module.messages).map((message) => [message.typeUrl, message]));
const FUNDS = 1_000_000_000n;
const FEE_COLLECTOR = moduleAddress("fee_collector");

let ann: DirectSecp256k1HdWallet;
let bob: DirectSecp256k1HdWallet;
let annAddress: string;
let bobAddress: string;

beforeAll(async () => {
  ann = await Wallet.fromMnemonic(MNEMONIC, { prefix: "assay" });
  bob = await Wallet.generate(12, { prefix: "assay" });
  annAddress = (await ann.getAccounts())[0]?.address ?? "";
  bobAddress = (await bob.getAccounts())[0]?.address ?? "";
});

function bytesOf(address: string): Uint8Array {
  const bytes = decodeAddress(SPEC.prefix, address);
  if (bytes === undefined) throw new Error(`not an address: ${address}`);
  return bytes;
}

function network(): Network {
  const net = createNetwork();
  for (const address of [annAddress, bobAddress]) {
    mint(net.context(), bytesOf(address), [{ denom: SPEC.denom, amount: FUNDS }]);
  }
  return net;
}

interface TxOptions {
  readonly signers?: readonly DirectSecp256k1HdWallet[];
  readonly sequence?: bigint;
  readonly accountNumber?: number;
  readonly chainId?: string;
  readonly memo?: string;
  readonly timeoutHeight?: bigint;
  readonly unordered?: boolean;
  readonly fee?: Partial<Fee>;
  readonly mode?: SignMode;
  readonly multi?: boolean;
  readonly withKey?: boolean;
  readonly signature?: (real: Uint8Array) => Uint8Array;
  readonly signatures?: readonly Uint8Array[];
}

const SEND_GAS = 200_000n;
const standardFee: Fee = { amount: [{ denom: "uassay", amount: "5000" }], gasLimit: SEND_GAS, payer: "", granter: "" };

/** A transaction of one MsgSend by each signer, signed as CosmJS signs. */
async function makeTx(net: Network, options: TxOptions = {}): Promise<Uint8Array> {
  const signers = options.signers ?? [ann];
  const accounts = await Promise.all(signers.map(async (wallet) => (await wallet.getAccounts())[0]));
  const messages = accounts.map((account) => ({
    typeUrl: MsgSend.typeUrl,
    value: MsgSend.encode({
      fromAddress: account?.address ?? "",
      toAddress: encodeAddress("assay", addressOf("new")),
      amount: [{ denom: "uassay", amount: "1" }],
    }).finish(),
  }));
  const { memo = "", timeoutHeight = 0n, unordered = false } = options;
  const bodyBytes = TxBody.encode(TxBody.fromPartial({ messages, memo, timeoutHeight, unordered })).finish();
  const signerInfos = accounts.map((account) => ({
    ...(options.withKey === false
      ? {}
      : {
          publicKey: encodePubkey({
            type: "tendermint/PubKeySecp256k1",
            value: Buffer.from(account?.pubkey ?? []).toString("base64"),
          }),
        }),
    modeInfo: options.multi ? { multi: {} } : { single: { mode: options.mode ?? SignMode.SIGN_MODE_DIRECT } },
    sequence: options.sequence ?? 0n,
  }));
  const fee = Fee.fromPartial({ ...standardFee, ...options.fee });
  const authInfoBytes = AuthInfo.encode(AuthInfo.fromPartial({ signerInfos, fee })).finish();
  const signatures: Uint8Array[] = [];
  for (const [index, wallet] of signers.entries()) {
    const address = accounts[index]?.address ?? "";
    const accountNumber = options.accountNumber ?? getAccount(net.store, bytesOf(address))?.accountNumber ?? 0;
    const document = SignDoc.fromPartial({
      bodyBytes,
      authInfoBytes,
      chainId: options.chainId ?? SPEC.chainId,
      accountNumber: BigInt(accountNumber),
    });
    expect(makeSignBytes(document).length).toBeGreaterThan(0);
    const { signature } = await wallet.signDirect(address, document);
    const real = new Uint8Array(Buffer.from(signature.signature, "base64"));
    signatures.push(options.signature?.(real) ?? real);
  }
  return TxRaw.encode({
    bodyBytes,
    authInfoBytes,
    signatures: options.signatures === undefined ? signatures : [...options.signatures],
  }).finish();
}

/** Runs the ante step over the chain's store, which it changes only on success. */
function run(net: Network, bytes: Uint8Array, mode: TxMode = "deliver") {
  const tx = decodeTx(bytes, REGISTRY, SPEC);
  const gas = gasMeter(mode === "simulate" ? Number.MAX_SAFE_INTEGER : tx.gasLimit);
  const overlay = createOverlay(net.store);
  const ctx = createContext(net.context().block, meteredStore(overlay, gas), BLS, gas);
  ante(ctx, tx, mode);
  if (mode !== "simulate") overlay.flush();
  return { gasUsed: gas.used, events: ctx.events };
}

describe("a signed transaction", () => {
  test("pays its fee, sets the key and advances the sequence", async () => {
    const net = network();
    const { events } = run(net, await makeTx(net));
    const account = getAccount(net.store, bytesOf(annAddress));
    expect(account?.sequence).toBe(1);
    expect(account?.publicKey).toEqual((await ann.getAccounts())[0]?.pubkey);
    expect(account?.accountNumber).toBeGreaterThan(0);
    expect(balance(net.store, bytesOf(annAddress), "uassay")).toBe(FUNDS - 5000n);
    expect(balance(net.store, FEE_COLLECTOR, "uassay")).toBe(5000n);
    const fee = events.find((event) => attribute(event, "fee") !== undefined);
    expect([attribute(fee, "fee"), attribute(fee, "fee_payer")]).toEqual(["5000uassay", annAddress]);
    expect(events.some((event) => attribute(event, "acc_seq") === `${annAddress}/0`)).toBe(true);
    expect(net.violations()).toEqual([]);
  });

  test("by several signers", async () => {
    const net = network();
    run(net, await makeTx(net, { signers: [ann, bob] }));
    expect(getAccount(net.store, bytesOf(annAddress))?.sequence).toBe(1);
    expect(getAccount(net.store, bytesOf(bobAddress))?.sequence).toBe(1);
    expect(balance(net.store, bytesOf(bobAddress), "uassay")).toBe(FUNDS);
    run(net, await makeTx(net, { signers: [ann, bob], sequence: 1n, fee: { payer: bobAddress } }));
    expect(balance(net.store, bytesOf(bobAddress), "uassay")).toBe(FUNDS - 5000n);
  });

  test("needs no key once the account has one, and can't be replayed", async () => {
    const net = network();
    const first = await makeTx(net);
    run(net, first);
    run(net, await makeTx(net, { sequence: 1n, withKey: false }));
    expect(refusal(() => run(net, first))).toEqual({
      code: "sdk/32",
      text: "account sequence mismatch, expected 2, got 0: incorrect account sequence",
    });
  });
});

const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 20 ? byte ^ 1 : byte));
/** The order of the group minus s: the other signature of the same message. */
function malleate(signature: Uint8Array): Uint8Array {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).toString("hex")}`);
  return new Uint8Array(
    Buffer.concat([signature.subarray(0, 32), Buffer.from((order - s).toString(16).padStart(64, "0"), "hex")]),
  );
}

describe("refused, with nothing changed", () => {
  const cases: readonly (readonly [what: string, options: TxOptions, code: string, text: string])[] = [
    ["a wrong signature", { signature: flip }, "sdk/4", "signature verification failed; please verify account number"],
    ["a malleated signature", { signature: malleate }, "sdk/4", "signature verification failed"],
    ["another chain id", { chainId: "other-1" }, "sdk/4", "chain-id (assaytest-1)"],
    ["another account number", { accountNumber: 77 }, "sdk/4", "signature verification failed"],
    ["an empty signature", { signature: () => new Uint8Array(0) }, "sdk/4", "signature verification failed"],
    ["no signature", { signatures: [] }, "sdk/15", "no signatures supplied"],
    ["a signature too many", { signatures: [new Uint8Array(64), new Uint8Array(64)] }, "sdk/4", "expected: 1, got 2"],
    [
      "another sign mode than was signed",
      { mode: SignMode.SIGN_MODE_LEGACY_AMINO_JSON },
      "sdk/4",
      "verification failed",
    ],
    ["a textual one", { mode: SignMode.SIGN_MODE_TEXTUAL }, "sdk/4", "SIGN_MODE_TEXTUAL is not supported"],
    ["no sign mode", { mode: SignMode.SIGN_MODE_UNSPECIFIED }, "sdk/4", "SIGN_MODE_UNSPECIFIED is not supported"],
    ["a multisignature", { multi: true }, "sdk/4", "a multisignature of a key that signs alone"],
    [
      "a future sequence",
      { sequence: 3n },
      "sdk/32",
      "account sequence mismatch, expected 0, got 3: incorrect account sequence",
    ],
    ["no key", { withKey: false }, "sdk/8", "pubkey on account is not set"],
    ["a long memo", { memo: "m".repeat(257) }, "sdk/12", "maximum number of characters is 256 but received 257"],
    ["a memo of wide characters", { memo: "é".repeat(129) }, "sdk/12", "received 258"],
    [
      "a low fee",
      { fee: { amount: [{ denom: "uassay", amount: "4999" }] } },
      "sdk/13",
      "insufficient fees; got: 4999uassay required: 5000uassay",
    ],
    ["no fee", { fee: { amount: [] } }, "sdk/13", "required: 5000uassay"],
    ["a foreign fee", { fee: { amount: [{ denom: "ufoo", amount: "5000" }] } }, "sdk/13", "ufoo is not accepted"],
    [
      "a fee beyond the balance",
      { fee: { amount: [{ denom: "uassay", amount: "1000000001" }] } },
      "sdk/5",
      "spendable balance 1000000000uassay is smaller than 1000000001uassay: insufficient funds",
    ],
    ["a fee granter", { fee: { granter: encodeAddress("assay", addressOf("x")) } }, "sdk/38", "fee-grant not found"],
    [
      "a payer who does not sign",
      { fee: { payer: encodeAddress("assay", addressOf("x")) } },
      "sdk/4",
      "signs no message",
    ],
    ["an unordered transaction", { unordered: true }, "sdk/18", "unordered"],
    ["too little gas", { fee: { gasLimit: 100n } }, "sdk/11", "out of gas"],
  ];
  test.each(cases)("%s", async (_, options, code, text) => {
    const net = network();
    const bytes = await makeTx(net, options);
    const before = net.dump();
    const found = refusal(() => run(net, bytes));
    expect(found?.code).toBe(code);
    expect(found?.text).toContain(text);
    expect(net.dump()).toEqual(before);
  });

  test("a key of somebody else", async () => {
    const net = network();
    const raw = TxRaw.decode(await makeTx(net));
    const authInfo = AuthInfo.decode(raw.authInfoBytes);
    const other = AuthInfo.decode(TxRaw.decode(await makeTx(net, { signers: [bob] })).authInfoBytes);
    const swapped = AuthInfo.encode({ ...authInfo, signerInfos: other.signerInfos }).finish();
    const bytes = TxRaw.encode({ ...raw, authInfoBytes: swapped }).finish();
    expect(refusal(() => run(net, bytes))?.code).toBe("sdk/8");
  });

  test("an account that does not exist", async () => {
    const net = createNetwork();
    const bytes = await makeTx(net, { fee: { amount: [], gasLimit: 0n } });
    expect(refusal(() => run(net, bytes, "simulate"))).toMatchObject({ code: "sdk/9" });
  });

  test("after the timeout height", async () => {
    const net = network();
    const bytes = await makeTx(net, { timeoutHeight: 2n });
    net.block();
    net.block();
    run(net, bytes);
    net.block();
    const late = await makeTx(net, { timeoutHeight: 2n, sequence: 1n });
    expect(refusal(() => run(net, late))?.code).toBe("sdk/30");
  });

  test("larger than a transaction may be", async () => {
    const net = createNetwork({ params: { "consensus.maxTxBytes": 100n } });
    expect(refusal(() => run(net, Uint8Array.from([])))).toBeDefined();
    mint(net.context(), bytesOf(annAddress), [{ denom: SPEC.denom, amount: FUNDS }]);
    const bytes = await makeTx(net);
    expect(refusal(() => run(net, bytes))?.code).toBe("sdk/21");
  });
});

describe("simulation", () => {
  const dialects: readonly (readonly [string, TxOptions])[] = [
    [
      "CosmJS",
      { mode: SignMode.SIGN_MODE_UNSPECIFIED, signatures: [new Uint8Array(0)], fee: { amount: [], gasLimit: 0n } },
    ],
    [
      "Keplr",
      {
        mode: SignMode.SIGN_MODE_LEGACY_AMINO_JSON,
        withKey: false,
        signatures: [new Uint8Array(64)],
        fee: { amount: [], gasLimit: 0n },
      },
    ],
    ["cosmpy", { fee: { amount: [], gasLimit: 0n } }],
    ["without signatures", { signatures: [], fee: { amount: [], gasLimit: 0n } }],
  ];
  test.each(dialects)("in the dialect of %s costs what the signed transaction costs", async (_, options) => {
    const net = network();
    // The account's first transaction is the dearest; a fee collector that already has coins is the usual case.
    mint(net.context(), FEE_COLLECTOR, [{ denom: SPEC.denom, amount: 1n }]);
    const before = net.dump();
    const simulated = run(net, await makeTx(net, options), "simulate").gasUsed;
    expect(net.dump()).toEqual(before);
    const delivered = run(net, await makeTx(net)).gasUsed;
    expect(simulated).toBeGreaterThanOrEqual(delivered);
    expect(simulated - delivered).toBeLessThan(200);
  });

  test("says what a fee costs that another pays, where it names the other", async () => {
    const net = network();
    const granter = addressOf("granter");
    for (const address of [FEE_COLLECTOR, granter])
      mint(net.context(), address, [{ denom: SPEC.denom, amount: FUNDS }]);
    const spendLimit = [{ denom: SPEC.denom, amount: FUNDS }];
    saveAllowance(
      net.context(),
      { granter, grantee: bytesOf(annAddress) },
      { kind: "basic", spendLimit, expiration: undefined },
    );
    const named = encodeAddress(SPEC.prefix, granter);
    const simulate = async (fee: Partial<Fee>) => run(net, await makeTx(net, { fee }), "simulate").gasUsed;
    const without = await simulate({ amount: [], gasLimit: 0n });
    const simulated = await simulate({ amount: [], gasLimit: 0n, granter: named });
    const delivered = run(net, await makeTx(net, { fee: { granter: named } })).gasUsed;
    expect(without).toBeLessThan(delivered);
    expect(simulated).toBeGreaterThanOrEqual(delivered);
  });

  test("leaves the sender's balance as it is", async () => {
    const net = network();
    const tx = decodeTx(await makeTx(net, { fee: { amount: [], gasLimit: 0n } }), REGISTRY, SPEC);
    const ctx = createContext(net.context().block, createOverlay(net.store), BLS);
    ante(ctx, tx, "simulate");
    expect(balance(ctx.store, bytesOf(annAddress), "uassay")).toBe(FUNDS);
  });
});

test("the least fee is rounded up", () => {
  expect(feeFor(200_000, 25_000n)).toBe(5000n);
  expect(feeFor(1, 25_000n)).toBe(1n);
  expect(feeFor(0, 25_000n)).toBe(0n);
  expect(feeFor(Number.MAX_SAFE_INTEGER, 0n)).toBe(0n);
});
