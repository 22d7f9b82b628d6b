import { BLOB_STATUS, blobExpiries, blobLoad, inputBlobs } from "../../../modules/inference/store.ts";
import { MsgRegisterBlob, MsgRequestInference } from "../../../proto/inference.ts";
import { INPUTS, requestOf } from "../../inference/harness.ts";
import { accountOf, addressOf } from "../network.ts";
import { BAD_ACCOUNTS, BAD_AMOUNTS, coin, each, rowsOf } from "./inputs.ts";
import type { Refusal } from "./play.ts";
import { createWorld, OTHER_DENOM, type World } from "./world.ts";

const ROOT = new Uint8Array(32).fill(1);
const TENSOR = { dtype: "float32", shape: [1n, 2n] };
const BLOB = MsgRegisterBlob.fromPartial({
  owner: accountOf("ann"),
  blobRoot: ROOT,
  blobBytes: BigInt(INPUTS.length),
  inputsRoot: ROOT,
  tensors: [TENSOR],
  blocks: 10n,
  maxDeposit: coin(1_000_000n),
});

function known(status: number, shape: readonly number[]): World {
  const world = createWorld();
  inputBlobs.set(world.store, ROOT, {
    owner: addressOf("ann"),
    blobBytes: INPUTS.length,
    inputsRoot: ROOT,
    tensors: [{ dtype: 1, shape: [...shape] }],
    status,
    registeredHeight: 1,
    activeHeight: status,
    blocks: 10,
    expiryHeight: 11 * status,
    rent: 0n,
    jobId: ROOT,
  });
  blobLoad.set(world.store, { blobs: 1, bytes: INPUTS.length });
  if (status === BLOB_STATUS.active) blobExpiries.set(world.store, [11, ROOT], 1);
  return world;
}
const active = (): World => known(BLOB_STATUS.active, [1, 2]);
const checking = (): World => known(BLOB_STATUS.checking, [1, 2]);
const ofOtherShape = (): World => known(BLOB_STATUS.active, [2, 1]);
const ofTwoTensors = (): World => {
  const world = active();
  const blob = inputBlobs.get(world.store, ROOT);
  if (blob !== undefined) inputBlobs.set(world.store, ROOT, { ...blob, tensors: [...blob.tensors, ...blob.tensors] });
  return world;
};
const noRoom = (): World => createWorld({ "inference.inputBlobsTotal": 10n });

const register = rowsOf(MsgRegisterBlob, BLOB);
const request = rowsOf(
  MsgRequestInference,
  requestOf({ requester: accountOf("ann"), maxFee: coin(1_000_000n), inputs: new Uint8Array(0), inputsBlob: ROOT }),
);

/** Of blobs of inputs. */
export const inputBlobRows: readonly Refusal[] = [
  ...each(BAD_ACCOUNTS, "owner", (wrong, owner) => register(wrong, "sdk/7", { owner })),
  ...each(BAD_AMOUNTS, "rent", (wrong, amount) => register(wrong, "sdk/10", { maxDeposit: coin(amount) })),
  register("no rent", "sdk/10", { maxDeposit: undefined }),
  register("rent of another denomination", "inference/9", { maxDeposit: coin(1_000_000n, OTHER_DENOM) }),
  register("rent that is too low", "inference/9", { maxDeposit: coin(9n) }),
  register("a blob root of 31 bytes", "inference/49", { blobRoot: new Uint8Array(31) }),
  register("an inputs root of 31 bytes", "inference/49", { inputsRoot: new Uint8Array(31) }),
  register("no tensors", "inference/49", { tensors: [] }),
  register("too many tensors", "inference/49", { tensors: Array.from({ length: 17 }, () => TENSOR) }),
  register("an unknown dtype", "inference/49", { tensors: [{ ...TENSOR, dtype: "float8" }] }),
  register("too many dimensions", "inference/49", { tensors: [{ ...TENSOR, shape: new Array<bigint>(9).fill(1n) }] }),
  register("a length of zero", "inference/49", { tensors: [{ ...TENSOR, shape: [0n] }] }),
  register("a length that nobody could hold", "inference/49", { tensors: [{ ...TENSOR, shape: [1n << 60n] }] }),
  register("a tensor above the limit", "inference/49", { tensors: [{ ...TENSOR, shape: [1n << 23n] }] }),
  register("another length than that of its tensors", "inference/49", { blobBytes: 30n }),
  register("more bytes than a run may take", "inference/49", {
    blobBytes: 5_000_021n,
    tensors: [{ dtype: "uint8", shape: [5_000_000n] }],
  }),
  register("no blocks", "inference/49", { blocks: 0n }),
  register("more blocks than a registration may last", "inference/49", { blocks: 1_000_000n }),
  register("a blob that is active", "inference/50", {}, { given: active }),
  register("a blob that is being checked", "inference/50", {}, { given: checking }),
  register("more than validators keep", "inference/51", {}, { given: noRoom }),
  request("a blob that nobody registered", "inference/48", {}),
  request("a blob that is being checked", "inference/48", {}, { given: checking }),
  request("a blob's root of 31 bytes", "inference/49", { inputsBlob: new Uint8Array(31) }),
  request("a blob of another shape", "inference/49", {}, { given: ofOtherShape }),
  request("a blob of two tensors in the place of one", "inference/49", {}, { given: ofTwoTensors }),
  request("both inputs and a blob", "inference/49", { inputs: INPUTS }, { given: active }),
  request("a blob in the inline lane", "inference/49", { lane: "inline" }, { given: active }),
  request("a fee that leaves out the blob", "inference/8", { maxFee: coin(10_100n) }, { given: active }),
];
