import type { Method } from "./method.ts";
import { abciQuery } from "./methods/abci-query.ts";
import {
  block,
  blockByHash,
  blockchain,
  blockResults,
  commit,
  header,
  headerByHash,
  validators,
} from "./methods/blocks.ts";
import { subscribe, unsubscribe, unsubscribeAll } from "./methods/events.ts";
import { assayLightBlock, assaySubmitAttack } from "./methods/light-block.ts";
import {
  broadcastTxAsync,
  broadcastTxCommit,
  broadcastTxSync,
  checkTx,
  numUnconfirmedTxs,
  unconfirmedTxs,
} from "./methods/mempool.ts";
import { abciInfo, consensusParamsMethod, genesis, genesisChunked, health, netInfo, status } from "./methods/node.ts";
import { blockSearch, tx, txSearch } from "./methods/search.ts";

/** The method table: everything that can be called, by name. The names and parameters are CometBFT 0.38's. */
export const METHODS: ReadonlyMap<string, Method> = new Map(
  [
    abciInfo,
    abciQuery,
    assayLightBlock,
    assaySubmitAttack,
    block,
    blockByHash,
    blockResults,
    blockSearch,
    blockchain,
    broadcastTxAsync,
    broadcastTxCommit,
    broadcastTxSync,
    checkTx,
    commit,
    consensusParamsMethod,
    genesis,
    genesisChunked,
    header,
    headerByHash,
    health,
    netInfo,
    numUnconfirmedTxs,
    status,
    subscribe,
    tx,
    txSearch,
    unconfirmedTxs,
    unsubscribe,
    unsubscribeAll,
    validators,
  ].map((method) => [method.name, method]),
);
