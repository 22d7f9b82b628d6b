import { setTimeout as sleep } from "node:timers/promises";
import { createProtobufRpcClient, QueryClient } from "@cosmjs/stargate";
import { type AssayClient, DEFAULT_BLOB_BLOCKS } from "../../../client/assay-client.ts";
import { isNotFound, UploadRefused } from "../../../client/errors.ts";
import { blobRent } from "../../../client/input-blob.ts";
import { cometClient } from "../../../client/node-rpc.ts";
import { type UploadOptions, uploadModel } from "../../../client/upload-model.ts";
import { MsgRegisterModel } from "../../../proto/inference.ts";
import {
  type AdmissionMember,
  type Model,
  QueryParamsRequest,
  QueryParamsResponse,
  QueryPricesRequest,
  QueryPricesResponse,
} from "../../../proto/inference-query.ts";
import { UserError } from "../../user-error.ts";
import type { ModelFile } from "../model-file.ts";

/** What a registration costs, in base units. */
export interface Price {
  /** Held while the model is registered; burns if it fails its admission. */
  readonly deposit: bigint;
  /** Of the runs of probes and of the inputs that the chain generates: never returned. */
  readonly probes: bigint;
  /** Of the blobs of probes that are too large for a transaction: never returned. */
  readonly rent: bigint;
}

const SERVICE = "assay.inference.v1.Query";

function rpcOf(node: string): ReturnType<typeof createProtobufRpcClient> {
  return createProtobufRpcClient(QueryClient.withExtensions(cometClient(node)));
}

/** What the chain asks now for a model. @throws UserError for an answer without these parameters. */
export async function registrationPrice(node: string, { bytes: model, manifest }: ModelFile): Promise<Price> {
  const { probes, tier } = manifest;
  const bytes = model.length;
  const answer = await rpcOf(node).request(SERVICE, "Params", QueryParamsRequest.encode({}).finish());
  const values = new Map(QueryParamsResponse.decode(answer).params.map(({ name, value }) => [name, value]));
  const param = (name: string): bigint => {
    const value = values.get(name);
    if (value === undefined) throw new UserError(`the node does not tell the parameter ${name}`);
    return value;
  };
  const perUnit = param("costBytesPerUnit");
  const { prices } = QueryPricesResponse.decode(
    await rpcOf(node).request(SERVICE, "Prices", QueryPricesRequest.encode({}).finish()),
  );
  const price = BigInt(prices.find((each) => each.tier === tier)?.price ?? param("costUnitPrice"));
  const units = 1n + (perUnit === 0n ? 0n : BigInt(bytes) / perUnit);
  const least = param("generatedProbes");
  const count = BigInt(probes.length);
  const generated = least > count ? least : count;
  const large = probes.filter(({ length }) => BigInt(length) > param("maxInputBytes"));
  const rents = large.map(({ length }) => blobRent(length, DEFAULT_BLOB_BLOCKS, param("blobRentPerBlock")));
  return {
    deposit: param("depositBase") + param("depositPerByte") * BigInt(bytes),
    probes: units * price * (count + generated),
    rent: rents.reduce((sum, rent) => sum + rent, 0n),
  };
}

/** What one validator has made of a model's probes. */
export interface Verdict {
  readonly operator: string;
  readonly text: string;
}

export interface Admission {
  readonly model: Model;
  /** Empty for an active model. */
  readonly verdicts: readonly Verdict[];
  /** Of the registration; undefined when it was there before. */
  readonly txHash: string | undefined;
}

export interface AdmissionOptions {
  /** In base units. */
  readonly maxDeposit: bigint;
  /** For the verdict, once the bytes are at the node. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: UploadOptions["onProgress"];
}

const POLL_MS = 200;

/** The model with a root, if there is one. */
export async function knownModel(client: AssayClient, root: string): Promise<Model | undefined> {
  try {
    return await client.queries.model(root);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** What the chain knows of each validator's part, in the validator's own words where it gave a reason. */
export function verdictsOf(admission: readonly AdmissionMember[]): readonly Verdict[] {
  return admission.map(({ operator, runs, committed, revealed, reason }) => {
    const of = `of ${runs} run${runs === 1 ? "" : "s"}`;
    const silent = "absent: it gave no reason; its log may";
    const missing = reason === "" ? silent : `absent: it ${reason}`;
    const part = committed === 0 ? "" : ` (ran ${committed} ${of})`;
    if (committed < runs) return { operator, text: missing + part };
    const text =
      revealed < runs ? `committed to an output and has revealed ${revealed} ${of}` : `ran all ${of.slice(3)}`;
    return { operator, text };
  });
}

/** Refusals of bytes whose model is not registered yet. They are taken afterwards. */
const BEFORE_ITS_TIME = new Set(["unregistered", "clientQuota", "nodeQuota", "tooManyUploads"]);

/** Whether the node has the bytes, which it may refuse before the registration. */
async function uploadedEarly(node: string, bytes: Uint8Array, options: UploadOptions): Promise<boolean> {
  try {
    await uploadModel(node, bytes, options);
    return true;
  } catch (error) {
    if (error instanceof UploadRefused && BEFORE_ITS_TIME.has(error.code)) return false;
    throw error;
  }
}

function uploadError(node: string, error: unknown): unknown {
  return error instanceof UploadRefused
    ? new UserError(`${node} does not take the model: ${error.message}`, { cause: error })
    : error;
}

async function handOver(node: string, bytes: Uint8Array, options: UploadOptions): Promise<void> {
  try {
    await uploadModel(node, bytes, options);
  } catch (error) {
    throw uploadError(node, error);
  }
}

/**
 * Uploads a model, registers it and waits for the validators' verdict. The bytes go first where the node takes them, so that the window of the
 * admission is not spent on them. What an attempt that was cut short has done is not done again.
 * @param node the node's RPC, which also takes the model's bytes.
 * @throws UserError when the node does not take the bytes or there is no verdict in time; what `AssayClient.register` throws when the chain refuses.
 */
export async function registerAndAdmit(
  client: AssayClient,
  node: string,
  { manifest, root, bytes }: ModelFile,
  { maxDeposit, timeoutMs, signal, onProgress }: AdmissionOptions,
): Promise<Admission> {
  const uploading: UploadOptions = {
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  };
  const before = await knownModel(client, root);
  if (before?.status === "ACTIVE") return { model: before, verdicts: [], txHash: undefined };
  let txHash: string | undefined;
  if (before?.status === "REGISTERED") await handOver(node, bytes, uploading);
  else {
    // Nothing can be simulated before the blobs that it names are there.
    const placed = await client.placeProbes(manifest, {
      timeoutMs,
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    const offer = { ...placed, maxDeposit: { denom: client.denom, amount: String(maxDeposit) } };
    // Whatever the chain refuses it refuses before anything is sent.
    const value = MsgRegisterModel.fromPartial({ ...offer, owner: client.address });
    await client.stargate.simulate(client.address, [{ typeUrl: MsgRegisterModel.typeUrl, value }], "");
    const early = await uploadedEarly(node, bytes, uploading).catch((error: unknown) => {
      throw uploadError(node, error);
    });
    txHash = (await client.register(offer)).hash;
    if (!early) await handOver(node, bytes, uploading);
  }
  const end = performance.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    const model = await client.queries.model(root);
    if (model.status === "ACTIVE") return { model, verdicts: [], txHash };
    const late = performance.now() >= end;
    if (model.status === "FAILED" || late) {
      return { model, verdicts: verdictsOf(model.admission), txHash };
    }
    await sleep(POLL_MS);
  }
}
