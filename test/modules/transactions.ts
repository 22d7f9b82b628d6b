import { encodeSecp256k1Pubkey, Secp256k1HdWallet } from "@cosmjs/amino";
import { stringToPath } from "@cosmjs/crypto";
import {
  DirectSecp256k1HdWallet,
  type EncodeObject,
  encodePubkey,
  makeAuthInfoBytes,
  makeSignDoc,
  type OfflineSigner,
  Registry,
} from "@cosmjs/proto-signing";
import { defaultRegistryTypes, GasPrice, SigningStargateClient, type StdFee } from "@cosmjs/stargate";
import { AuthInfo, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { decodeAddress } from "../../chain/crypto/bech32.ts";
import { decodeTx } from "../../chain/decode-tx.ts";
import { runTx } from "../../chain/executor/run-tx.ts";
import { signingOptions } from "../../client/transactions.ts";
import { ante } from "../../modules/auth/ante.ts";
import { getAccount } from "../../modules/auth/keeper.ts";
import { mint } from "../../modules/bank/keeper.ts";
import { protobufTime } from "../../modules/timestamps.ts";
import { createOverlay } from "../../state/overlay.ts";
import { BLS, MODULES, type Network, SPEC } from "./network.ts";

const REGISTRY = new Map(MODULES.flatMap((module) => module.messages).map((message) => [message.typeUrl, message]));

/** Signs in one mode; the address is that of both. */
export interface Wallet {
  readonly address: string;
  readonly bytes: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly direct: OfflineSigner;
  readonly amino: OfflineSigner;
}

export function bytesOf(address: string): Uint8Array {
  const bytes = decodeAddress(SPEC.prefix, address);
  if (bytes === undefined) throw new Error(`not an address: ${address}`);
  return bytes;
}

/** Different for each number, and the same in every run. */
export async function walletOf(account: number): Promise<Wallet> {
  const mnemonic = "test test test test test test test test test test test junk";
  const options = { prefix: SPEC.prefix, hdPaths: [stringToPath(`m/44'/118'/0'/0/${account}`)] };
  const direct = await DirectSecp256k1HdWallet.fromMnemonic(mnemonic, options);
  const amino = await Secp256k1HdWallet.fromMnemonic(mnemonic, options);
  const [key] = await direct.getAccounts();
  if (key === undefined) throw new Error("a wallet without an account");
  return { address: key.address, bytes: bytesOf(key.address), publicKey: key.pubkey, direct, amino };
}

export function fund(net: Network, address: Uint8Array, amount = 1_000_000_000n): void {
  mint(net.context(), address, [{ denom: SPEC.denom, amount }]);
}

export const FEE: StdFee = { amount: [{ denom: "uassay", amount: "25000" }], gas: "1000000" };

export interface SignOptions {
  readonly fee?: StdFee;
  readonly memo?: string;
  readonly timeoutHeight?: bigint;
  readonly accountNumber?: number;
  readonly sequence?: number;
  readonly chainId?: string;
}

/** A transaction as CosmJS's own client signs it. */
export async function signed(
  net: Network,
  wallet: Wallet,
  mode: "direct" | "amino",
  messages: readonly EncodeObject[],
  options: SignOptions = {},
): Promise<TxRaw> {
  const client = await SigningStargateClient.offline(wallet[mode], signingOptions(GasPrice.fromString("0.025uassay")));
  const account = getAccount(net.store, wallet.bytes);
  const data = {
    accountNumber: BigInt(options.accountNumber ?? account?.accountNumber ?? 0),
    sequence: options.sequence ?? account?.sequence ?? 0,
    chainId: options.chainId ?? SPEC.chainId,
  };
  return client.sign(wallet.address, messages, options.fee ?? FEE, options.memo ?? "", data, options.timeoutHeight);
}

export interface UnorderedOptions {
  readonly chainId: string;
  readonly accountNumber: number;
  /** Left out of the transaction if undefined. */
  readonly timeoutMs: number | undefined;
  readonly sequence?: bigint;
}

/** An unordered transaction, which CosmJS's client has no option for. */
export async function signedUnordered(
  { address, publicKey, direct }: Pick<Wallet, "address" | "publicKey" | "direct">,
  messages: readonly EncodeObject[],
  { chainId, accountNumber, timeoutMs, sequence = 0n }: UnorderedOptions,
): Promise<Uint8Array> {
  const registry = new Registry(defaultRegistryTypes);
  const body = TxBody.fromPartial({
    messages: messages.map((message) => registry.encodeAsAny(message)),
    unordered: true,
  });
  if (timeoutMs !== undefined) body.timeoutTimestamp = protobufTime(timeoutMs);
  const bodyBytes = TxBody.encode(body).finish();
  const pubkey = encodePubkey(encodeSecp256k1Pubkey(publicKey));
  const signers = [{ pubkey, sequence: 0 }];
  const authInfo = AuthInfo.decode(makeAuthInfoBytes(signers, FEE.amount, Number(FEE.gas), undefined, undefined));
  for (const info of authInfo.signerInfos) info.sequence = sequence;
  const authInfoBytes = AuthInfo.encode(authInfo).finish();
  if (!("signDirect" in direct)) throw new Error("no direct signer");
  const { signature } = await direct.signDirect(address, makeSignDoc(bodyBytes, authInfoBytes, chainId, accountNumber));
  return TxRaw.encode({ bodyBytes, authInfoBytes, signatures: [Buffer.from(signature.signature, "base64")] }).finish();
}

export const bytesOfTx = (raw: TxRaw): Uint8Array => TxRaw.encode(raw).finish();

/** Runs a transaction as a block would. Throws what the ante step throws. */
export function deliver(net: Network, bytes: Uint8Array) {
  const tx = decodeTx(bytes, REGISTRY, SPEC);
  const overlay = createOverlay(net.store);
  const result = runTx({ block: net.context().block, bls: BLS, ante }, overlay, tx, "deliver");
  overlay.flush();
  return result;
}
