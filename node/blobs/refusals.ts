/** How an upload can be refused: the HTTP status and the text. docs/errors-and-events.md lists the table. */
export const BLOB_REFUSALS = {
  badRoot: { status: 400, text: "a root is 64 lower-case hex digits" },
  badIndex: { status: 400, text: "a chunk's number is a whole number from 0 on" },
  badType: { status: 415, text: "the content type must be application/octet-stream" },
  noLength: { status: 411, text: "a content-length is needed" },
  bodyTooLarge: { status: 413, text: "the body is larger than a manifest or a chunk can be" },
  emptyBody: { status: 400, text: "the body is empty" },
  badManifest: { status: 400, text: "the body is no manifest: an SSZ container of a length and the chunks' SHA-256" },
  wrongManifest: { status: 400, text: "the manifest does not hash to this root" },
  badLength: { status: 400, text: "the manifest's length is not that of its chunks, or is 0" },
  tooLarge: { status: 413, text: "a model has 64 MiB at most" },
  otherLength: { status: 409, text: "the model is registered with another length" },
  unknown: { status: 404, text: "nothing of this blob is here: send its manifest first" },
  unregistered: {
    status: 404,
    text: "no model with this root is registered, and this node takes only registered ones",
  },
  noSuchChunk: { status: 400, text: "the blob has no chunk of this number" },
  chunkLength: { status: 400, text: "the chunk does not have the length that the manifest gives it" },
  chunkHash: { status: 400, text: "the chunk does not hash to what the manifest says" },
  refusedModel: { status: 422, text: "no validator would run this model" },
  tooManyUploads: { status: 429, text: "too many unfinished uploads come from this address; finish one first" },
  clientQuota: {
    status: 429,
    text: "this address has handed over as much unregistered data as it may; register first",
  },
  nodeQuota: { status: 503, text: "this node holds as much unregistered data as it may; register first" },
  busy: { status: 503, text: "too many requests with data are under way; try again later" },
  full: { status: 507, text: "the blob store of this node is full; hand the model to another node" },
  diskFull: { status: 507, text: "the disk of this node is full; hand the model to another node" },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly text: string }>>;

export type BlobRefusal = keyof typeof BLOB_REFUSALS;

/** `detail` says more than the text of the table. */
export interface Refused {
  readonly refused: BlobRefusal;
  readonly detail?: string;
}
