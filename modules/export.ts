import { readParams, readRotation, readTip, writeRotation } from "../chain/executor/chain-state.ts";
import { createContext } from "../chain/executor/context.ts";
import { NO_LANE } from "../chain/executor/inline-lane.ts";
import { messageRegistry, type Runtime } from "../chain/executor/runtime.ts";
import { updateRotation } from "../chain/proposer-rotation.ts";
import { recordedEntries } from "../chain/recorded-state.ts";
import { recordChain } from "../genesis/recorded-chain.ts";
import { createOverlay } from "../state/overlay.ts";
import type { Overlay, StateReader } from "../state/store.ts";
import { abandonJobs } from "./inference/abandon.ts";
import { closeDemands } from "./slashing/amnesia.ts";
import { jail } from "./staking/keeper.ts";
import { updateValidatorSet } from "./staking/validator-set.ts";

export class ExportError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ExportError";
  }
}

/**
 * What has to be done to a state before another chain can start with it, written to an overlay. Signatures of the old chain mean nothing on
 * the new one, so that nobody could keep what he owes by one: open jobs fail and their escrow returns, open challenges are
 * dropped. Nobody is punished, and no balance but the escrow's changes.
 * @param absent operators who will not be there. They are jailed, so that those who are can go on; their stake stays theirs.
 * @throws ExportError when nobody would be left to vote.
 */
export function leaveChain(runtime: Runtime, reader: StateReader, absent: readonly Uint8Array[] = []): Overlay {
  const overlay = createOverlay(reader);
  const { height, time, beacon } = readTip(reader);
  const rotation = readRotation(reader);
  const { validators } = rotation;
  const block = {
    height,
    time,
    beacon,
    spec: runtime.spec,
    params: readParams(reader),
    validators,
    proposer: validators[0]?.operator ?? new Uint8Array(20),
    messages: messageRegistry(runtime),
    inline: NO_LANE,
  };
  const context = createContext(block, overlay, runtime.bls);
  abandonJobs(context);
  closeDemands(context);
  if (absent.length === 0) return overlay;
  for (const operator of absent) jail(context, operator);
  const next = updateValidatorSet(context);
  const gone = new Set(absent.map((operator) => Buffer.from(operator).toString("hex")));
  const stays = (next ?? validators).every(({ operator }) => !gone.has(Buffer.from(operator).toString("hex")));
  if (!stays) throw new ExportError("no validator would be left to vote");
  if (next !== undefined) writeRotation(overlay, height, updateRotation(rotation, next));
  return overlay;
}

export interface ExportOptions {
  readonly chainId: string;
  /** Milliseconds since the Unix epoch; by default the time of the last block. */
  readonly time?: number;
}

/** One line of JSON in a list, behind which another one may stand. */
function* jsonList(items: Iterable<unknown>, indent: string): Generator<string> {
  let first = true;
  for (const item of items) {
    yield `${first ? "" : ","}\n${indent}${JSON.stringify(item)}`;
    first = false;
  }
  if (!first) yield `\n${indent.slice(2)}`;
}

/**
 * The genesis document of a state, in pieces of text, an entry a line. The same state gives the same text.
 * @param reader what `leaveChain` has made.
 */
export function* exportDocument(runtime: Runtime, reader: StateReader, options: ExportOptions): Generator<string> {
  const { prefix, denom } = runtime.spec;
  const tip = readTip(reader);
  const head = {
    version: 1,
    chainId: options.chainId,
    genesisTime: new Date(options.time ?? tip.time).toISOString(),
    prefix,
    denom,
    params: Object.fromEntries([...readParams(reader)].map(([name, value]) => [name, String(value)])),
    recorded: recordChain(tip.height, readRotation(reader)),
  };
  yield `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "modules": {`;
  for (const [i, { name, stored }] of runtime.modules.entries()) {
    yield `${i === 0 ? "" : ","}\n    ${JSON.stringify(name)}: {"state": {`;
    for (const [j, [part, type]] of Object.entries(stored).entries()) {
      yield `${j === 0 ? "" : ","}\n      ${JSON.stringify(part)}: [`;
      yield* jsonList(recordedEntries(reader, type), "        ");
      yield "]";
    }
    yield "\n    }}";
  }
  yield "\n  }\n}\n";
}
