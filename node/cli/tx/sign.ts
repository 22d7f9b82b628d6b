import {
  createMultisigThresholdPubkey,
  encodeSecp256k1Pubkey,
  type MultisigThresholdPubkey,
  pubkeyToAddress,
} from "@cosmjs/amino";
import { encodePubkey } from "@cosmjs/proto-signing";
import { SigningStargateClient, StargateClient, type StdFee } from "@cosmjs/stargate";
import type { Comet38Client } from "@cosmjs/tendermint-rpc";
import { base64 } from "@scure/base";
import { MultiSignature } from "cosmjs-types/cosmos/crypto/multisig/v1beta1/multisig";
import { SignMode as ProtoSignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { AuthInfo, ModeInfo, SignerInfo, TxBody } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { messageRegistry, signingOptions } from "../../../client/transactions.ts";
import type { Keyring } from "../../keys/keyring.ts";
import { UserError } from "../../user-error.ts";
import { readJsonFile } from "../client.ts";
import type { SignMode, TxAccount } from "./account.ts";
import { ANY_PRICE } from "./submit.ts";
import { txParts, type WholeTx } from "./tx-file.ts";

/** What a signature counts for; of a multisig it is that account's. */
export interface SignerNumbers {
  readonly chainId: string;
  readonly accountNumber: bigint;
  readonly sequence: number;
}

/** Asked of a node where they are not given. */
export async function signerNumbers(comet: Comet38Client, address: string): Promise<SignerNumbers> {
  const { accountNumber, sequence } = await StargateClient.create(comet).getSequence(address);
  const { nodeInfo } = await comet.status();
  return { chainId: nodeInfo.network, accountNumber, sequence };
}

function feeOfTx({ authInfo }: WholeTx): StdFee {
  const { fee } = authInfo;
  if (fee === undefined) throw new UserError("the transaction names no fee");
  const { amount, gasLimit, granter, payer } = fee;
  const parties = { ...(granter === "" ? {} : { granter }), ...(payer === "" ? {} : { payer }) };
  return { amount, gas: gasLimit.toString(), ...parties };
}

/** @throws UserError for a transaction that says more than what is signed here. */
function checkPlain({ body }: WholeTx): void {
  if (body.unordered || body.extensionOptions.length > 0 || body.nonCriticalExtensionOptions.length > 0) {
    throw new UserError("unordered transactions and extension options can't be signed from a file");
  }
}

/** The transaction with one signature. `signer` is the account whose numbers count: the key's own or a multisig's. */
export async function signTx(
  tx: WholeTx,
  account: TxAccount,
  mode: SignMode,
  numbers: SignerNumbers,
): Promise<WholeTx> {
  checkPlain(tx);
  const registry = messageRegistry();
  const messages = tx.body.messages.map(({ typeUrl, value }) => ({
    typeUrl,
    value: registry.decode({ typeUrl, value }),
  }));
  const client = await SigningStargateClient.offline(await account.wallet(mode), signingOptions(ANY_PRICE));
  const until = tx.body.timeoutHeight === 0n ? undefined : tx.body.timeoutHeight;
  const signed = await client.sign(account.address, messages, feeOfTx(tx), tx.body.memo, numbers, until);
  const { authInfoBytes, bodyBytes, signatures } = signed;
  if (!Buffer.from(bodyBytes).equals(txParts(tx).bodyBytes)) throw new Error("signing has changed the transaction");
  return { body: TxBody.decode(bodyBytes), authInfo: AuthInfo.decode(authInfoBytes), signatures };
}

/** One member's signature for a multisig, in a file of its own. */
export interface MemberSignature {
  readonly address: string;
  readonly signature: string;
  /** Of the multisig, as the member has signed them. */
  readonly sequence: string;
}

export function memberSignature({ address }: TxAccount, signed: WholeTx, { sequence }: SignerNumbers): MemberSignature {
  const [signature = new Uint8Array(0)] = signed.signatures;
  return { address, signature: base64.encode(signature), sequence: String(sequence) };
}

export function readMemberSignature(path: string): MemberSignature {
  const { address, signature, sequence } = (readJsonFile(path) ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof address === "string" && typeof signature === "string" && typeof sequence === "string") {
    if (/^[A-Za-z0-9+/]{86}==$/.test(signature) && /^\d{1,15}$/.test(sequence)) return { address, signature, sequence };
  }
  throw new UserError(`${path} is no signature that assay tx sign --multisig wrote`);
}

async function memberKey(member: string, keyring: Keyring): Promise<Uint8Array> {
  if (!/^[A-Za-z0-9+/]{44}$/.test(member)) return (await keyring.show(member)).publicKey;
  const key = base64.decode(member);
  if (key.length !== 33) throw new UserError(`${member} is no public key of 33 bytes in base64`);
  return key;
}

/**
 * The key of a multisig account. Its members are ordered by their addresses, as the Cosmos SDK does it, whatever order they are given in.
 * @param members keyring names, or public keys in base64.
 */
export async function multisigKey(
  members: readonly string[],
  threshold: number,
  keyring: Keyring,
): Promise<MultisigThresholdPubkey> {
  if (threshold < 1 || threshold > members.length) {
    throw new UserError(`the threshold must be from 1 to ${members.length}, the number of members`);
  }
  const keys = await Promise.all(members.map((member) => memberKey(member, keyring)));
  return createMultisigThresholdPubkey(
    keys.map((key) => encodeSecp256k1Pubkey(key)),
    threshold,
  );
}

/** Bits from the most significant of each byte on. */
function bitArray(bits: readonly boolean[]): { extraBitsStored: number; elems: Uint8Array } {
  const elems = new Uint8Array(Math.ceil(bits.length / 8));
  for (const [index, isSet] of bits.entries()) {
    if (isSet) elems[index >> 3] = (elems[index >> 3] ?? 0) | (0x80 >> (index & 7));
  }
  return { extraBitsStored: bits.length % 8, elems };
}

/** The transaction with the multisig's signature, made of its members'. */
export function multisignTx(
  tx: WholeTx,
  key: MultisigThresholdPubkey,
  prefix: string,
  signatures: readonly MemberSignature[],
): WholeTx {
  checkPlain(tx);
  const members = key.value.pubkeys.map((pubkey) => pubkeyToAddress(pubkey, prefix));
  const stranger = signatures.find(({ address }) => !members.includes(address));
  if (stranger !== undefined) throw new UserError(`${stranger.address} is no member of the multisig`);
  const bySigner = new Map(signatures.map(({ address, signature }) => [address, base64.decode(signature)]));
  if (bySigner.size < Number(key.value.threshold)) {
    throw new UserError(`${bySigner.size} members have signed, ${key.value.threshold} are needed`);
  }
  const [sequence, ...others] = new Set(signatures.map((one) => one.sequence));
  if (sequence === undefined || others.length > 0)
    throw new UserError("the members have signed for different sequences");
  const mode = ModeInfo.fromPartial({ single: { mode: ProtoSignMode.SIGN_MODE_LEGACY_AMINO_JSON } });
  const signer = SignerInfo.fromPartial({
    publicKey: encodePubkey(key),
    modeInfo: {
      multi: {
        bitarray: bitArray(members.map((member) => bySigner.has(member))),
        modeInfos: [...bySigner].map(() => mode),
      },
    },
    sequence: BigInt(sequence),
  });
  // In the order of the members, which the bits count.
  const inOrder = members.flatMap((member) => bySigner.get(member) ?? []);
  const signature = MultiSignature.encode({ signatures: inOrder }).finish();
  return { body: tx.body, authInfo: { ...tx.authInfo, signerInfos: [signer] }, signatures: [signature] };
}
