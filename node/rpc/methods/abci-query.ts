import { GRPC, type GrpcCode, QueryError, TxError } from "../../../chain/errors.ts";
import type { NodeApi } from "../../api.ts";
import { base64, int64 } from "../encoding.ts";
import { RpcError } from "../json-rpc.ts";
import { method } from "../method.ts";
import { type ProofOp, provenValue } from "../state-proof.ts";
import { txServices } from "../tx-service.ts";

/**
 * Reads one key of the state, module prefix included, with a proof when asked for. `/store/key/commission.rate` reads one field of the
 * value. A client that knows only CometBFT's proofs does not take these for one: see chain/types/proof-ops.ts.
 */
const RAW_KEY_PATH = /^\/store\/key(?:\/([A-Za-z0-9_.]{1,200}))?$/;

interface Answer {
  readonly code?: number;
  readonly log?: string;
  readonly codespace?: string;
  readonly key?: Uint8Array;
  readonly value?: Uint8Array;
  readonly proof?: readonly ProofOp[];
  readonly height: number;
}

/** gRPC's status in the Cosmos SDK's words; clients match the texts (`NotFound`, `key not found`). */
const STATUS: Record<GrpcCode, { readonly code: number; readonly log: (message: string) => string }> = {
  [GRPC.notFound]: {
    code: 22,
    log: (message) => `rpc error: code = NotFound desc = ${message}: key not found`,
  },
  [GRPC.invalidArgument]: {
    code: 18,
    log: (message) => `rpc error: code = InvalidArgument desc = ${message}: invalid request`,
  },
  [GRPC.unimplemented]: { code: 6, log: () => "unknown query path: unknown request" },
};

function render(answer: Answer) {
  const { proof, key } = answer;
  return {
    response: {
      code: answer.code ?? 0,
      log: answer.log ?? "",
      info: "",
      index: "0",
      key: key === undefined ? null : base64(key),
      value: answer.value === undefined ? null : base64(answer.value),
      proofOps:
        proof === undefined
          ? null
          : { ops: proof.map(({ type, key: of, data }) => ({ type, key: base64(of), data: base64(data) })) },
      height: int64(answer.height),
      codespace: answer.codespace ?? "",
    },
  };
}

function rawKey(
  api: NodeApi,
  key: Uint8Array,
  field: string | undefined,
  height: number | undefined,
  prove: boolean,
): Answer {
  const found = api.proveKey(key, height);
  if (found === undefined) throw new QueryError(GRPC.invalidArgument, `no state is kept for height ${height}`);
  const { value, ops } = provenValue(found.proof, field?.split(".") ?? []);
  return { key, height: found.height, ...(value === undefined ? {} : { value }), ...(prove ? { proof: ops } : {}) };
}

/**
 * A query of the state by gRPC path. A failed query is an answer with a code, not a JSON-RPC error, and carries a
 * height all the same: the one asked for, or the tip's.
 */
export const abciQuery = method(
  "abci_query",
  { path: "string", data: "hex?", height: "int?", prove: "bool?" },
  ({ api }, { path, data = new Uint8Array(), height: asked = 0, prove = false }) => {
    if (asked < 0) throw new RpcError("internal", `height must not be negative, but got ${asked}`);
    const height = asked === 0 ? undefined : asked;
    const failedAt = height ?? api.tip?.block.header.height ?? 0;
    try {
      const raw = RAW_KEY_PATH.exec(path);
      if (raw !== null) return render(rawKey(api, data, raw[1], height, prove));
      return render(txServices.get(path)?.(api, data) ?? api.query(path, data, height));
    } catch (error) {
      if (error instanceof TxError) {
        return render({ code: error.code, codespace: error.codespace, log: error.message, height: failedAt });
      }
      if (!(error instanceof QueryError)) throw error;
      const status = STATUS[error.code];
      return render({ code: status.code, codespace: "sdk", log: status.log(error.message), height: failedAt });
    }
  },
);
