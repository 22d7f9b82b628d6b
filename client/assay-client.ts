import type { EncodeObject, OfflineSigner } from "@cosmjs/proto-signing";
import { createProtobufRpcClient, GasPrice, QueryClient, SigningStargateClient } from "@cosmjs/stargate";
import type { Comet38Client } from "@cosmjs/tendermint-rpc";
import { QueryParamsRequest, QueryParamsResponse } from "cosmjs-types/cosmos/staking/v1beta1/query";
import { MsgRegisterModel } from "../proto/inference.ts";
import { blockBell } from "./block-bell.ts";
import { NodeError } from "./errors.ts";
import { type InferenceResult, runInference } from "./infer.ts";
import { placeProbes } from "./input-blob.ts";
import { cometClient, type RpcBounds } from "./node-rpc.ts";
import { type InferenceQueries, inferenceQueries } from "./queries.ts";
import type { TensorInput } from "./tensors.ts";
import { broadcast, type ExecutedTx, executed, signingOptions } from "./transactions.ts";
import type { UploadProgress } from "./upload-model.ts";

export type { InferenceResult } from "./infer.ts";

/** A manifest to register; what came to it later may be left out. */
export type NewModel = Omit<MsgRegisterModel, "owner" | "probeBlobs" | "datasets"> &
  Partial<Pick<MsgRegisterModel, "probeBlobs" | "datasets">>;

export interface AssayClientOptions extends RpcBounds {
  /** Base units per unit of gas. `0.025` of the chain's own denomination if not given, which is what its nodes ask for by default. */
  readonly gasPrice?: string;
  /** What simulated gas is multiplied with; 1.4 if not given. */
  readonly gasMultiplier?: number;
  /** The most gas that is paid for, whatever the node's simulation says; 50,000,000 if not given. */
  readonly maxGas?: number;
}

export interface InferOptions {
  /** The most that the run may cost, base fee included, in base units; what it does not cost comes back. Its price if not given. */
  readonly maxFee?: bigint;
  /** `inline` for models that run inline: the output is in the block of the request. `attested` if not given. */
  readonly lane?: "inline" | "attested";
  /** Milliseconds to wait for the job to become FINAL or FAILED; 60,000 if not given. */
  readonly timeoutMs?: number;
  /**
   * Inputs that are too large for a transaction go to the node as a blob, which is registered for so many blocks, 1,000 if not given, and costs rent. What is
   * registered already is used as it is.
   */
  readonly blobBlocks?: number;
  /** The most to pay as rent, in base units; what it costs, if not given. */
  readonly maxRent?: bigint;
  /** Called while a blob of inputs is handed over. */
  readonly onProgress?: (progress: UploadProgress) => void;
}

export interface AssayClient {
  /** An ordinary CosmJS client that also knows the chain's own messages. */
  readonly stargate: SigningStargateClient;
  readonly queries: InferenceQueries;
  /** Who signs and pays. */
  readonly address: string;
  /** The base denomination, `uassay`. */
  readonly denom: string;
  /**
   * Signs and broadcasts one transaction with the gas that a simulation takes, and waits until it is in a block, 60 s at most.
   * @throws TransactionFailed, TooLate, NodeError.
   */
  send(messages: readonly EncodeObject[]): Promise<ExecutedTx>;
  /** Registers a model's manifest; its bytes go to a node before or afterwards (upload-model.ts). Throws what `send` and `placeProbes` do. */
  register(manifest: NewModel): Promise<ExecutedTx>;
  /**
   * Hands probes that are too large for a transaction to the node as blobs, registers those for 1,000 blocks, which costs rent, and waits until the validators
   * hold them. `register` does so by itself. @returns the manifest that names them.
   * @throws UploadRefused, TransactionFailed, TooLate, NodeError.
   */
  placeProbes(manifest: NewModel, options?: Pick<InferOptions, "timeoutMs" | "onProgress">): Promise<NewModel>;
  /**
   * Runs a model and waits for the agreed output, whose bytes have been checked against the receipt's output root.
   * @param model 64 hex digits of a model root, `<owner>/<name>`, or a name, which the node is trusted to resolve.
   * @throws Error naming an input that does not fit the model; TransactionFailed, TooLate, NodeError.
   */
  infer(model: string, inputs: Readonly<Record<string, TensorInput>>, options?: InferOptions): Promise<InferenceResult>;
  /** Nothing is open between calls; kept for symmetry with CosmJS. */
  disconnect(): void;
}

