import { ContainerType, type Type, type ValueOf } from "@chainsafe/ssz";
import { AttestationData, CommitmentData } from "../../chain/types/attestation.ts";
import { Bytes32, Bytes48, Bytes96, Uint8, Uint32, Uint64 } from "../../chain/types/primitives.ts";
import { PRECOMMIT, PREVOTE, ProposalData, VoteData } from "../../chain/types/vote.ts";
import type { SignedPosition } from "../../consensus/driver/ports.ts";
import { decodeWire } from "../wire.ts";

/**
 * What a node and its remote signer say to each other: frames of p2p/frames.ts whose body is `code ‖ id (u32, little-endian) ‖ SSZ`.
 * An answer has the id of its request. Requests say what is to be signed and never a digest of it: the signer computes
 * the root under the domain itself, so that it can not be made to sign anything else.
 */
export const SIGNER_PROTOCOL = 1;

/** The first thing a node says. */
const Hello = new ContainerType({ version: Uint8, genesisRoot: Bytes32 }, { typeName: "SignerHello" });
const VoteRequest = new ContainerType({ type: Uint8, data: VoteData }, { typeName: "SignerVote" });
const RandaoRequest = new ContainerType({ height: Uint64 }, { typeName: "SignerRandao" });
/** `height` is that of the job's request. */
const AttestationRequest = new ContainerType(
  { data: AttestationData, height: Uint64 },
  { typeName: "SignerAttestation" },
);

const REQUESTS = {
  hello: { code: 1, type: Hello },
  vote: { code: 2, type: VoteRequest },
  proposal: { code: 3, type: ProposalData },
  randao: { code: 4, type: RandaoRequest },
  attestation: { code: 5, type: AttestationRequest },
  commitment: { code: 6, type: CommitmentData },
} as const;

/** The answer to a hello. A `step` of zero: nothing was signed yet. */
const Welcome = new ContainerType(
  { publicKey: Bytes48, height: Uint64, round: Uint32, step: Uint8 },
  { typeName: "SignerWelcome" },
);
const Signed = new ContainerType({ signature: Bytes96 }, { typeName: "SignerSigned" });

const ANSWERS = { welcome: { code: 1, type: Welcome }, signed: { code: 2, type: Signed } } as const;
const REFUSED = 3;

/** A commitment of all entries and notes has 18,785 bytes with its head. */
export const MAX_REQUEST_BYTES = 19_500;
export const MAX_REASON_BYTES = 500;
export const MAX_ANSWER_BYTES = 5 + MAX_REASON_BYTES;

const HEAD = 5;

type Message<T extends Readonly<Record<string, { readonly type: Type<unknown> }>>> = {
  [K in keyof T]: { readonly kind: K; readonly value: ValueOf<T[K]["type"]> };
}[keyof T];

export type SignerRequest = Message<typeof REQUESTS>;
export type SignerAnswer = Message<typeof ANSWERS> | { readonly kind: "refused"; readonly reason: string };

const STEPS = ["proposal", "prevote", "precommit"] as const satisfies readonly SignedPosition["step"][];

/** The position in a welcome. */
export function positionOf({ height, round, step }: ValueOf<typeof Welcome>): SignedPosition | undefined {
  const name = STEPS[step - 1];
  return name === undefined ? undefined : { height, round, step: name };
}

export function welcomeOf(publicKey: Uint8Array, last: SignedPosition | undefined): SignerAnswer {
  const at = last === undefined ? { height: 0, round: 0, step: 0 } : { ...last, step: STEPS.indexOf(last.step) + 1 };
  return { kind: "welcome", value: { publicKey, ...at } };
}

function join(code: number, id: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEAD + body.length);
  bytes[0] = code;
  new DataView(bytes.buffer).setUint32(1, id, true);
  bytes.set(body, HEAD);
  return bytes;
}

export function encodeRequest(id: number, { kind, value }: SignerRequest): Uint8Array {
  const { code, type } = REQUESTS[kind];
  return join(code, id, (type as Type<unknown>).serialize(value));
}

export function encodeAnswer(id: number, answer: SignerAnswer): Uint8Array {
  if (answer.kind === "refused") {
    return join(REFUSED, id, new Uint8Array(Buffer.from(answer.reason, "utf8").subarray(0, MAX_REASON_BYTES)));
  }
  const { code, type } = ANSWERS[answer.kind];
  return join(code, id, (type as Type<unknown>).serialize(answer.value));
}

function split(
  bytes: Uint8Array,
): { readonly code: number; readonly id: number; readonly body: Uint8Array } | undefined {
  if (bytes.length < HEAD) return undefined;
  const id = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1, true);
  return { code: bytes[0] ?? 0, id, body: bytes.subarray(HEAD) };
}

function decodeBody<T extends Readonly<Record<string, { readonly code: number; readonly type: Type<unknown> }>>>(
  table: T,
  code: number,
  body: Uint8Array,
): Message<T> | undefined {
  const [kind, entry] = Object.entries(table).find(([, one]) => one.code === code) ?? [];
  const value = entry && decodeWire(entry.type, body);
  // The table's own type is the proof: the value was decoded by the type that stands beside its kind.
  return value === undefined ? undefined : ({ kind, value } as unknown as Message<T>);
}

/** @returns undefined for bytes that are no request: no correct node sends them. */
export function decodeRequest(bytes: Uint8Array): { readonly id: number; readonly request: SignerRequest } | undefined {
  const parts = bytes.length > MAX_REQUEST_BYTES ? undefined : split(bytes);
  const request = parts && decodeBody(REQUESTS, parts.code, parts.body);
  if (parts === undefined || request === undefined) return undefined;
  if (request.kind === "vote" && request.value.type !== PREVOTE && request.value.type !== PRECOMMIT) return undefined;
  return { id: parts.id, request };
}

/** @returns undefined for bytes that are no answer. */
export function decodeAnswer(bytes: Uint8Array): { readonly id: number; readonly answer: SignerAnswer } | undefined {
  const parts = bytes.length > MAX_ANSWER_BYTES ? undefined : split(bytes);
  if (parts === undefined) return undefined;
  const { code, id, body } = parts;
  if (code === REFUSED) return { id, answer: { kind: "refused", reason: Buffer.from(body).toString("utf8") } };
  const answer = decodeBody(ANSWERS, code, body);
  return answer && { id, answer };
}
