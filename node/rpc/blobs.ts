import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { fromHex } from "../../chain/bytes.ts";
import { QueryError } from "../../chain/errors.ts";
import { QueryModelRequest, QueryModelResponse } from "../../proto/inference-query.ts";
import type { NodeApi } from "../api.ts";

/** Bytes of a model, over HTTP. Larger ones have to come from another node. */
const MAX_UPLOAD = 64 * 1024 * 1024;
/** Uploads at once: each is held in memory until it has been hashed. */
const MAX_UPLOADS = 4;
/** No body within this time ends an upload, so that a slow client does not keep a place. */
const UPLOAD_MS = 60_000;

const STATUS = { stored: 200, unknown: 404, mismatch: 400, full: 507 } as const;
const TEXT = {
  stored: "stored",
  unknown: "no model with this root is registered; register it first",
  mismatch: "the bytes do not hash to this root",
  full: "the blob store of this node is full",
} as const;

/** Bytes of the registered model with this root; undefined when there is none. */
function registeredBytes(api: NodeApi, root: string): number | undefined {
  const request = QueryModelRequest.encode({ model: root }).finish();
  try {
    const { value } = api.query("/assay.inference.v1.Query/Model", request);
    return Number(QueryModelResponse.decode(value).model?.modelBytes);
  } catch (error) {
    if (error instanceof QueryError) return undefined;
    throw error;
  }
}

/**
 * `POST /blobs/<root>` with a model's bytes as application/octet-stream; answers `{result}`, or `{error}` in plain words. What has no
 * registered model of that length is refused before its bytes are read, so that nobody fills memory or disk without a deposit.
 */
export function addBlobRoute(app: FastifyInstance, api: NodeApi): void {
  let uploads = 0;

  function refusal(
    request: FastifyRequest<{ Params: { root: string } }>,
  ): readonly [status: number, text: string] | undefined {
    const { root } = request.params;
    if (!/^[0-9a-f]{64}$/.test(root)) return [400, "a root is 64 lower-case hex digits"];
    const length = registeredBytes(api, root);
    if (length === undefined) return [STATUS.unknown, TEXT.unknown];
    const given = request.headers["content-length"];
    if (given === undefined) return [411, "a content-length is needed"];
    if (Number(given) !== length) return [400, `the model has ${length} bytes, not ${given}`];
    if (length > MAX_UPLOAD) return [413, `a model of more than ${MAX_UPLOAD} bytes is not taken over HTTP`];
    return uploads < MAX_UPLOADS ? undefined : [503, `${MAX_UPLOADS} uploads are going on; try again later`];
  }

  /** Before the body is read. */
  async function admit(request: FastifyRequest<{ Params: { root: string } }>, reply: FastifyReply): Promise<unknown> {
    const refused = refusal(request);
    if (refused !== undefined) {
      // Nobody reads what the client may still send.
      return reply.code(refused[0]).header("connection", "close").send({ error: refused[1] });
    }
    uploads++;
    const timer = setTimeout(() => request.raw.destroy(), UPLOAD_MS);
    reply.raw.once("close", () => {
      clearTimeout(timer);
      uploads--;
    });
    return undefined;
  }

  void app.register((scope, _, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("application/octet-stream", { parseAs: "buffer" }, (_request, body, next) =>
      next(null, body),
    );
    scope.post<{ Params: { root: string } }>(
      "/blobs/:root",
      { bodyLimit: MAX_UPLOAD, onRequest: admit },
      async (request, reply) => {
        if (!(request.body instanceof Uint8Array)) return reply.code(400).send({ error: "the body is empty" });
        const outcome = await api.putBlob(fromHex(request.params.root), request.body);
        if (typeof outcome === "object") return reply.code(400).send({ error: outcome.refused });
        const field = outcome === "stored" ? "result" : "error";
        return reply.code(STATUS[outcome]).send({ [field]: TEXT[outcome] });
      },
    );
    done();
  });
}
