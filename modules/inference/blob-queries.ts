import { fromHex } from "../../chain/bytes.ts";
import { GRPC, QueryError } from "../../chain/errors.ts";
import type { Query, QueryContext } from "../../chain/module.ts";
import {
  type InputBlob,
  QueryInputBlobRequest,
  QueryInputBlobResponse,
  QueryInputBlobsRequest,
  QueryInputBlobsResponse,
} from "../../proto/inference-query.ts";
import { accountText } from "../addresses.ts";
import { defineQuery, notFound } from "../define-query.ts";
import { paginate } from "../pagination.ts";
import { blobUnits } from "./input-blobs.ts";
import { BLOB_STATUS, type InputBlobRecord, inputBlobs, modelKey } from "./store.ts";
import { dtypeName } from "./tensor-check.ts";

const SERVICE = "/assay.inference.v1.Query";

export function inputBlobMessage(ctx: QueryContext, blobRoot: Uint8Array, blob: InputBlobRecord): InputBlob {
  return {
    blobRoot,
    owner: accountText(ctx.spec, blob.owner),
    blobBytes: BigInt(blob.blobBytes),
    inputsRoot: blob.inputsRoot,
    tensors: blob.tensors.map(({ dtype, shape }) => ({ dtype: dtypeName(dtype), shape: shape.map(BigInt) })),
    status: blob.status === BLOB_STATUS.active ? "ACTIVE" : "CHECKING",
    registeredHeight: BigInt(blob.registeredHeight),
    activeHeight: BigInt(blob.activeHeight),
    expiryHeight: BigInt(blob.expiryHeight),
    rent: blob.rent.toString(),
    jobId: blob.jobId,
    requestUnits: BigInt(blobUnits(blob.blobBytes, ctx.params)),
  };
}

function parseRoot(text: string): Uint8Array {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return fromHex(text);
  throw new QueryError(GRPC.invalidArgument, `"${text.slice(0, 100)}" is not a root of 64 hex digits`);
}

export const blobQueries: readonly Query[] = [
  defineQuery(`${SERVICE}/InputBlob`, QueryInputBlobRequest, QueryInputBlobResponse, (ctx, { blob }) => {
    const root = parseRoot(blob);
    const found = inputBlobs.get(ctx.store, root);
    if (found === undefined) throw notFound(`input blob ${blob}`);
    return { blob: inputBlobMessage(ctx, root, found) };
  }),
  defineQuery(`${SERVICE}/InputBlobs`, QueryInputBlobsRequest, QueryInputBlobsResponse, (ctx, request) => {
    const source = { collection: inputBlobs, key: modelKey };
    const page = paginate(ctx.store, source, request.pagination, (root, blob) => inputBlobMessage(ctx, root, blob));
    return { blobs: page.items, pagination: page.pagination };
  }),
];
