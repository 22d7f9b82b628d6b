import { type EncodeObject, type GeneratedType, Registry } from "@cosmjs/proto-signing";
import {
  AminoTypes,
  calculateFee,
  createDefaultAminoConverters,
  defaultRegistryTypes,
  type GasPrice,
  type SigningStargateClient,
  type SigningStargateClientOptions,
} from "@cosmjs/stargate";
import type { Comet38Client } from "@cosmjs/tendermint-rpc";
import { sha256 } from "@noble/hashes/sha2.js";
import { MsgSetSendEnabled } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { MsgCommunityPoolSpend, MsgDepositValidatorRewardsPool } from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import { MsgPruneAllowances } from "cosmjs-types/cosmos/feegrant/v1beta1/tx";
import { MsgCancelProposal, MsgExecLegacyContent } from "cosmjs-types/cosmos/gov/v1/tx";
import { MsgUnjail } from "cosmjs-types/cosmos/slashing/v1beta1/tx";
import { TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { MsgCancelUpgrade, MsgSoftwareUpgrade } from "cosmjs-types/cosmos/upgrade/v1beta1/tx";
import {
  MsgCreatePeriodicVestingAccount,
  MsgCreatePermanentLockedAccount,
} from "cosmjs-types/cosmos/vesting/v1beta1/tx";
import { equalBytes, toHex } from "../chain/bytes.ts";
import {
  MsgAcceptModel,
  MsgCancelSchedule,
  MsgDeprecateModel,
  MsgInferThen,
  MsgOpenAppeal,
  MsgRegisterBlob,
  MsgRegisterModel,
  MsgRequestInference,
  MsgScheduleInference,
  MsgSetInferenceTiers,
  MsgTransferModel,
} from "../proto/inference.ts";
import { MsgUpdateParams } from "../proto/params.ts";
import { MsgSetVoteKey } from "../proto/staking.ts";
import { aminoConverters } from "./amino.ts";
import { NodeError, TransactionFailed } from "./errors.ts";

/**
 * The chain's own message types and those of the Cosmos SDK that CosmJS leaves out, for a CosmJS registry of one's own.
 * @example
 * const registry = new Registry([...defaultRegistryTypes, ...registryTypes]);
 */
export const registryTypes: readonly [typeUrl: string, type: GeneratedType][] = [
  ["/assay.inference.v1.MsgRegisterModel", MsgRegisterModel],
  ["/assay.inference.v1.MsgRequestInference", MsgRequestInference],
  ["/assay.inference.v1.MsgInferThen", MsgInferThen],
  ["/assay.inference.v1.MsgSetInferenceTiers", MsgSetInferenceTiers],
  ["/assay.inference.v1.MsgOpenAppeal", MsgOpenAppeal],
  ["/assay.inference.v1.MsgScheduleInference", MsgScheduleInference],
  ["/assay.inference.v1.MsgCancelSchedule", MsgCancelSchedule],
  ["/assay.inference.v1.MsgRegisterBlob", MsgRegisterBlob],
  ["/assay.inference.v1.MsgDeprecateModel", MsgDeprecateModel],
  ["/assay.inference.v1.MsgTransferModel", MsgTransferModel],
  ["/assay.inference.v1.MsgAcceptModel", MsgAcceptModel],
  ["/assay.staking.v1.MsgSetVoteKey", MsgSetVoteKey],
  [MsgUpdateParams.typeUrl, MsgUpdateParams],
  [MsgSetSendEnabled.typeUrl, MsgSetSendEnabled],
  [MsgCommunityPoolSpend.typeUrl, MsgCommunityPoolSpend],
  [MsgDepositValidatorRewardsPool.typeUrl, MsgDepositValidatorRewardsPool],
  [MsgCancelProposal.typeUrl, MsgCancelProposal],
  [MsgExecLegacyContent.typeUrl, MsgExecLegacyContent],
  [MsgSoftwareUpgrade.typeUrl, MsgSoftwareUpgrade],
  [MsgCancelUpgrade.typeUrl, MsgCancelUpgrade],
  [MsgUnjail.typeUrl, MsgUnjail],
  [MsgPruneAllowances.typeUrl, MsgPruneAllowances],
  [MsgCreatePermanentLockedAccount.typeUrl, MsgCreatePermanentLockedAccount],
  [MsgCreatePeriodicVestingAccount.typeUrl, MsgCreatePeriodicVestingAccount],
];

/** A transaction that was executed without an error. */
export interface ExecutedTx {
  /** 64 upper-case hex digits. */
  readonly hash: string;
  readonly height: number;
  readonly gasUsed: bigint;
  /** Protobuf `TxMsgData`. */
  readonly data: Uint8Array;
}

export interface BroadcastTx {
  readonly hash: string;
  readonly sequence: number;
  /** `performance.now()` when it was handed to the node. */
  readonly sentAt: number;
}

export interface FeeOptions {
  readonly gasPrice: GasPrice;
  /** What simulated gas is multiplied with. */
  readonly gasMultiplier: number;
  /** A simulation above this is refused: a node that lies about it could burn the account's coins as fees. */
  readonly maxGas: number;
}

/** All messages that can be sent: CosmJS's own and `registryTypes`. */
export function messageRegistry(): Registry {
  return new Registry([...defaultRegistryTypes, ...registryTypes]);
}

/**
 * Options for `SigningStargateClient` that teach it the chain's own messages, in both sign modes.
 * @example
 * const options = signingOptions(GasPrice.fromString("0.025uassay"));
 * const client = await SigningStargateClient.connectWithSigner("http://127.0.0.1:26657", wallet, options);
 */
export function signingOptions(gasPrice: GasPrice): SigningStargateClientOptions {
  return {
    registry: messageRegistry(),
    aminoTypes: new AminoTypes({ ...createDefaultAminoConverters(), ...aminoConverters }),
    gasPrice,
    // CosmJS's own 3 s are many blocks here.
    broadcastPollIntervalMs: 300,
  };
}

/**
 * Simulates, signs and hands over a transaction.
 * @param signer the address that signs and pays; `client` must have its key.
 * @throws TransactionFailed when the node refuses it; NodeError when it wants more gas than `maxGas`, or does not answer.
 */
export async function broadcast(
  client: SigningStargateClient,
  comet: Comet38Client,
  signer: string,
  messages: readonly EncodeObject[],
  options: FeeOptions,
): Promise<BroadcastTx> {
  const used = await client.simulate(signer, messages, "");
  const gas = Math.ceil(used * options.gasMultiplier);
  if (!(gas > 0 && gas <= options.maxGas)) {
    throw new NodeError(`the node says that this takes ${used} gas; more than ${options.maxGas} is not paid for`);
  }
  const { accountNumber, sequence } = await client.getSequence(signer);
  const chainId = await client.getChainId();
  const fee = calculateFee(gas, options.gasPrice);
  const signed = await client.sign(signer, messages, fee, "", { accountNumber, sequence, chainId });
  const tx = TxRaw.encode(signed).finish();
  const sentAt = performance.now();
  const { code, codespace, log } = await comet.broadcastTxSync({ tx });
  if (code !== 0) throw new TransactionFailed(codespace ?? "", code, log ?? "");
  return { hash: toHex(sha256(tx)).toUpperCase(), sequence, sentAt };
}

/** A transaction in a block, whatever became of it. */
export interface IncludedTx extends ExecutedTx {
  /** 0 for success; otherwise of `codespace`, with the reason in `log`. */
  readonly code: number;
  readonly codespace: string;
  readonly log: string;
}

/**
 * The transaction once it is in a block; undefined before.
 * @param hash 64 upper-case hex digits.
 * @throws NodeError when the node answers with another.
 */
export async function included(comet: Comet38Client, hash: string): Promise<IncludedTx | undefined> {
  const { txs } = await comet.txSearch({ query: `tx.hash='${hash}'` });
  const [found] = txs;
  if (found === undefined) return undefined;
  const { height, result } = found;
  if (toHex(found.hash).toUpperCase() !== hash || !equalBytes(sha256(found.tx), found.hash)) {
    throw new NodeError(`the node's answer is about another transaction than ${hash}`);
  }
  const { code, codespace = "", log = "", gasUsed, data = new Uint8Array(0) } = result;
  return { hash, height, gasUsed, data, code, codespace, log };
}

/**
 * The same for one that must have been executed without an error.
 * @throws TransactionFailed when it failed there; NodeError when the node answers with another.
 */
export async function executed(comet: Comet38Client, hash: string): Promise<ExecutedTx | undefined> {
  const tx = await included(comet, hash);
  if (tx === undefined) return undefined;
  if (tx.code !== 0) throw new TransactionFailed(tx.codespace, tx.code, tx.log);
  const { height, gasUsed, data } = tx;
  return { hash, height, gasUsed, data };
}
