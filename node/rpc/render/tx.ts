import { sha256 } from "../../../chain/crypto/hash.ts";
import type { Event } from "../../../chain/module.ts";
import type { CheckResult, NodeApi, StoredBlock, TxLocation, TxResult } from "../../api.ts";
import { base64, int64, upperHex } from "../encoding.ts";
import { renderValidatorUpdates } from "./validator.ts";

/** Attributes are plain strings since 0.37. `index` says that searches find them. */
export function renderEvents(events: readonly Event[]) {
  return events.map(({ type, attributes }) => ({
    type,
    attributes: attributes.map(([key, value]) => ({ key, value, index: true })),
  }));
}

export function renderTxResult(result: TxResult) {
  return {
    code: result.code,
    data: result.data.length === 0 ? null : base64(result.data),
    log: result.log,
    info: "",
    gas_wanted: int64(result.gasWanted),
    gas_used: int64(result.gasUsed),
    events: renderEvents(result.events),
    codespace: result.codespace,
  };
}

/** What the mempool said, in the shape of a transaction's result. */
export function renderCheck(check: CheckResult) {
  return {
    code: check.code,
    data: null,
    log: check.log,
    info: "",
    gas_wanted: int64(check.gasWanted),
    gas_used: int64(check.gasUsed),
    events: [],
    codespace: check.codespace,
  };
}

/**
 * A transaction in its block; undefined when that block is pruned.
 * There is no `proof`: CometBFT's proves a transaction against a root that our headers do not have.
 */
export function renderTx(api: NodeApi, at: TxLocation) {
  const stored = api.block(at.height);
  const tx = stored?.block.body.transactions[at.index];
  const result = stored?.result.txs[at.index];
  if (tx === undefined || result === undefined) return undefined;
  return {
    hash: upperHex(sha256(tx)),
    height: int64(at.height),
    index: at.index,
    tx_result: renderTxResult(result),
    tx: base64(tx),
  };
}

/** What a block did besides its transactions. */
export function renderFinalizeBlock(api: NodeApi, { block, result }: StoredBlock) {
  const { height, stateRoot } = block.header;
  const before = api.rotation(height)?.validators ?? [];
  return {
    events: renderEvents(result.events),
    validator_updates:
      result.validatorUpdates.length === 0 ? [] : renderValidatorUpdates(before, result.validatorUpdates),
    consensus_param_updates: null,
    app_hash: base64(stateRoot),
  };
}
