import {
  aggregatePublicKeys,
  aggregateSignatures,
  aggregateWithRandomness,
  asyncAggregateWithRandomness,
  fastAggregateVerify,
  PublicKey,
  SecretKey,
  Signature,
  verify,
  verifyMultipleAggregateSignatures,
} from "@chainsafe/blst";

/** A signature over one 32-byte message by one key. */
export interface SignatureSet {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/**
 * BLS12-381 with keys in G1 (48 bytes) and signatures in G2 (96 bytes), proof-of-possession scheme of
 * draft-irtf-cfrg-bls-signature-05. Every method answers false for bytes that are no point, not in the subgroup or the
 * point at infinity; none throws on hostile input, but `aggregate`, whose inputs must have been verified.
 */
export interface Bls {
  verify(set: SignatureSet): boolean;
  /** All of them at once; about four times as fast as one by one. True for an empty list. */
  verifyBatch(sets: readonly SignatureSet[]): boolean;
  /** The same, most of it on another thread where there are so many that it pays. */
  verifyBatchAside(sets: readonly SignatureSet[]): Promise<boolean>;
  /** One signature by all keys over one message. False for no keys. Keys must have proven possession. */
  verifyAggregate(publicKeys: readonly Uint8Array[], message: Uint8Array, signature: Uint8Array): boolean;
  aggregate(signatures: readonly Uint8Array[]): Uint8Array;
  /**
   * The one key that an aggregate by these keys over one message verifies under, so that it can be part of a batch. Keys must have
   * proven possession. Undefined for none, and for bytes that are no keys.
   */
  aggregateKeys(publicKeys: readonly Uint8Array[]): Uint8Array | undefined;
}

/** A vote key that can sign. */
export interface BlsSecretKey {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/**
 * Decoding a key costs a subgroup check, about as much as half a verification, and the same few hundred validators' keys
 * come with every vote. Bounded: the oldest entry goes first.
 */
const MAX_CACHED_KEYS = 4096;

function keyCache(): (bytes: Uint8Array) => PublicKey | undefined {
  const cache = new Map<string, PublicKey>();
  return (bytes) => {
    if (bytes.length !== 48) return undefined; // The library would take the uncompressed form too.
    const id = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
    const known = cache.get(id);
    if (known !== undefined) return known;
    let key: PublicKey;
    try {
      key = PublicKey.fromBytes(bytes, true);
    } catch {
      return undefined; // Not a valid key: a verdict, not a fault.
    }
    if (cache.size >= MAX_CACHED_KEYS) {
      const oldest = cache.keys().next().value;
      if (oldest !== undefined) cache.delete(oldest);
    }
    cache.set(id, key);
    return key;
  };
}

function parseSignature(bytes: Uint8Array): Signature | undefined {
  if (bytes.length !== 96) return undefined; // The library would take the uncompressed form too.
  try {
    return Signature.fromBytes(bytes, true, true);
  } catch {
    return undefined; // Not a valid signature: a verdict, not a fault.
  }
}

/**
 * PERF: as many signatures over one message take 1.9 ms here and 1.2 ms of them go elsewhere; a hop to another thread and back costs
 * some tenths. Handing over the inputs stays here, about a third.
 */
const ASIDE_FROM = 16;

function byMessage(sets: readonly SignatureSet[]): readonly (readonly [SignatureSet, ...SignatureSet[]])[] {
  const groups = new Map<string, [SignatureSet, ...SignatureSet[]]>();
  for (const set of sets) {
    const key = Buffer.from(set.message).toString("latin1");
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [set]);
    else group.push(set);
  }
  return [...groups.values()];
}

function haveSameMessage({ message }: SignatureSet, others: readonly SignatureSet[]): boolean {
  return others.every((other) => Buffer.compare(other.message, message) === 0);
}

/** The native implementation (`@chainsafe/blst`). */
export function createBls(): Bls {
  const publicKey = keyCache();

  /** Undefined when there is none, or one of them is no key. */
  function decodeKeys(publicKeys: readonly Uint8Array[]): PublicKey[] | undefined {
    const keys: PublicKey[] = [];
    for (const bytes of publicKeys) {
      const pk = publicKey(bytes);
      if (pk === undefined) return undefined;
      keys.push(pk);
    }
    return keys.length === 0 ? undefined : keys;
  }

  function verifyOne(set: SignatureSet): boolean {
    const pk = publicKey(set.publicKey);
    const sig = parseSignature(set.signature);
    return pk !== undefined && sig !== undefined && verify(set.message, pk, sig);
  }

  /** Undefined when one of them can't be right. */
  function parseSets(sets: readonly SignatureSet[]): { pk: PublicKey; sig: Uint8Array }[] | undefined {
    const parsed: { pk: PublicKey; sig: Uint8Array }[] = [];
    for (const set of sets) {
      const pk = publicKey(set.publicKey);
      if (pk === undefined || set.signature.length !== 96) return undefined;
      parsed.push({ pk, sig: set.signature });
    }
    return parsed;
  }

  /**
   * PERF: votes for one block share their message. Random multiples of keys and signatures are added up, so that two
   * wrong signatures can't cancel out, and two pairings do for all of them.
   */
  function verifySameMessage(message: Uint8Array, sets: readonly SignatureSet[]): boolean {
    const parsed = parseSets(sets);
    if (parsed === undefined) return false;
    try {
      const { pk, sig } = aggregateWithRandomness(parsed);
      return verify(message, pk, sig);
    } catch {
      return false; // One of them is no signature: a verdict, not a fault.
    }
  }

  async function verifySameMessageAside(message: Uint8Array, sets: readonly SignatureSet[]): Promise<boolean> {
    const parsed = parseSets(sets);
    if (parsed === undefined) return false;
    try {
      const { pk, sig } = await asyncAggregateWithRandomness(parsed);
      return verify(message, pk, sig);
    } catch {
      return false; // One of them is no signature: a verdict, not a fault.
    }
  }

  function verifyBatch(sets: readonly SignatureSet[]): boolean {
    const [first, ...rest] = sets;
    if (first === undefined) return true;
    if (rest.length === 0) return verifyOne(first);
    if (haveSameMessage(first, rest)) return verifySameMessage(first.message, sets);
    const sums: { msg: Uint8Array; pk: PublicKey; sig: Signature }[] = [];
    for (const group of byMessage(sets)) {
      const sum = sumOf(group);
      if (sum === undefined) return false;
      sums.push(sum);
    }
    return verifyMultipleAggregateSignatures(sums);
  }

  /**
   * One signature, or the sum of random multiples of those over one message. PERF: four members' signatures about one job take 1.7 ms in a batch of
   * such sums, 3.0 ms in one of each for itself.
   * @returns undefined when one of them is none.
   */
  function sumOf(
    group: readonly [SignatureSet, ...SignatureSet[]],
  ): { msg: Uint8Array; pk: PublicKey; sig: Signature } | undefined {
    const [{ message, publicKey: key, signature }] = group;
    if (group.length === 1) {
      const pk = publicKey(key);
      const sig = parseSignature(signature);
      return pk && sig && { msg: message, pk, sig };
    }
    const parsed = parseSets(group);
    try {
      return parsed && { msg: message, ...aggregateWithRandomness(parsed) };
    } catch {
      return undefined; // One of them is no signature: a verdict, not a fault.
    }
  }

  return {
    verify: verifyOne,
    verifyBatch,
    async verifyBatchAside(sets) {
      const [first, ...rest] = sets;
      const pays = first !== undefined && sets.length >= ASIDE_FROM && haveSameMessage(first, rest);
      return pays ? verifySameMessageAside(first.message, sets) : verifyBatch(sets);
    },
    verifyAggregate(publicKeys, message, signature) {
      const sig = parseSignature(signature);
      const keys = decodeKeys(publicKeys);
      return sig !== undefined && keys !== undefined && fastAggregateVerify(message, keys, sig);
    },
    aggregateKeys(publicKeys) {
      const keys = decodeKeys(publicKeys);
      return keys === undefined ? undefined : aggregatePublicKeys(keys).toBytes();
    },
    aggregate(signatures) {
      return aggregateSignatures(signatures.map((bytes) => Signature.fromBytes(bytes))).toBytes();
    },
  };
}

/** @param secret 32 bytes, a scalar below the group order; throws otherwise. */
export function blsSecretKey(secret: Uint8Array): BlsSecretKey {
  const key = SecretKey.fromBytes(secret);
  return { publicKey: key.toPublicKey().toBytes(), sign: (message) => key.sign(message).toBytes() };
}

/** A vote key from at least 32 bytes of secret seed (KeyGen of the draft). Returns the 32-byte scalar. */
export function blsKeyFromSeed(seed: Uint8Array): Uint8Array {
  return SecretKey.fromKeygen(seed).toBytes();
}
