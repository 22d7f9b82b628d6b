import type { BinaryReader } from "cosmjs-types/binary";
import type { StoredTypes } from "../state/collections.ts";
import type { StateReader, StateWriter } from "../state/store.ts";
import type { Bls } from "./crypto/bls.ts";
import type { TxError } from "./errors.ts";
import type { GasMeter } from "./gas.ts";
import type { Params, ParamTable } from "./params.ts";
import { strictReader } from "./strict-reader.ts";
import type { AttestationEvidence, Commitment, JobOutput, Reveal } from "./types/attestation.ts";
import type { Validator, ValidatorSet } from "./types/validator.ts";

/** An event: a type and its attributes in order. Values are plain strings, as CometBFT 0.38 serves them. */
export interface Event {
  readonly type: string;
  readonly attributes: readonly (readonly [key: string, value: string])[];
}

/** What a network's genesis document fixes for ever. A fork changes this data and not code. */
export interface ChainSpec {
  readonly chainId: string;
  readonly genesisRoot: Uint8Array;
  /** Base bech32 prefix (`assay`); `valoper` and `valcons` are appended for the other two. */
  readonly prefix: string;
  /** Base denomination of fees and stake (`uassay`, 6 decimals). */
  readonly denom: string;
}

/** A run of a model that a transaction waits for. */
export interface InlineRun {
  readonly jobId: Uint8Array;
  readonly modelRoot: Uint8Array;
  readonly engineId: Uint8Array;
  /** hash_tree_root of the inputs. */
  readonly inputsRoot: Uint8Array;
  /** Serialised tensors. */
  readonly inputs: Uint8Array;
  /** Cost units. */
  readonly units: number;
  /** An output of the declared shapes, for an estimate of what the transaction costs. */
  readonly blank: () => Uint8Array;
}

/** Models that run while a block is executed: every validator has the outputs, and the block carries them. */
export interface InlineLane {
  /** False in a block that was built in a later round than 0: what asks for an inline run gets an attested one. */
  readonly open: boolean;
  /**
   * The serialised output; empty for an error of the engine. Whatever becomes of the transaction, the run counts.
   * @param maxUnits of all runs of the block.
   * @throws InvalidBlockError when the block does not carry it, or more than it may; RunPendingError when a block that is built
   *   can't have it yet.
   */
  run(run: InlineRun, maxUnits: number): Uint8Array;
  /**
   * What to throw where there is no room for more of a kind: the error that the transaction would end with, or, in a block that is built, one
   * that leaves it for a later one.
   * @param room that is full: the block's, of which there is more in the next, the chain's, or one tier's part of either.
   */
  full(error: TxError, room: "block" | "chain" | "tier"): Error;
  /**
   * Notes that a job is opened. What a proposer takes for too many makes no block invalid: of a block that is judged there are never too many.
   * @throws where a proposer wants no more in its block: what leaves the transaction for a later one.
   */
  takeJob(): void;
  /** Notes that a model's run was asked for in vain, whatever becomes of the transaction. */
  demote(modelRoot: Uint8Array): void;
  /** Of this block so far, each model once, in the order they were noted. */
  readonly demoted: readonly Uint8Array[];
}

/** What is the same for everything in one block. */
export interface BlockInfo {
  readonly height: number;
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  readonly spec: ChainSpec;
  readonly params: Params;
  /** The set that votes on this block. */
  readonly validators: ValidatorSet;
  /** Operator of the proposer. */
  readonly proposer: Uint8Array;
  /** The beacon after this block's randao reveal. */
  readonly beacon: Uint8Array;
  /** What transactions may carry, and messages that carry messages. */
  readonly messages: MessageRegistry;
  readonly inline: InlineLane;
}

/** What a state transition may touch. Nothing else: no clock, no randomness, no environment. */
export interface Context {
  readonly block: BlockInfo;
  readonly store: StateWriter;
  readonly gas: GasMeter;
  readonly bls: Bls;
  emit(type: string, ...attributes: (readonly [key: string, value: string])[]): void;
}

/** The context of one message: which transaction it is in. */
export interface MessageContext extends Context {
  /** SHA-256 of the transaction's bytes. */
  readonly txHash: Uint8Array;
  /** Sequence of the first signer at which the transaction was signed; of an unordered one its time-out in milliseconds. */
  readonly sequence: number;
  readonly messageIndex: number;
}

/** A message a transaction may carry. One file each, under `modules/<name>/messages/`. */
export interface MessageType<M, R> {
  readonly typeUrl: string;
  readonly responseTypeUrl: string;
  /** Throws on bytes that are not this message. */
  decode(reader: BinaryReader): M;
  encodeResponse(response: R): Uint8Array;
  /** Addresses (20 bytes) that must sign, in order, without repetition. Throws TxError for a malformed address. */
  signers(message: M, spec: ChainSpec): readonly Uint8Array[];
  /** Checks that need no state. Throws TxError. */
  validate(message: M, spec: ChainSpec): void;
  /** Of a kind that a chain may be full of: what it asks for, so that who builds a block need not try all that ask for the same. */
  subject?(message: M): string;
  /** Throws TxError to fail the transaction; its writes are then dropped. */
  execute(ctx: MessageContext, message: M): R;
}

