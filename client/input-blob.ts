import { fromHex, toHex } from "../chain/bytes.ts";
import { Blob } from "../chain/types/blob.ts";
import { dtypeName } from "../modules/inference/tensor-check.ts";
import { type Tensor, Tensors } from "../modules/inference/tensors.ts";
import { MsgRegisterBlob, type MsgRegisterModel } from "../proto/inference.ts";
import type { InputBlob } from "../proto/inference-query.ts";
import { isNotFound, NodeError } from "./errors.ts";
import type { InferenceLink } from "./infer.ts";
import type { InferenceQueries } from "./queries.ts";
import { executed } from "./transactions.ts";
import { blobManifestOf, type UploadProgress, uploadBlob } from "./upload-model.ts";

/** Inputs that are too large for a transaction, as a blob that requests name. */
export interface UploadedInputs {
  /** 64 hex digits. */
  readonly root: string;
  readonly expiryHeight: number;
  /** Cost units that naming it adds to a request. */
  readonly requestUnits: bigint;
}

export interface InputBlobOptions {
  /** The node's RPC. */
  readonly endpoint: string;
  /** How long requests may name it. */
  readonly blocks: number;
  /** The most to pay as rent, in base units; what it costs, if not given. */
  readonly maxRent?: bigint | undefined;
  readonly timeoutMs: number;
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined;
}

/** Inputs of fewer bytes fit into a transaction on any network worth the name: the node is not asked. */
const SURELY_SMALL = 16 * 1024;
const RENT_UNIT_BYTES = 65_536;

/** What a blob costs for so many blocks, in base units. @param price of each 64 KiB begun, a block. */
export function blobRent(bytes: number, blocks: number, price: bigint): bigint {
  return BigInt(Math.ceil(bytes / RENT_UNIT_BYTES) * blocks) * price;
}

/** Whether inputs have to go into a blob on this network. */
export async function needsBlob(queries: Pick<InferenceQueries, "parameter">, bytes: number): Promise<boolean> {
  return bytes > SURELY_SMALL && BigInt(bytes) > (await queries.parameter("maxInputBytes"));
}

async function known(queries: InferenceQueries, root: string): Promise<InputBlob | undefined> {
  try {
    return await queries.inputBlob(root);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function uploaded(root: string, { expiryHeight, requestUnits }: InputBlob): UploadedInputs {
  return { root, expiryHeight: Number(expiryHeight), requestUnits };
}

/**
 * Hands inputs to a node, registers them and waits until the validators hold them. Inputs that are registered already are used as they are.
 * @throws UploadRefused, NodeError, and what sending a transaction throws.
 */
export async function uploadInputs(
  link: Pick<InferenceLink, "comet" | "queries" | "bell" | "submit" | "requester" | "denom">,
  tensors: readonly Tensor[],
  options: InputBlobOptions,
): Promise<UploadedInputs> {
  const { comet, queries, bell, requester, denom } = link;
  const { endpoint, timeoutMs, blocks } = options;
  const bytes = Tensors.serialize([...tensors]);
  const root = toHex(Blob.hashTreeRoot(await blobManifestOf(bytes)));
  const before = await known(queries, root);
  if (before?.status === "ACTIVE") return uploaded(root, before);
  await uploadBlob(endpoint, bytes, options.onProgress === undefined ? {} : { onProgress: options.onProgress });
  if (before === undefined) {
    const rent = blobRent(bytes.length, blocks, await queries.parameter("blobRentPerBlock"));
    if (options.maxRent !== undefined && rent > options.maxRent) {
      throw new Error(
        `inputs of ${bytes.length} bytes for ${blocks} blocks cost ${rent} ${denom}, at most ${options.maxRent} are allowed`,
      );
    }
    const value = MsgRegisterBlob.fromPartial({
      owner: requester,
      blobRoot: fromHex(root),
      blobBytes: BigInt(bytes.length),
      inputsRoot: Tensors.hashTreeRoot([...tensors]),
      tensors: tensors.map(({ dtype, shape }) => ({ dtype: dtypeName(dtype), shape: shape.map(BigInt) })),
      blocks: BigInt(blocks),
      maxDeposit: { denom, amount: String(rent) },
    });
    const { hash } = await link.submit([{ typeUrl: MsgRegisterBlob.typeUrl, value }]);
    await bell.until(`transaction ${hash}`, timeoutMs, () => executed(comet, hash));
  }
  return bell.until(`input blob ${root}`, timeoutMs, async () => {
    const blob = await known(queries, root);
    if (blob === undefined) throw new NodeError(`the validators did not find the input blob ${root} available`);
    return blob.status === "ACTIVE" ? uploaded(root, blob) : undefined;
  });
}

/**
 * A manifest whose probes are where the chain takes them from: those that are too large for a transaction in blobs, the others as they were.
 * @throws what `uploadInputs` does.
 */
export async function placeProbes<T extends Pick<MsgRegisterModel, "probes"> & Partial<MsgRegisterModel>>(
  link: Parameters<typeof uploadInputs>[0],
  manifest: T,
  options: InputBlobOptions,
): Promise<T> {
  const probes: Uint8Array[] = [];
  const probeBlobs = [...(manifest.probeBlobs ?? [])];
  for (const probe of manifest.probes) {
    if (await needsBlob(link.queries, probe.length)) {
      probeBlobs.push(fromHex((await uploadInputs(link, Tensors.deserialize(probe), options)).root));
    } else probes.push(probe);
  }
  return { ...manifest, probes, probeBlobs };
}
