import { fromUtf8, toHex } from "../../chain/bytes.ts";
import type { Context } from "../../chain/module.ts";
import type { Params } from "../../chain/params.ts";
import { heightKey } from "../../state/collections.ts";
import type { StateReader } from "../../state/store.ts";
import { accountText } from "../addresses.ts";
import { moduleAddress } from "../auth/keeper.ts";
import { burn, transfer } from "../bank/keeper.ts";
import { inferenceError } from "./errors.ts";
import type { ModelManifest } from "./manifest.ts";
import { ESCROW } from "./models.ts";
import { inferenceParams } from "./params.ts";
import { BLOB_STATUS, blobExpiries, blobLoad, type InputBlobRecord, inputBlobs, type JobRecord } from "./store.ts";
import { dtypeName } from "./tensor-check.ts";

/**
 * Blobs of inputs that are larger than a transaction takes. Registered, they are checked by everybody in an availability job; from its end until they expire
 * requests may name them, and nodes keep them.
 */

const FEE_COLLECTOR = moduleAddress("fee_collector");
/** Rent is for each started unit of so many bytes, and each block. */
export const RENT_UNIT_BYTES = 65_536;
/** Blobs released in one block; the rest follow in the next. */
const MAX_RELEASED = 64;
export const NO_LOAD = { blobs: 0, bytes: 0 };

export function inputBlobByRoot(reader: StateReader, root: Uint8Array): InputBlobRecord | undefined {
  return inputBlobs.get(reader, root);
}

/** Base units for so many bytes and blocks. */
export function blobRent(bytes: number, blocks: number, params: Params): bigint {
  const units = BigInt(Math.ceil(bytes / RENT_UNIT_BYTES));
  return units * BigInt(blocks) * inferenceParams.read(params).blobRentPerBlock;
}

/** Cost units that the blob of a run's inputs adds to the model's: everybody who is asked has to have it. */
export function blobUnits(bytes: number, params: Params): number {
  return Math.ceil(bytes / Number(inferenceParams.read(params).costBytesPerUnit));
}

/** Counts a blob in. @throws TxError inference 51 where validators would have to keep more than they must */
export function takeRoom(ctx: Context, bytes: number): void {
  const { inputBlobsTotal } = inferenceParams.read(ctx.block.params);
  const load = blobLoad.get(ctx.store) ?? NO_LOAD;
  if (load.bytes + bytes > Number(inputBlobsTotal)) {
    throw inferenceError(
      "blobsFull",
      `${load.blobs} blobs of ${load.bytes} bytes are kept and this one has ${bytes}, at most ${inputBlobsTotal}; try again later`,
    );
  }
  blobLoad.set(ctx.store, { blobs: load.blobs + 1, bytes: load.bytes + bytes });
}

function forget(ctx: Context, root: Uint8Array, { blobBytes }: InputBlobRecord): void {
  const { blobs, bytes } = blobLoad.get(ctx.store) ?? NO_LOAD;
  blobLoad.set(ctx.store, { blobs: blobs - 1, bytes: bytes - blobBytes });
  inputBlobs.delete(ctx.store, root);
}

function describe(ctx: Context, root: Uint8Array, { owner }: InputBlobRecord): (readonly [string, string])[] {
  return [
    ["blob", toHex(root)],
    ["owner", accountText(ctx.block.spec, owner)],
  ];
}

/** The blob that an availability job is about, unless that has been decided. */
function underCheck(ctx: Context, { fields, requestedHeight }: JobRecord): InputBlobRecord | undefined {
  const blob = inputBlobs.get(ctx.store, fields.modelRoot);
  const open = blob?.status === BLOB_STATUS.checking && blob.registeredHeight === requestedHeight;
  return open ? blob : undefined;
}

/**
 * More than two thirds of all power have said the same about a blob. One that is as declared is active and its rent paid, to all who stake, as they
 * all keep it; the rent of one that is not burns.
 */
