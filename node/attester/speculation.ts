import { equalBytes } from "../../chain/bytes.ts";
import { decodeAddress } from "../../chain/crypto/bech32.ts";
import { parseAmount } from "../../chain/decode-tx.ts";
import { TxError } from "../../chain/errors.ts";
import { readParams, readRotation, readTip } from "../../chain/executor/chain-state.ts";
import type { ChainSpec } from "../../chain/module.ts";
import type { Params } from "../../chain/params.ts";
import { balance } from "../../modules/bank/keeper.ts";
import { baseFee } from "../../modules/inference/fees.ts";
import { MAX_TIERS } from "../../modules/inference/manifest.ts";
import { resolveModel } from "../../modules/inference/models.ts";
import { inferenceParams } from "../../modules/inference/params.ts";
import { MODEL_STATUS, type ModelRecord } from "../../modules/inference/store.ts";
import { tensorsProblem } from "../../modules/inference/tensor-check.ts";
import { Tensors } from "../../modules/inference/tensors.ts";
import { unitPrice } from "../../modules/inference/tier-market.ts";
import { tiersServed } from "../../modules/inference/tiers.ts";
import { MsgInferThen, MsgRequestInference } from "../../proto/inference.ts";
import type { StateReader } from "../../state/store.ts";
import { keyOf, type RunRequest } from "./runs.ts";

/** A message of a transaction, as it stands there. */
export interface PendingMessage {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

function decoded<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch {
    return undefined; // A stranger's bytes: the transaction will fail by itself, speculation only passes it over.
  }
}

function findModel(state: StateReader, spec: ChainSpec, text: string): ModelRecord | undefined {
  try {
    const model = resolveModel(state, spec, text);
    return model.status === MODEL_STATUS.active ? model : undefined;
  } catch (error) {
    if (error instanceof TxError) return undefined; // No such model: the transaction will say so.
    throw error;
  }
}

/** Whether the sender has what the run costs: to compute for nobody's money is what an attacker would ask for. */
function canPay(
  state: StateReader,
  spec: ChainSpec,
  params: Params,
  message: MsgRequestInference,
  model: ModelRecord,
): boolean {
  const requester = decodeAddress(spec.prefix, message.requester);
  const maxFee = message.maxFee?.denom === spec.denom ? parseAmount(message.maxFee.amount) : undefined;
  if (requester === undefined || maxFee === undefined) return false;
  const { fee, tier } = model.manifest;
  const least = baseFee(model.costUnits, unitPrice(state, params, tier)) + fee;
  return maxFee >= least && balance(state, requester, spec.denom) >= maxFee;
}

function requestIn({ typeUrl, value }: PendingMessage): MsgRequestInference | undefined {
  if (typeUrl === MsgRequestInference.typeUrl) return decoded(() => MsgRequestInference.decode(value));
  if (typeUrl === MsgInferThen.typeUrl) return decoded(() => MsgInferThen.decode(value).request);
  return undefined;
}

/**
 * The tiers whose jobs a vote key will surely be asked about in the next block: those that its validator serves, and so few others that nobody is drawn.
 * PERF: reads every validator's tiers; once a block is enough.
 */
export function tiersAsked(state: StateReader, voteKey: Uint8Array): ReadonlySet<number> {
  const { validators } = readRotation(state);
  const height = readTip(state).height + 1;
  const { committeeMax } = inferenceParams.read(readParams(state));
  const served = validators.map(({ operator }) => tiersServed(state, operator, height));
  const own = served[validators.findIndex((validator) => equalBytes(validator.voteKey, voteKey))] ?? 0;
  const serves = (tiers: number, tier: number): boolean => ((tiers >> tier) & 1) === 1;
  const isAsked = (tier: number): boolean =>
    serves(own, tier) && served.filter((tiers) => serves(tiers, tier)).length <= Number(committeeMax);
  return new Set(Array.from({ length: MAX_TIERS }, (_, tier) => tier).filter(isAsked));
}

/** A run that a waiting message will ask for. */
export interface Speculation {
  readonly run: RunRequest;
  readonly isInline: boolean;
}

/** Which runs have been begun for messages that no block has taken yet. */
export interface Lookahead {
  readonly isFull: boolean;
  begun(run: RunRequest, height: number): void;
  /** Its job is there. */
  opened(key: string): void;
  /** After a block: forgets those whose message has not come for long, or never will. */
  committed(height: number): void;
}

/** About what a block takes: an output for a request that is far behind would be forgotten, or in the way of another, when its block comes. */
const MAX_AHEAD = 64;
const AHEAD_BLOCKS = 8;

export function createLookahead(): Lookahead {
  const heights = new Map<string, number>();
  return {
    get isFull() {
      return heights.size >= MAX_AHEAD;
    },
    begun: (run, height) => void heights.set(keyOf(run), height),
    opened: (key) => void heights.delete(key),
    committed(height) {
      for (const [key, begun] of heights) if (height >= begun + AHEAD_BLOCKS) heights.delete(key);
    },
  };
}

/**
 * The run that a waiting message will ask for, if it looks as if it would succeed; undefined for any other message.
 * @param tiers whose attested jobs this validator is asked about. Inline every validator runs everything.
 */
export function speculativeRun(
  state: StateReader,
  spec: ChainSpec,
  pending: PendingMessage,
  tiers: ReadonlySet<number>,
): Speculation | undefined {
  const message = requestIn(pending);
  if (message === undefined) return undefined;
  const params = readParams(state);
  if (message.inputs.length > Number(inferenceParams.read(params).maxInputBytes)) return undefined;
  const model = findModel(state, spec, message.model);
  const isInline = message.lane === "inline";
  if (model === undefined || (!isInline && !tiers.has(model.manifest.tier))) return undefined;
  if (!canPay(state, spec, params, message, model)) return undefined;
  const tensors = decoded(() => Tensors.deserialize(message.inputs));
  if (tensors === undefined || tensorsProblem(model.manifest.inputs, tensors) !== undefined) return undefined;
  const run = { manifest: model.manifest, inputsRoot: Tensors.hashTreeRoot(tensors), inputs: message.inputs };
  return { run, isInline };
}
