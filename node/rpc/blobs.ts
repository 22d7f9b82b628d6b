import { isIPv6 } from "node:net";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { fromHex } from "../../chain/bytes.ts";
import { BLOB_CHUNK_BYTES } from "../../chain/types/blob.ts";
import type { NodeApi } from "../api.ts";
import { MAX_MANIFEST_BYTES } from "../blobs/blob-file.ts";
import { BLOB_REFUSALS, type BlobRefusal, type Refused } from "../blobs/refusals.ts";
import type { UploadStatus } from "../blobs/uploads.ts";
import type { Logger } from "../log.ts";

/** Requests with a body at once, of all clients and of one: each body is held in memory until it has been hashed. */
const MAX_REQUESTS = 64;
const MAX_REQUESTS_PER_CLIENT = 16;
/** No body within this time ends a request, so that a slow client does not keep a place. */
const BODY_MS = 60_000;

interface Params {
  readonly root: string;
  readonly index?: string;
}

const ROOT = /^[0-9a-f]{64}$/;
const INDEX = /^(0|[1-9][0-9]{0,5})$/;

/** Whom a request counts for: an IPv4 address, or an IPv6 network of 64 bits, which is what one customer has. */
export function clientOf(ip: string): string {
  const address = ip.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
  if (!isIPv6(address)) return address;
  const [head = "", tail] = address.split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const [first, last] = [groups(head), groups(tail ?? "")];
  const gap = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  const all = [...first, ...new Array<string>(gap).fill("0"), ...last];
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}

function sendRefusal(reply: FastifyReply, { refused, detail }: Refused): FastifyReply {
  const { status, text } = BLOB_REFUSALS[refused];
  return reply.code(status).send({ code: refused, error: detail === undefined ? text : `${text}: ${detail}` });
}

function send(reply: FastifyReply, outcome: UploadStatus | Refused): FastifyReply {
  return "refused" in outcome ? sendRefusal(reply, outcome) : reply.send(outcome);
}

/** What fastify itself refuses, in the terms of the table. */
const FASTIFY_REFUSALS: Readonly<Record<string, BlobRefusal>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "bodyTooLarge",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "badType",
  FST_ERR_CTP_EMPTY_TYPE: "badType",
};

/**
 * Uploads of blobs. `POST /blobs/<root>/manifest` begins one or takes it up again, `POST /blobs/<root>/chunks/<number>` gives a chunk, both with
 * application/octet-stream bodies; `GET /blobs/<root>` asks what is there. Each answers `{state, length, missing}`, or `{code, error}` as in
 * blobs/refusals.ts.
 */
export function addBlobRoutes(app: FastifyInstance, uploads: NodeApi["uploads"], log: Pick<Logger, "error">): void {
  const underWay = new Map<string, number>();
  let all = 0;

  function refusal({ params, headers, ip }: FastifyRequest<{ Params: Params }>): BlobRefusal | undefined {
    if (!ROOT.test(params.root)) return "badRoot";
    if (params.index !== undefined && !INDEX.test(params.index)) return "badIndex";
    if (headers["content-length"] === undefined) return "noLength";
    const own = underWay.get(clientOf(ip)) ?? 0;
    return all < MAX_REQUESTS && own < MAX_REQUESTS_PER_CLIENT ? undefined : "busy";
  }

  /** Before the body is read. */
  async function admit(request: FastifyRequest<{ Params: Params }>, reply: FastifyReply): Promise<unknown> {
    const refused = refusal(request);
    // Nobody reads what the client may still send.
    if (refused !== undefined) return sendRefusal(reply.header("connection", "close"), { refused });
    const client = clientOf(request.ip);
    all++;
    underWay.set(client, (underWay.get(client) ?? 0) + 1);
    const timer = setTimeout(() => request.raw.destroy(), BODY_MS);
    reply.raw.once("close", () => {
      clearTimeout(timer);
      all--;
      const left = (underWay.get(client) ?? 1) - 1;
      if (left > 0) underWay.set(client, left);
      else underWay.delete(client);
    });
    return undefined;
  }

  /** Answers with what becomes of the body. */
  const withBody =
    (
      use: (
        root: Uint8Array,
        body: Uint8Array,
        request: FastifyRequest<{ Params: Params }>,
      ) => Promise<UploadStatus | Refused>,
    ) =>
    async (request: FastifyRequest<{ Params: Params }>, reply: FastifyReply) => {
      const { body, params } = request;
      if (!(body instanceof Uint8Array) || body.length === 0) return sendRefusal(reply, { refused: "emptyBody" });
      return send(reply, await use(fromHex(params.root), body, request));
    };

  void app.register((scope, _, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("application/octet-stream", { parseAs: "buffer" }, (_request, body, next) =>
      next(null, body),
    );
    scope.setErrorHandler((error: FastifyError, _request, reply) => {
      const refused = FASTIFY_REFUSALS[error.code];
      if (refused !== undefined) return sendRefusal(reply.header("connection", "close"), { refused });
      log.error({ err: error }, "an upload failed");
      return reply.code(500).send({ code: "failed", error: "the node could not answer; its log says why" });
    });
    scope.get<{ Params: Params }>("/blobs/:root", async ({ params }, reply) =>
      ROOT.test(params.root)
        ? send(reply, await uploads.status(fromHex(params.root)))
        : sendRefusal(reply, { refused: "badRoot" }),
    );
    scope.post<{ Params: Params }>(
      "/blobs/:root/manifest",
      { bodyLimit: MAX_MANIFEST_BYTES, onRequest: admit },
      withBody((root, body, { ip }) => uploads.open(root, body, clientOf(ip))),
    );
    scope.post<{ Params: Params }>(
      "/blobs/:root/chunks/:index",
      { bodyLimit: BLOB_CHUNK_BYTES, onRequest: admit },
      withBody((root, body, { params }) => uploads.put(root, Number(params.index), body)),
    );
    done();
  });
}
