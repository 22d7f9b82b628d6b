import { encodeSecp256k1Pubkey } from "@cosmjs/amino";
import { type EncodeObject, encodePubkey, makeAuthInfoBytes } from "@cosmjs/proto-signing";
import {
  calculateFee,
  createProtobufRpcClient,
  GasPrice,
  QueryClient,
  SigningStargateClient,
  StargateClient,
  type StdFee,
} from "@cosmjs/stargate";
import type { Comet38Client } from "@cosmjs/tendermint-rpc";
import { ConfigRequest, ConfigResponse } from "cosmjs-types/cosmos/base/node/v1beta1/query";
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { SimulateRequest, SimulateResponse } from "cosmjs-types/cosmos/tx/v1beta1/service";
import { AuthInfo, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { encodeAddress } from "../../../chain/crypto/bech32.ts";
import { NodeError } from "../../../client/errors.ts";
import { messageRegistry, signingOptions } from "../../../client/transactions.ts";
import type { Keyring } from "../../keys/keyring.ts";
import { UserError } from "../../user-error.ts";
import { addressPrefix, toJsonText } from "../client.ts";
import type { Io } from "../command.ts";
import { homeOf } from "../keyring-options.ts";
import { confirmed, type Prompt } from "../prompt.ts";
import { anyToJson } from "../proto-json.ts";
import { type TxAccount, txAccount } from "./account.ts";
import { coinText, type TxOptions } from "./options.ts";
import { type Outcome, printOutcome, sendAndWait } from "./outcome.ts";
import type { Sender } from "./row.ts";
import { txBytes as txBytesOf, txFileText, txToJson, type WholeTx } from "./tx-file.ts";

/** A simulation above this is refused without a look: a node that lies about it could burn the account's coins as fees. */
const MAX_GAS = 50_000_000;
/** Per unit of gas, of what a node asks for by itself: 40 times the default. */
const MAX_ASKED_PRICE = 1;
/** Only the price of a client is used, which is given with each fee. */
export const ANY_PRICE = GasPrice.fromString("0uassay");

/** What building a transaction needs. */
export interface Session {
  readonly comet: Comet38Client;
  readonly node: string;
  readonly chainId: string;
  readonly account: TxAccount;
  readonly sender: Sender;
}

export async function openSession(
  comet: Comet38Client,
  node: string,
  options: Pick<TxOptions, "from" | "home">,
  keyring: Keyring,
): Promise<Session> {
  const prefix = await addressPrefix(comet);
  const account = await txAccount(options.from, keyring, prefix);
  const { nodeInfo } = await comet.status();
  const chainId = nodeInfo.network;
  const rpc = createProtobufRpcClient(QueryClient.withExtensions(comet));
  const { address, addressBytes } = account;
  const operator = encodeAddress(`${prefix}valoper`, addressBytes);
  const sender = { address, operator, addressBytes, chainId, node, home: homeOf(options), rpc };
  return { comet, node, chainId, account, sender };
}

/** @param granter whose allowance pays: looking at it and writing it back takes gas. */
async function simulatedGas(session: Session, body: TxBody, sequence: number, granter?: string): Promise<number> {
  const { publicKey, address } = session.account;
  if (publicKey === undefined)
    throw new UserError(`the gas of ${address} can't be simulated without its key: give --gas`);
  const pubkey = encodePubkey(encodeSecp256k1Pubkey(publicKey));
  const authInfo = AuthInfo.decode(
    makeAuthInfoBytes([{ pubkey, sequence }], [], 0, granter, undefined, SignMode.SIGN_MODE_UNSPECIFIED),
  );
  const txBytes = txBytesOf({ body, authInfo, signatures: [new Uint8Array(0)] });
  const request = SimulateRequest.encode(SimulateRequest.fromPartial({ txBytes })).finish();
  const answer = await session.sender.rpc.request("cosmos.tx.v1beta1.Service", "Simulate", request);
  return Number(SimulateResponse.decode(answer).gasInfo?.gasUsed ?? 0n);
}

/** The price that the node asks for. @throws UserError for one that nobody should pay without saying so. */
async function askedPrice({ sender }: Session): Promise<GasPrice> {
  const request = ConfigRequest.encode({}).finish();
  const answer = await sender.rpc.request("cosmos.base.node.v1beta1.Service", "Config", request);
  const { minimumGasPrice } = ConfigResponse.decode(answer);
  const price = GasPrice.fromString(minimumGasPrice);
  if (price.amount.toFloatApproximation() <= MAX_ASKED_PRICE) return price;
  throw new UserError(`the node asks for ${minimumGasPrice} per unit of gas: that is paid only with --gas-price`);
}

async function feeOf(session: Session, options: TxOptions, body: TxBody, sequence: number): Promise<StdFee> {
  const { gas, fees } = options;
  const granter = options["fee-granter"];
  const used = gas === "auto" ? await simulatedGas(session, body, sequence, granter) : undefined;
  const limit = used === undefined ? Number(gas) : Math.ceil(used * options["gas-adjustment"]);
  if (used !== undefined && !(limit > 0 && limit <= MAX_GAS)) {
    throw new NodeError(`the node says that this takes ${used} gas; more than ${MAX_GAS} is not paid for`);
  }
  const named = options["gas-price"];
  if (fees !== undefined && named !== undefined)
    throw new UserError("--fees and --gas-price are two ways of saying one thing");
  const rest = granter === undefined ? {} : { granter };
  if (fees !== undefined) return { amount: fees, gas: String(limit), ...rest };
  const price = named === undefined ? await askedPrice(session) : GasPrice.fromString(named);
  return { ...calculateFee(limit, price), ...rest };
}

function summary(session: Session, tx: WholeTx, mode: string): string {
  const { fee } = tx.authInfo;
  const lines = [
    `chain      ${session.chainId}`,
    `signer     ${session.account.address} (sign mode ${mode})`,
    ...tx.body.messages.map((message) => `message    ${toJsonText(anyToJson(message), 0)}`),
    `fee        ${(fee?.amount ?? []).map(coinText).join(",") || "none"} for up to ${fee?.gasLimit ?? 0n} gas`,
    ...(fee?.granter ? [`paid by    ${fee.granter}`] : []),
    ...(tx.body.memo ? [`memo       ${tx.body.memo}`] : []),
    ...(tx.body.timeoutHeight ? [`until      height ${tx.body.timeoutHeight}`] : []),
  ];
  return lines.join("\n");
}

/** Simulates, shows, asks, signs, sends and reports. @returns the exit code. */
export async function submit(
  session: Session,
  messages: readonly EncodeObject[],
  options: TxOptions,
  prompt: Prompt,
  io: Io,
): Promise<number> {
  const { comet, node, chainId, account } = session;
  const registry = messageRegistry();
  const { memo } = options;
  const timeoutHeight = options["timeout-height"] ?? 0n;
  const body = TxBody.fromPartial({ messages: messages.map((one) => registry.encodeAsAny(one)), memo, timeoutHeight });
  const isOffline = options["generate-only"] && options.gas !== "auto";
  const { accountNumber, sequence } = isOffline
    ? { accountNumber: 0n, sequence: 0 }
    : await StargateClient.create(comet).getSequence(account.address);
  const fee = await feeOf(session, options, body, sequence);
  const pubkey =
    account.publicKey === undefined
      ? []
      : [{ pubkey: encodePubkey(encodeSecp256k1Pubkey(account.publicKey)), sequence }];
  const unsigned: WholeTx = {
    body,
    authInfo: AuthInfo.decode(
      makeAuthInfoBytes(options["generate-only"] ? [] : pubkey, fee.amount, Number(fee.gas), fee.granter, fee.payer),
    ),
    signatures: [],
  };
  if (options["generate-only"]) {
    io.out(txFileText(unsigned));
    return 0;
  }
  if (options["dry-run"]) {
    const cost = { gas: fee.gas, fee: fee.amount.map(coinText).join(",") };
    io.out(
      options.json
        ? toJsonText({ ...cost, tx: txToJson(unsigned) })
        : `${cost.gas} gas for ${cost.fee}; nothing was signed`,
    );
    return 0;
  }
  if (!options.json || !options.yes) io.err(summary(session, unsigned, options["sign-mode"]));
  if (!options.yes && !(await confirmed("Sign and send this?", prompt))) throw new UserError("nothing was signed");
  const wallet = await account.wallet(options["sign-mode"]);
  const client = SigningStargateClient.createWithSigner(comet, wallet, signingOptions(ANY_PRICE));
  const data = { accountNumber, sequence, chainId };
  const signed = await client.sign(account.address, messages, fee, memo, data, options["timeout-height"]);
  const outcome: Outcome = await sendAndWait(comet, node, TxRaw.encode(signed).finish());
  return printOutcome(outcome, options.json, io);
}
