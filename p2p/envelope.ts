import { createHash, hash } from "node:crypto";
import { compress, decompress } from "./snappy.ts";

/**
 * What travels as the data of a gossip message: `nonce (4 bytes) ‖ snappy(payload)`. The message id covers topic, nonce
 * and payload, so other encodings of a payload are duplicates, and a payload sent again under another nonce is not one.
 *
 * Inside the gossip router a message is `mark ‖ nonce ‖ payload`. The router's transform can't say whose message
 * failed, hence the mark: a bad payload goes on under it to the topic's validator, which knows the peer.
 */
const MARK_OK = 0;
const MARK_BAD = 1;
const NONCE_BYTES = 4;
const HEADER_BYTES = 1 + NONCE_BYTES;

/** Bytes that the envelope adds to the compressed payload. */
export const ENVELOPE_BYTES = NONCE_BYTES;

export interface Envelope {
  readonly nonce: number;
  readonly payload: Uint8Array;
}

/** The form that the router is given to publish. `nonce` is an unsigned 32-bit integer. */
export function toLocal(nonce: number, payload: Uint8Array): Uint8Array {
  const local = new Uint8Array(HEADER_BYTES + payload.length);
  new DataView(local.buffer).setUint32(1, nonce);
  local.set(payload, HEADER_BYTES);
  return local;
}

/** Undefined for a message that was refused when it was decoded. */
export function fromLocal(local: Uint8Array): Envelope | undefined {
  if (local[0] !== MARK_OK || local.length < HEADER_BYTES) return undefined;
  const nonce = new DataView(local.buffer, local.byteOffset).getUint32(1);
  return { nonce, payload: local.subarray(HEADER_BYTES) };
}

export function toWire(local: Uint8Array): Uint8Array {
  const body = compress(local.subarray(HEADER_BYTES));
  const wire = new Uint8Array(NONCE_BYTES + body.length);
  wire.set(local.subarray(1, HEADER_BYTES));
  wire.set(body, NONCE_BYTES);
  return wire;
}

/** Never throws: what can't be decoded within `maxBytes` comes out marked. */
export function fromWire(wire: Uint8Array, maxBytes: number): Uint8Array {
  const payload = wire.length < NONCE_BYTES ? "malformed" : decompress(wire.subarray(NONCE_BYTES), maxBytes);
  if (typeof payload === "string") return badMessage(wire);
  const local = new Uint8Array(HEADER_BYTES + payload.length);
  local.set(wire.subarray(0, NONCE_BYTES), 1);
  local.set(payload, HEADER_BYTES);
  return local;
}

/** Distinct bad messages must have distinct ids, else only the first sender would be charged. */
function badMessage(wire: Uint8Array): Uint8Array {
  const digest = createHash("sha256").update(wire).digest();
  const local = new Uint8Array(1 + digest.length);
  local[0] = MARK_BAD;
  local.set(digest, 1);
  return local;
}

/** 20 bytes of SHA-256 over topic and local form. */
export function messageId(topic: string, local: Uint8Array): Uint8Array {
  return createHash("sha256").update(`${topic}\0`).update(local).digest().subarray(0, 20);
}

/** Spots exact duplicates without decompressing them. Collision-proof, for a collision would suppress a message. */
export function wireId(topic: string, wire: Uint8Array): string {
  return topic + hash("sha256", wire, "base64");
}