export function decideBlob(ctx: Context, job: JobRecord, asDeclared: boolean): void {
  const blob = underCheck(ctx, job);
  if (blob === undefined) return;
  const { height, spec } = ctx.block;
  const root = job.fields.modelRoot;
  const rent = [{ denom: spec.denom, amount: blob.rent }];
  if (!asDeclared) {
    burn(ctx, ESCROW, rent);
    forget(ctx, root, blob);
    ctx.emit("input_blob_failed", ...describe(ctx, root, blob), ["reason", "it is not what its registration says"]);
    return;
  }
  transfer(ctx, ESCROW, FEE_COLLECTOR, rent);
  const expiryHeight = height + blob.blocks;
  inputBlobs.set(ctx.store, root, {
    ...blob,
    status: BLOB_STATUS.active,
    activeHeight: height,
    expiryHeight,
    rent: 0n,
  });
  blobExpiries.set(ctx.store, [expiryHeight, root], 1);
  ctx.emit("input_blob_active", ...describe(ctx, root, blob), ["expiry_height", String(expiryHeight)]);
}

/** Too few had it: the rent returns. */
export function failBlob(ctx: Context, job: JobRecord, reason: string): void {
  const blob = underCheck(ctx, job);
  if (blob === undefined) return;
  const root = job.fields.modelRoot;
  transfer(ctx, ESCROW, blob.owner, [{ denom: ctx.block.spec.denom, amount: blob.rent }]);
  forget(ctx, root, blob);
  ctx.emit("input_blob_failed", ...describe(ctx, root, blob), ["reason", reason]);
}

/** Ends what was paid for until this block. Jobs that are open keep their blob: nodes look at those, too. */
export function releaseBlobs(ctx: Context): void {
  const before = heightKey.encode(ctx.block.height + 1);
  for (const [key] of blobExpiries.entries(ctx.store, { before, limit: MAX_RELEASED })) {
    const [, root] = key;
    const blob = inputBlobs.get(ctx.store, root);
    if (blob === undefined) throw new Error(`the input blob ${toHex(root)} is gone before its end`);
    blobExpiries.delete(ctx.store, key);
    forget(ctx, root, blob);
    ctx.emit("input_blob_released", ...describe(ctx, root, blob));
  }
}

function shapeText({ dtype, shape }: InputBlobRecord["tensors"][number]): string {
  return `${dtypeName(dtype)}[${shape.join(",")}]`;
}

/** How a blob's tensors differ from a model's inputs. */
function shapesProblem(blob: InputBlobRecord, { inputs }: ModelManifest): string | undefined {
  if (blob.tensors.length !== inputs.length)
    return `it holds ${blob.tensors.length} tensors, expected ${inputs.length}`;
  for (const [index, declared] of inputs.entries()) {
    const tensor = blob.tensors[index];
    const found = tensor === undefined ? "nothing" : shapeText(tensor);
    if (found === shapeText(declared)) continue;
    return `tensor ${index} "${fromUtf8(declared.name)}" is ${found}, expected ${shapeText(declared)}`;
  }
  return undefined;
}

/**
 * A blob that a run of the model may take its inputs from, now.
 * @throws TxError inference 48 for one that is not active, 49 for one of other tensors
 */
export function requireBlob(ctx: Context, root: Uint8Array, manifest: ModelManifest): InputBlobRecord {
  if (root.length !== 32) throw inferenceError("invalidBlob", `inputs_blob has ${root.length} bytes, expected 32`);
  const blob = inputBlobs.get(ctx.store, root);
  if (blob === undefined) {
    throw inferenceError(
      "unknownBlob",
      `no input blob ${toHex(root)} is registered, or its time is over; register it first`,
    );
  }
  if (blob.status !== BLOB_STATUS.active) {
    throw inferenceError(
      "unknownBlob",
      `the input blob ${toHex(root)} is still being checked, in job ${toHex(blob.jobId)}`,
    );
  }
  const problem = shapesProblem(blob, manifest);
  if (problem !== undefined) throw inferenceError("invalidBlob", `${toHex(root)}: ${problem}`);
  return blob;
}

/** Rent that the escrow holds for blobs that are still being checked. */
export function heldRent(reader: StateReader): bigint {
  return inputBlobs.entries(reader).reduce((sum, [, { rent }]) => sum + rent, 0n);
}
