import { decodeTx } from "../chain/decode-tx.ts";
import { GRPC, QueryError, TxError } from "../chain/errors.ts";
import { readParams, readRotation, readTip } from "../chain/executor/chain-state.ts";
import { estimatingLane } from "../chain/executor/inline-lane.ts";
import { runTx } from "../chain/executor/run-tx.ts";
import type { BlockInfo, Query, QueryContext } from "../chain/module.ts";
import { createOverlay } from "../state/overlay.ts";
import type { StateReader } from "../state/store.ts";
import type { NodeApi, StoredBlock } from "./api.ts";
import type { ApplicationOptions, InlineOutputs } from "./application.ts";
import { heightOfBlock, locateTx, oldestBlock, readBlock } from "./block-store.ts";
import { searchTxs } from "./tx-search.ts";

/** The part of a node's inside that comes from its stores, its state machine and its mempool. */
export type ChainApi = Pick<
  NodeApi,
  | "spec"
  | "earliestHeight"
  | "tip"
  | "params"
  | "block"
  | "blockById"
  | "txByHash"
  | "rotation"
  | "query"
  | "proveKey"
  | "simulate"
  | "mempool"
  | "searchTxs"
>;

export interface ChainApiOptions extends Pick<ApplicationOptions, "runtime" | "registry" | "store" | "mempool"> {
  /** The block that a simulated transaction would be in. */
  readonly pendingBlock: () => BlockInfo;
  readonly inline: Pick<InlineOutputs, "output">;
  readonly queries: ReadonlyMap<string, Query>;
  readonly rotation: NodeApi["rotation"];
}

export function createChainApi(options: ChainApiOptions): ChainApi {
  const { runtime, registry, store, mempool, queries } = options;
  const spec = runtime.spec;
  let tip: StoredBlock | undefined;

  const earliestHeight = (): number => Math.min(oldestBlock(store), store.height);

  function stateAt(height: number): StateReader {
    const reader = height === store.height ? store.latest : store.at(height);
    if (reader === undefined) {
      throw new QueryError(
        GRPC.invalidArgument,
        `the state of height ${height} is not held; it is from ${store.oldestHeight} to ${store.height}`,
      );
    }
    return reader;
  }

  function contextAt(height: number): QueryContext {
    const reader = stateAt(height);
    return {
      store: reader,
      height,
      time: readTip(reader).time,
      spec,
      params: readParams(reader),
      validators: readRotation(reader).validators,
    };
  }

  return {
    spec,
    get earliestHeight() {
      return earliestHeight();
    },
    get tip() {
      if (tip?.block.header.height !== store.height) tip = readBlock(store, store.height);
      return tip;
    },
    params(height = store.height) {
      const reader = height === store.height ? store.latest : store.at(height);
      return reader === undefined ? undefined : readParams(reader);
    },
    block: (height) => readBlock(store, height),
    blockById(blockId) {
      const height = heightOfBlock(store, blockId);
      return height === undefined ? undefined : readBlock(store, height);
    },
    txByHash: (hash) => locateTx(store, hash),
    rotation: options.rotation,
    query(path, request, height = store.height) {
      const query = queries.get(path);
      if (query === undefined) throw new QueryError(GRPC.unimplemented, "unknown query path");
      return { value: query.handle(contextAt(height), request), height };
    },
    proveKey(key, height = store.height) {
      const proof = store.prove(key, height);
      return proof === undefined ? undefined : { proof, height };
    },
    simulate(bytes) {
      const tx = decodeTx(bytes, registry, spec);
      const inline = estimatingLane((run) => options.inline.output(run));
      const env = { block: { ...options.pendingBlock(), inline }, bls: runtime.bls, ante: runtime.ante };
      const result = runTx(env, createOverlay(store.latest), tx, "simulate");
      if (result.code !== 0) throw new TxError(result.codespace, result.code, result.log);
      return { gasUsed: result.gasUsed, result };
    },
    mempool() {
      return { count: mempool.count, bytes: mempool.bytes, txs: mempool.transactions().map((tx) => tx.bytes) };
    },
    searchTxs: (conditions) => searchTxs(store, conditions, earliestHeight()),
  };
}