/** A message type whose own types have been forgotten, as a registry holds it. */
export interface AnyMessageType {
  readonly typeUrl: string;
  readonly responseTypeUrl: string;
  /** Decodes once; the returned closures keep the typed message. */
  parse(bytes: Uint8Array, spec: ChainSpec): ParsedMessage;
}

export interface ParsedMessage {
  readonly typeUrl: string;
  readonly responseTypeUrl: string;
  readonly signers: readonly Uint8Array[];
  /** As `MessageType.subject` says. */
  readonly subject?: string;
  validate(): void;
  /** Returns the encoded response. */
  execute(ctx: MessageContext): Uint8Array;
}

/** What the messages of a chain are called, by type URL. */
export type MessageRegistry = ReadonlyMap<string, AnyMessageType>;

export function messageType<M, R>(type: MessageType<M, R>): AnyMessageType {
  return {
    typeUrl: type.typeUrl,
    responseTypeUrl: type.responseTypeUrl,
    parse(bytes, spec) {
      const message = type.decode(strictReader(bytes));
      return {
        typeUrl: type.typeUrl,
        responseTypeUrl: type.responseTypeUrl,
        signers: type.signers(message, spec),
        ...(type.subject === undefined ? {} : { subject: type.subject(message) }),
        validate: () => type.validate(message, spec),
        execute: (ctx) => type.encodeResponse(type.execute(ctx, message)),
      };
    },
  };
}

export interface QueryContext {
  readonly store: StateReader;
  readonly height: number;
  /** Time of the block at `height`. */
  readonly time: number;
  readonly spec: ChainSpec;
  readonly params: Params;
  /** The set that votes on the next block. */
  readonly validators: ValidatorSet;
}

/** A query, by its gRPC path (`/cosmos.bank.v1beta1.Query/Balance`), from protobuf bytes to protobuf bytes. Throws QueryError. */
export interface Query {
  readonly path: string;
  handle(ctx: QueryContext, request: Uint8Array): Uint8Array;
}

/** A fault that has been proven against the set of its height. */
export interface VerifiedFault {
  /** Operator of the guilty validator, and its power then. */
  readonly operator: Uint8Array;
  readonly identityKey: Uint8Array;
  readonly power: bigint;
  readonly height: number;
  /** Time of the block at `height`. */
  readonly time: number;
}

/** Votes that nobody may have cast without a polka of their block. */
export interface PolkaDemand {
  readonly height: number;
  /** What was voted for. */
  readonly blockId: Uint8Array;
  /** A polka in one of these rounds excuses, both inclusive. */
  readonly fromRound: number;
  readonly toRound: number;
  /** Who voted so, by index in the set of `height`, ascending. */
  readonly accused: readonly number[];
  /** Precommits of another block in an earlier or the same round: whoever prevotes against his own, owes a polka, too. */
  readonly lock:
    | { readonly round: number; readonly blockId: Uint8Array; readonly signers: readonly number[] }
    | undefined;
}

/** A verified polka. `signers` are indices into the set of `height`, ascending. */
export interface VerifiedPolka {
  readonly height: number;
  readonly round: number;
  readonly blockId: Uint8Array;
  readonly signers: readonly number[];
}

/** What a light-client attack proves at once, and what its signers have to show. */
export interface VerifiedAttack {
  /** `lunatic`: no correct validator signs such a header. `equivocation`: they precommitted the chain's block in the same round. */
  readonly kind: "lunatic" | "equivocation" | "amnesia";
  readonly faults: readonly VerifiedFault[];
  readonly demands: readonly PolkaDemand[];
}

/** What a block brings besides transactions, handed to every module's `beginBlock`. */
export interface BlockInput {
  /** The set of the parent's height and which members' precommits the last commit holds; empty in block 1. */
  readonly lastCommit: readonly { readonly validator: Validator; readonly signed: boolean }[];
  readonly duplicateVotes: readonly VerifiedFault[];
  readonly lightClientAttacks: readonly VerifiedAttack[];
  /** Of amnesia challenges; those of attacks stand there. */
  readonly demands: readonly PolkaDemand[];
  readonly polkas: readonly VerifiedPolka[];
  readonly duplicateAttestations: readonly AttestationEvidence[];
  readonly commitments: readonly Commitment[];
  readonly reveals: readonly Reveal[];
  readonly outputs: readonly JobOutput[];
}

/** Where genesis validation writes what it finds: all errors, each with its path (`staking.validators[2].power`). */
export type Report = (path: string, message: string) => void;

export interface Module {
  readonly name: string;
  readonly params: ParamTable;
  readonly messages: readonly AnyMessageType[];
  readonly queries: readonly Query[];
  /** All that the module keeps in the state, by name: what an export writes, and what snapshots may hold. */
  readonly stored: StoredTypes;
  /** The module's section of the genesis document. `validate` has run without a report before `init` is called. */
  readonly genesis: {
    validate(section: unknown, spec: Pick<ChainSpec, "prefix" | "denom">, report: Report): void;
    init(ctx: Context, section: unknown): void;
  };
  /** Throws InvalidBlockError when the input breaks a rule. */
  beginBlock?(ctx: Context, input: BlockInput): void;
  /**
   * A returned set (any order; zero power is left out) replaces the validator set from the next height on.
   * @param gasWanted sum of the gas limits of the block's transactions.
   */
  endBlock?(ctx: Context, gasWanted: bigint): readonly Validator[] | undefined;
}