/** For which blobs of inputs and of probes are registered. */
export const DEFAULT_BLOB_BLOCKS = 1000;
const DEFAULT_PRICE = "0.025";
const DEFAULT_MULTIPLIER = 1.4;
const DEFAULT_MAX_GAS = 50_000_000;
const DEFAULT_TIMEOUT_MS = 60_000;

/** The chain's base denomination, as its staking module gives it. */
async function baseDenom(comet: Comet38Client): Promise<string> {
  const rpc = createProtobufRpcClient(QueryClient.withExtensions(comet));
  const request = QueryParamsRequest.encode({}).finish();
  const { params } = QueryParamsResponse.decode(await rpc.request("cosmos.staking.v1beta1.Query", "Params", request));
  if (!/^[a-z][a-z0-9]{2,31}$/.test(params.bondDenom)) throw new NodeError("the node names no denomination");
  return params.bondDenom;
}

/**
 * Connects to a node. Runs in browsers too.
 * @param endpoint the node's RPC, `http://127.0.0.1:26657`.
 * @param signer a CosmJS signer; its first account signs and pays.
 * @throws NodeError when the node does not answer.
 * @example
 * const wallet = await DirectSecp256k1HdWallet.fromMnemonic(mnemonic, { prefix: "assay" });
 * const client = await connectAssay("http://127.0.0.1:26657", wallet);
 */
export async function connectAssay(
  endpoint: string,
  signer: OfflineSigner,
  options: AssayClientOptions = {},
): Promise<AssayClient> {
  const [account] = await signer.getAccounts();
  if (account === undefined) throw new Error("the signer has no account");
  const { address } = account;
  const comet = cometClient(endpoint, options);
  const denom = await baseDenom(comet);
  const gasPrice = GasPrice.fromString(options.gasPrice ?? `${DEFAULT_PRICE}${denom}`);
  const stargate = SigningStargateClient.createWithSigner(comet, signer, signingOptions(gasPrice));
  const fees = {
    gasPrice,
    gasMultiplier: options.gasMultiplier ?? DEFAULT_MULTIPLIER,
    maxGas: options.maxGas ?? DEFAULT_MAX_GAS,
  };
  const queries = inferenceQueries(comet);
  const submit = (messages: readonly EncodeObject[]) => broadcast(stargate, comet, address, messages, fees);

  async function send(messages: readonly EncodeObject[]): Promise<ExecutedTx> {
    const bell = blockBell(endpoint);
    try {
      const { hash } = await submit(messages);
      return await bell.until(`transaction ${hash}`, DEFAULT_TIMEOUT_MS, () => executed(comet, hash));
    } finally {
      bell.close();
    }
  }

  async function place(
    manifest: NewModel,
    { timeoutMs = DEFAULT_TIMEOUT_MS, onProgress }: Pick<InferOptions, "timeoutMs" | "onProgress"> = {},
  ): Promise<NewModel> {
    const bell = blockBell(endpoint);
    try {
      const link = { comet, queries, bell, submit, requester: address, denom };
      return await placeProbes(link, manifest, { endpoint, blocks: DEFAULT_BLOB_BLOCKS, timeoutMs, onProgress });
    } finally {
      bell.close();
    }
  }

  return {
    stargate,
    queries,
    address,
    denom,
    send,
    async register(manifest) {
      const value = MsgRegisterModel.fromPartial({ ...(await place(manifest)), owner: address });
      return send([{ typeUrl: MsgRegisterModel.typeUrl, value }]);
    },
    placeProbes: place,
    async infer(model, inputs, { maxFee, lane = "attested", timeoutMs = DEFAULT_TIMEOUT_MS, ...options } = {}) {
      const bell = blockBell(endpoint);
      try {
        const link = { comet, queries, bell, submit, requester: address, denom };
        const { blobBlocks: blocks = DEFAULT_BLOB_BLOCKS, maxRent, onProgress } = options;
        const blob = { endpoint, blocks, maxRent, onProgress };
        return await runInference(link, { model, inputs, maxFee, lane, timeoutMs, blob });
      } finally {
        bell.close();
      }
    },
    disconnect: () => stargate.disconnect(),
  };
}
