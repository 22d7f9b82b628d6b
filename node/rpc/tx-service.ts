import { TxMsgData, TxResponse } from "cosmjs-types/cosmos/base/abci/v1beta1/abci";
import { GetTxRequest, GetTxResponse, SimulateRequest, SimulateResponse } from "cosmjs-types/cosmos/tx/v1beta1/service";
import { Tx } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { fromHex } from "../../chain/bytes.ts";
import { GRPC, QueryError, TxError } from "../../chain/errors.ts";
import type { NodeApi, QueryAnswer, TxResult } from "../api.ts";
import { rfc3339, upperHex } from "./encoding.ts";
import { renderEvents } from "./render/tx.ts";

/** What a simulation reports as wanted: it runs without a limit (2^64 - 1). */
const UNLIMITED_GAS = 18_446_744_073_709_551_615n;

type Service = (api: NodeApi, request: Uint8Array) => QueryAnswer;

function decoded<T>(type: { decode(bytes: Uint8Array): T }, bytes: Uint8Array): T {
  try {
    return type.decode(bytes);
  } catch (error) {
    throw new QueryError(
      GRPC.invalidArgument,
      `malformed request: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function height(api: NodeApi): number {
  return api.tip?.block.header.height ?? 0;
}

/**
 * Runs a transaction as it came, or rebuilt from the deprecated `tx` object that cosmpy sends: `Tx` and `TxRaw` have the
 * same wire form. Signatures are not checked, so keys and signatures may be missing.
 */
function simulate(api: NodeApi, bytes: Uint8Array): QueryAnswer {
  const request = decoded(SimulateRequest, bytes);
  const tx = request.txBytes.length > 0 || request.tx === undefined ? request.txBytes : Tx.encode(request.tx).finish();
  if (tx.length === 0) throw new QueryError(GRPC.invalidArgument, "empty txBytes is not allowed");
  const { gasUsed, result } = api.simulate(tx);
  if (result.code !== 0) throw new TxError(result.codespace, result.code, result.log);
  const response = SimulateResponse.fromPartial({
    gasInfo: { gasWanted: UNLIMITED_GAS, gasUsed: BigInt(gasUsed) },
    result: {
      data: result.data,
      log: result.log,
      events: renderEvents(result.events),
      msgResponses: TxMsgData.decode(result.data).msgResponses,
    },
  });
  return { value: SimulateResponse.encode(response).finish(), height: height(api) };
}

function txResponse(at: { height: number; time: number }, hash: string, tx: Uint8Array, result: TxResult): TxResponse {
  return TxResponse.fromPartial({
    height: BigInt(at.height),
    txhash: hash,
    codespace: result.codespace,
    code: result.code,
    data: upperHex(result.data),
    rawLog: result.log,
    gasWanted: BigInt(result.gasWanted),
    gasUsed: BigInt(result.gasUsed),
    tx: { typeUrl: "/cosmos.tx.v1beta1.Tx", value: tx },
    timestamp: rfc3339(at.time),
    events: renderEvents(result.events),
  });
}

function getTx(api: NodeApi, bytes: Uint8Array): QueryAnswer {
  const { hash } = decoded(GetTxRequest, bytes);
  if (!/^[0-9a-fA-F]{64}$/.test(hash)) {
    throw new QueryError(GRPC.invalidArgument, "hash must be 64 hexadecimal digits");
  }
  const at = api.txByHash(fromHex(hash));
  const stored = at === undefined ? undefined : api.block(at.height);
  const tx = at === undefined ? undefined : stored?.block.body.transactions[at.index];
  const result = at === undefined ? undefined : stored?.result.txs[at.index];
  if (stored === undefined || tx === undefined || result === undefined) {
    throw new QueryError(GRPC.notFound, `tx not found: ${hash.toUpperCase()}`);
  }
  const response = GetTxResponse.fromPartial({
    tx: Tx.decode(tx),
    txResponse: txResponse(stored.block.header, hash.toUpperCase(), tx, result),
  });
  return { value: GetTxResponse.encode(response).finish(), height: height(api) };
}

/**
 * The queries that are about transactions and not about state, by gRPC path. They answer at the tip.
 * They throw QueryError, and TxError for a simulated transaction that fails.
 */
export const txServices: ReadonlyMap<string, Service> = new Map([
  ["/cosmos.tx.v1beta1.Service/Simulate", simulate],
  ["/cosmos.tx.v1beta1.Service/GetTx", getTx],
]);
