import cors from "@fastify/cors";
import websocket from "@fastify/websocket";
import { type FastifyInstance, type FastifyReply, fastify } from "fastify";
import type { NodeApi } from "../api.ts";
import type { Logger } from "../log.ts";
import { addBlobRoutes } from "./blobs.ts";
import { answerText, callMethod, type Dispatcher, type ObserveCall } from "./dispatch.ts";
import { errorText, RpcError } from "./json-rpc.ts";
import { DEFAULT_LIMITS, type RpcLimits } from "./limits.ts";
import { boundTo, type Listening, listenError } from "./listen.ts";
import { METHODS } from "./methods.ts";
import { createWebsocketHub, type WebsocketHub } from "./websocket.ts";

/** The part of the node's metrics that the RPC server reports to. */
export interface RpcMetrics {
  observeRpcCall: ObserveCall;
  setWebsocketClients(clients: number): void;
}

export interface RpcOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly api: NodeApi;
  readonly log: Logger;
  readonly metrics?: RpcMetrics;
  /** Lets any web page use this server, as dApps and explorers need. */
  readonly cors: boolean;
  /** Changes to `DEFAULT_LIMITS`. */
  readonly limits?: Partial<RpcLimits>;
}

/** CometBFT answers a GET call with this id, since the client gives none. */
const URI_ID = -1;
const CORS_METHODS = ["HEAD", "GET", "POST", "OPTIONS"];
const CORS_HEADERS = ["Origin", "Accept", "Content-Type", "X-Requested-With", "X-Server-Time", "x-cosmos-block-height"];

function sendJson(reply: FastifyReply, text: string, status = 200): FastifyReply {
  return reply.code(status).header("content-type", "application/json; charset=utf-8").send(text);
}

/** Failures below JSON-RPC (a body too large, say): the only ones with an HTTP status of their own. */
function answerHttpErrors(app: FastifyInstance, log: Logger): void {
  app.setErrorHandler((error: Error & { statusCode?: number }, _, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) log.error({ err: error }, "an RPC request failed");
    const reason = status >= 500 ? "the node could not answer; its log says why" : error.message;
    return sendJson(reply, errorText(undefined, new RpcError("invalidRequest", reason)), status);
  });
  app.setNotFoundHandler((request, reply) =>
    sendJson(reply, errorText(undefined, new RpcError("methodNotFound", `${request.method} is not served here`)), 404),
  );
}

function addRoutes(app: FastifyInstance, to: Dispatcher, hub: () => WebsocketHub): void {
  // Everything is read as JSON whatever its content type, as CometBFT does, and parsed where the answer is made.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string" }, (_, body, done) => done(null, body));

  app.post("/", async (request, reply) => {
    const answer = await answerText(to, typeof request.body === "string" ? request.body : "");
    return answer === undefined ? reply.code(200).send() : sendJson(reply, answer);
  });
  app.get("/", (_, reply) => {
    const lines = [...METHODS.values()].map(({ name, params }) => `/${name}?${Object.keys(params).join("&")}`);
    return reply.type("text/plain; charset=utf-8").send(`${lines.sort().join("\n")}\n`);
  });
  app.get<{ Params: { method: string } }>("/:method", async (request, reply) => {
    const { searchParams } = new URL(request.url, "http://localhost");
    return sendJson(reply, await callMethod(to, request.params.method, { uri: searchParams }, URI_ID));
  });
  app.route({
    method: "GET",
    url: "/websocket",
    // Refused before the upgrade, where it costs least.
    preValidation: async (_, reply) => {
      const { websocketClients } = to.ctx.limits;
      if (hub().size < websocketClients) return;
      const reason = `${websocketClients} websocket clients are connected, no more are allowed`;
      return sendJson(reply, errorText(undefined, new RpcError("server", reason)), 503);
    },
    handler: (_, reply) =>
      sendJson(reply, errorText(URI_ID, new RpcError("invalidRequest", "this address is for websockets")), 426),
    wsHandler: (socket) => hub().accept(socket),
  });
}

/**
 * Serves CometBFT 0.38's JSON-RPC over HTTP POST, GET and websocket, so that CosmJS, Keplr and other clients of Cosmos
 * chains work unchanged.
 * @throws PortInUseError
 */
export async function startRpc(options: RpcOptions): Promise<Listening> {
  const { api, host, log, metrics, port } = options;
  const limits: RpcLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const app = fastify({
    logger: false,
    bodyLimit: limits.bodyBytes,
    requestTimeout: 30_000,
    // Of silence: longer than broadcast_tx_commit waits.
    connectionTimeout: Math.max(60_000, 2 * limits.commitTimeout),
    keepAliveTimeout: 72_000,
    forceCloseConnections: true,
    // Arguments of GET calls stand in the query; a path is only a name.
    routerOptions: { maxParamLength: 64 },
  });
  app.server.maxConnections = limits.connections;
  const address = { value: "" };
  const to: Dispatcher = {
    ctx: {
      api,
      log,
      limits,
      commitWaiters: 0,
      get address() {
        return address.value;
      },
    },
    observe: metrics?.observeRpcCall ?? (() => {}),
  };
  const hub = createWebsocketHub(to, (clients) => metrics?.setWebsocketClients(clients));
  answerHttpErrors(app, log);
  if (options.cors) await app.register(cors, { origin: "*", methods: CORS_METHODS, allowedHeaders: CORS_HEADERS });
  await app.register(websocket, {
    options: { maxPayload: limits.bodyBytes },
    // A client's protocol fault (an oversized message, say) ends its connection and is no fault of the node.
    errorHandler: (error, socket) => {
      log.debug({ err: error }, "a websocket connection failed");
      socket.terminate();
    },
    preClose: (done) => {
      hub.close();
      done();
    },
  });
  addRoutes(app, to, () => hub);
  addBlobRoutes(app, api.uploads, log);
  try {
    await app.listen({ host, port });
  } catch (error) {
    hub.close();
    throw listenError(error, port);
  }
  const bound = boundTo(app.server);
  address.value = `tcp://${bound.address}:${bound.port}`;
  return { ...bound, close: () => app.close() };
}
