import { BooleanType, ContainerType, ListCompositeType, type Type, type ValueOf } from "@chainsafe/ssz";
import { SignedProposal } from "../../chain/types/block.ts";
import { Bytes32, Uint8, Uint32, Uint64 } from "../../chain/types/primitives.ts";
import { Vote } from "../../chain/types/vote.ts";
import type { Outcome, Step, TimeoutKind } from "../core/types.ts";

/** An input of the consensus core, own messages included, as it was when it was processed. */
export type InputRecord =
  | { readonly kind: "proposal"; readonly signed: SignedProposal; readonly timely: boolean }
  | { readonly kind: "vote"; readonly vote: Vote }
  | { readonly kind: "timeout"; readonly timeout: TimeoutKind; readonly round: number }
  | { readonly kind: "executed"; readonly blockId: Uint8Array; readonly outcome: Outcome };

/** A value and the round of its polka. */
export interface LoggedValue {
  readonly blockId: Uint8Array;
  readonly round: number;
}

/**
 * Where the core stood when the inputs before were dropped. The proposals and votes that are worth keeping follow as
 * records of their own.
 */
export interface Checkpoint {
  readonly kind: "checkpoint";
  readonly round: number;
  readonly step: Exclude<Step, "commit">;
  readonly locked: LoggedValue | undefined;
  readonly valid: LoggedValue | undefined;
  readonly prevoteTimer: boolean;
  readonly precommitTimer: boolean;
  readonly polka: boolean;
  readonly outcomes: readonly { readonly blockId: Uint8Array; readonly outcome: Outcome }[];
}

/** `abstain`: the log had lost inputs that signatures of this height rest on, so no more are given at this height. */
export type WalRecord = InputRecord | Checkpoint | { readonly kind: "abstain" };

/** The first record of a height: which one, of which chain. */
export interface WalStart {
  readonly kind: "start";
  readonly height: number;
  readonly genesisRoot: Uint8Array;
}

/** Positions are what is on disk: append only. */
const TIMEOUTS = ["propose", "prevote", "precommit"] as const satisfies readonly TimeoutKind[];
const OUTCOMES = ["ok", "invalid", "inferenceDiffers"] as const satisfies readonly Outcome[];
const STEPS = ["propose", "prevote", "precommit"] as const satisfies readonly Step[];
/** More than the core ever holds in one height: outcomes are of proposals, of which a round keeps a few. */
const MAX_OUTCOMES = 65_536;

const StartBody = new ContainerType({ height: Uint64, genesisRoot: Bytes32 }, { typeName: "WalStart" });
const ProposalBody = new ContainerType(
  { timely: new BooleanType(), signed: SignedProposal },
  { typeName: "WalProposal" },
);
const TimeoutBody = new ContainerType({ timeout: Uint8, round: Uint32 }, { typeName: "WalTimeout" });
const ExecutedBody = new ContainerType({ blockId: Bytes32, outcome: Uint8 }, { typeName: "WalExecuted" });
const ValueBody = new ContainerType({ blockId: Bytes32, round: Uint32 }, { typeName: "WalValue" });
/** Lists of at most one stand for what may be absent. */
const MaybeValue = new ListCompositeType(ValueBody, 1);
const CheckpointBody = new ContainerType(
  {
    round: Uint32,
    step: Uint8,
    locked: MaybeValue,
    valid: MaybeValue,
    prevoteTimer: new BooleanType(),
    precommitTimer: new BooleanType(),
    polka: new BooleanType(),
    outcomes: new ListCompositeType(ExecutedBody, MAX_OUTCOMES),
  },
  { typeName: "WalCheckpoint" },
);

/** The first byte of a payload. Not a small number, so that the middle of other data hardly ever looks like a record. */
const TAG = {
  start: 0xa1,
  proposal: 0xa2,
  vote: 0xa3,
  timeout: 0xa4,
  executed: 0xa5,
  abstain: 0xa6,
  checkpoint: 0xa7,
} as const;

function tagged<T>(tag: number, type: Type<T>, value: T): Uint8Array {
  const body = type.serialize(value);
  const payload = new Uint8Array(1 + body.length);
  payload[0] = tag;
  payload.set(body, 1);
  return payload;
}

export function encodePayload(record: WalRecord | WalStart): Uint8Array {
  switch (record.kind) {
    case "start":
      return tagged(TAG.start, StartBody, record);
    case "proposal":
      return tagged(TAG.proposal, ProposalBody, record);
    case "vote":
      return tagged(TAG.vote, Vote, record.vote);
    case "abstain":
      return Uint8Array.of(TAG.abstain);
    case "timeout":
      return tagged(TAG.timeout, TimeoutBody, { timeout: TIMEOUTS.indexOf(record.timeout), round: record.round });
    case "executed":
      return tagged(TAG.executed, ExecutedBody, { blockId: record.blockId, outcome: OUTCOMES.indexOf(record.outcome) });
    case "checkpoint":
      return tagged(TAG.checkpoint, CheckpointBody, {
        ...record,
        step: STEPS.indexOf(record.step),
        locked: record.locked === undefined ? [] : [record.locked],
        valid: record.valid === undefined ? [] : [record.valid],
        outcomes: record.outcomes.map(({ blockId, outcome }) => ({ blockId, outcome: OUTCOMES.indexOf(outcome) })),
      });
  }
}

function decodeCheckpoint(body: ValueOf<typeof CheckpointBody>): Checkpoint {
  return {
    kind: "checkpoint",
    ...body,
    step: named(STEPS, body.step),
    locked: body.locked[0],
    valid: body.valid[0],
    outcomes: body.outcomes.map(({ blockId, outcome }) => ({ blockId, outcome: named(OUTCOMES, outcome) })),
  };
}

/** Throws for bytes that are no record, which under a right checksum means another version wrote them. */
export function decodePayload(payload: Uint8Array): WalRecord | WalStart {
  const body = payload.subarray(1);
  switch (payload[0]) {
    case TAG.start:
      return { kind: "start", ...StartBody.deserialize(body) };
    case TAG.proposal:
      return { kind: "proposal", ...ProposalBody.deserialize(body) };
    case TAG.vote:
      return { kind: "vote", vote: Vote.deserialize(body) };
    case TAG.abstain:
      return { kind: "abstain" };
    case TAG.timeout: {
      const { timeout, round } = TimeoutBody.deserialize(body);
      return { kind: "timeout", timeout: named(TIMEOUTS, timeout), round };
    }
    case TAG.executed: {
      const { blockId, outcome } = ExecutedBody.deserialize(body);
      return { kind: "executed", blockId, outcome: named(OUTCOMES, outcome) };
    }
    case TAG.checkpoint:
      return decodeCheckpoint(CheckpointBody.deserialize(body));
    default:
      throw new Error(`unknown record type ${payload[0]}`);
  }
}

function named<T>(names: readonly T[], index: number): T {
  const name = names[index];
  if (name === undefined) throw new Error(`unknown value ${index}`);
  return name;
}

/** Whether a payload may start with this byte. */
export function isTag(byte: number | undefined): boolean {
  return byte !== undefined && byte >= TAG.start && byte <= TAG.checkpoint;
}
