import type { StateReader } from "../../state/store.ts";
import { bodyRootOf } from "../block-roots.ts";
import { equalBytes, toHex } from "../bytes.ts";
import type { Params } from "../params.ts";
import type { Body } from "../types/block.ts";
import { BLOCK_VERSION, type Header } from "../types/header.ts";
import { setRoot } from "../validator-set-root.ts";
import type { BlockOutcome } from "./block-run.ts";
import { paramsRoot, readParams, readRotation, readTip } from "./chain-state.ts";
import { nextBeacon } from "./randomness.ts";
import { receiptsRoot } from "./receipts.ts";
import type { BlockStart } from "./runtime.ts";

/** What every header of the next height says, whatever is in the block. */
export interface HeaderBase {
  readonly height: number;
  readonly parentId: Uint8Array;
  readonly validatorsRoot: Uint8Array;
  readonly paramsRoot: Uint8Array;
  readonly params: Params;
  readonly beacon: Uint8Array;
}

export function headerBase(base: StateReader, parentId: Uint8Array): HeaderBase {
  const params = readParams(base);
  const tip = readTip(base);
  return {
    height: tip.height + 1,
    parentId,
    validatorsRoot: setRoot(readRotation(base).validators),
    paramsRoot: paramsRoot(params),
    params,
    beacon: tip.beacon,
  };
}

/** Completes a header from the outcome of running the block. */
export function sealHeader(
  head: HeaderBase,
  start: BlockStart,
  body: Body,
  outcome: BlockOutcome,
  stateRoot: Uint8Array,
): Header {
  return {
    version: BLOCK_VERSION,
    height: head.height,
    time: start.time,
    parentId: head.parentId,
    proposerIndex: start.proposerIndex,
    bodyRoot: bodyRootOf(body),
    stateRoot,
    receiptsRoot: receiptsRoot(outcome.txs, outcome.events),
    validatorsRoot: head.validatorsRoot,
    nextValidatorsRoot: setRoot(outcome.next.validators),
    paramsRoot: head.paramsRoot,
    beacon: nextBeacon(head.beacon, start.randaoReveal),
    round: start.round,
  };
}

const NUMBERS = ["version", "height", "time", "proposerIndex", "round"] as const satisfies readonly (keyof Header)[];
const ROOTS = [
  "parentId",
  "bodyRoot",
  "stateRoot",
  "receiptsRoot",
  "validatorsRoot",
  "nextValidatorsRoot",
  "paramsRoot",
  "beacon",
] as const satisfies readonly (keyof Header)[];

/** Names the first field in which a header differs from what execution gives, with both values. */
export function headerDifference(actual: Header, expected: Header): string | undefined {
  for (const field of NUMBERS) {
    if (actual[field] !== expected[field]) return `${field} is ${actual[field]}, expected ${expected[field]}`;
  }
  for (const field of ROOTS) {
    if (!equalBytes(actual[field], expected[field])) {
      return `${field} is ${toHex(actual[field])}, expected ${toHex(expected[field])}`;
    }
  }
  return undefined;
}
