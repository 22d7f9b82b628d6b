import { existsSync, readFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { ContainerType, type ValueOf } from "@chainsafe/ssz";
import { equalBytes, toHex } from "../../chain/bytes.ts";
import { Bytes32, Bytes96, Uint64 } from "../../chain/types/primitives.ts";
import { keepCopy, replaceFile, syncFolderOf, writeReplacement } from "../../consensus/wal/durable-file.ts";

/** What this validator has attested about a job, once and for ever. `height` is that of the request. */
export const StoredAttestation = new ContainerType(
  { jobId: Bytes32, height: Uint64, committeeRoot: Bytes32, outputRoot: Bytes32, signature: Bytes96 },
  { typeName: "StoredAttestation" },
);
export type StoredAttestation = ValueOf<typeof StoredAttestation>;

/** Asked to attest a second output of one job: what would be slashed, were it published. */
export class AttestationConflictError extends Error {
  readonly jobId: Uint8Array;
  constructor(stored: StoredAttestation, refused: StoredAttestation) {
    super(
      `job ${toHex(stored.jobId)} is attested with output ${toHex(stored.outputRoot)} and committee ` +
        `${toHex(stored.committeeRoot)}; refused: ${toHex(refused.outputRoot)}, ${toHex(refused.committeeRoot)}`,
    );
    this.name = "AttestationConflictError";
    this.jobId = stored.jobId;
  }
}

/** The file holds something that a crash of this process does not explain. */
export class AttestationFileError extends Error {
  constructor(path: string, problem: string) {
    super(`${path}: ${problem}; restore it from a copy, or move it away and do not attest jobs that are open now`);
    this.name = "AttestationFileError";
  }
}

/** The memory of what was attested. A signature may leave the process only after `add` has resolved. */
export interface AttestationStore {
  get(jobId: Uint8Array): StoredAttestation | undefined;
  /**
   * Resolves when the attestation is on the disk. The same once more is no change.
   * Rejects with AttestationConflictError for another output or committee, or with what the disk says, after which the
   * store takes nothing more.
   */
  add(attestation: StoredAttestation): Promise<void>;
  close(): Promise<void>;
}

/** A record is `CRC-32 of the rest, little-endian ‖ SSZ StoredAttestation`: of one length, so a torn tail shows. */
const BODY_BYTES = StoredAttestation.minSize;
const RECORD_BYTES = 4 + BODY_BYTES;

function encode(attestation: StoredAttestation): Buffer {
  const body = StoredAttestation.serialize(attestation);
  const record = Buffer.alloc(RECORD_BYTES);
  record.writeUInt32LE(crc32(body), 0);
  record.set(body, 4);
  return record;
}

function decode(record: Buffer): StoredAttestation | undefined {
  const body = record.subarray(4);
  return crc32(body) === record.readUInt32LE(0) ? StoredAttestation.deserialize(new Uint8Array(body)) : undefined;
}

interface Loaded {
  readonly records: StoredAttestation[];
  /** Bytes at the end that are no whole record. */
  readonly torn: number;
}

/**
 * A crash leaves the last batch unwritten in part, in whatever way, and nothing good after it: none of it had been
 * published. A bad record before a good one is damage.
 */
function load(path: string): Loaded {
  const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  const records: StoredAttestation[] = [];
  let bad: number | undefined;
  for (let at = 0; at < bytes.length; at += RECORD_BYTES) {
    const whole = at + RECORD_BYTES <= bytes.length;
    const record = whole ? decode(bytes.subarray(at, at + RECORD_BYTES)) : undefined;
    if (record === undefined) bad ??= at;
    else if (bad === undefined) records.push(record);
    else throw new AttestationFileError(path, `the record at byte ${bad} is damaged`);
  }
  return { records, torn: bad === undefined ? 0 : bytes.length - bad };
}

export interface AttestationStoreOptions {
  readonly path: string;
  /**
   * Records of requests that are so many blocks older than the latest are dropped when the file is opened: no job is
   * open and no evidence taken for so long. At least consensus.evidenceMaxAgeBlocks.
   */
  readonly keepBlocks: number;
  /** A crash had cut the last records off; they had never been published. A copy of the file is kept at `copy`. */
  readonly onTornTail?: (found: { readonly path: string; readonly copy: string; readonly bytes: number }) => void;
  /** The disk refused a write, as a full one does; called once. */
  readonly onFailure?: (error: unknown) => void;
  readonly failpoint?: ((point: AttestationPoint) => void) | undefined;
}

/** Where a test may end the process; what is on disk at each is told in node/failpoints.ts. */
export type AttestationPoint =
  | "attestation.replace"
  | "attestation.before"
  | "attestation.written"
  | "attestation.after";

/**
 * Opens or makes the file, which it reads in one go: part of starting a node. One process at a time; the lock of the
 * node's data folder sees to that.
 * PERF: 204 bytes on the disk and about half a kilobyte of memory for each job that is kept.
 * @throws AttestationFileError
 */
export async function openAttestationStore(options: AttestationStoreOptions): Promise<AttestationStore> {
  const { path, keepBlocks } = options;
  const failpoint = options.failpoint ?? (() => undefined);
  const { records, torn } = load(path);
  const latest = records.reduce((height, record) => Math.max(height, record.height), 0);
  const kept = records.filter(({ height }) => height >= latest - keepBlocks);
  if (torn > 0) {
    options.onTornTail?.({ path, copy: keepCopy(path), bytes: torn });
  }
  if (torn > 0 || kept.length < records.length || !existsSync(path)) {
    writeReplacement(path, kept.map(encode));
    failpoint("attestation.replace");
    replaceFile(path);
    syncFolderOf(path);
  }

  const byJob = new Map(kept.map((record) => [toHex(record.jobId), record]));
  /** Not yet known to be on the disk. */
  const writing = new Map<string, { readonly attestation: StoredAttestation; readonly done: Promise<void> }>();
  const file: FileHandle = await open(path, "a", 0o600);
  let batch: StoredAttestation[] = [];
  let lastWrite: Promise<void> = Promise.resolve();
  let failed = false;

  /** PERF: what comes in one turn of the event loop, or while the disk is busy, shares one flush. */
  async function writeBatch(): Promise<void> {
    await setImmediate();
    const records = batch;
    batch = [];
    failpoint("attestation.before");
    await file.appendFile(Buffer.concat(records.map(encode)));
    failpoint("attestation.written");
    await file.datasync();
    failpoint("attestation.after");
    for (const record of records) {
      byJob.set(toHex(record.jobId), record);
      writing.delete(toHex(record.jobId));
    }
  }

  function fail(error: unknown): void {
    if (!failed) options.onFailure?.(error);
    failed = true;
  }

  return {
    get: (jobId) => byJob.get(toHex(jobId)),
    async add(attestation) {
      const id = toHex(attestation.jobId);
      const known = byJob.get(id) ?? writing.get(id)?.attestation;
      if (known !== undefined) {
        const { outputRoot, committeeRoot } = attestation;
        if (!equalBytes(known.outputRoot, outputRoot) || !equalBytes(known.committeeRoot, committeeRoot)) {
          throw new AttestationConflictError(known, attestation);
        }
        return writing.get(id)?.done;
      }
      // A batch waits for the one before. After a failure every later one fails too: what is on the disk is then unknown.
      if (batch.length === 0) {
        lastWrite = lastWrite.then(writeBatch);
        lastWrite.catch(fail);
      }
      batch.push(attestation);
      writing.set(id, { attestation, done: lastWrite });
      return lastWrite;
    },
    async close() {
      await lastWrite.catch(() => undefined); // Whoever added it has seen the rejection.
      await file.close();
    },
  };
}
