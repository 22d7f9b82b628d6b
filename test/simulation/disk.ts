import { equalBytes, toHex } from "../../chain/bytes.ts";
import type { SignState, SignStateFile } from "../../consensus/signer/sign-state.ts";
import { encodeFrame, readFrames } from "../../consensus/wal/frames.ts";
import { decodePayload, encodePayload, type WalRecord, type WalStart } from "../../consensus/wal/records.ts";
import type { Wal } from "../../consensus/wal/wal.ts";
import {
  AttestationConflictError,
  type AttestationStore,
  type StoredAttestation,
} from "../../node/attester/attestation-store.ts";
import type { Backend } from "../../state/backend.ts";
import { createMemoryBackend } from "../../state/memory-backend.ts";
import type { Life } from "./life.ts";
import type { Random } from "./random.ts";

/** What outlives a node's process, and what a crash may do to it. */
export interface Disk {
  /** A crash loses or tears what was not flushed. */
  crash(): void;
  /** Each of these is for one process; they use what the ones before left. */
  backend(life: Life): Backend;
  wal(life: Life): Wal;
  signState(life: Life): SignStateFile;
  attestations(life: Life): AttestationStore;
}

export interface DiskOptions {
  readonly random: Random;
  readonly genesisRoot: Uint8Array;
  /** Of one flush, milliseconds. */
  readonly delay: () => number;
  /** Records of a height after which the log is compacted. */
  readonly compactAt: number;
  readonly onTorn: () => void;
}

type Entry = WalRecord | WalStart;

export function createDisk({ random, genesisRoot, delay, compactAt, onTorn }: DiskOptions): Disk {
  const values = createMemoryBackend();
  /** The log: what is flushed comes first. PERF: records as they are; they become bytes only when a crash tears them. */
  let entries: Entry[] = [];
  let flushed = 0;
  /** Entries that were before those, so that a flush under way knows what it covers. */
  let dropped = 0;
  let saved: SignState | undefined;
  let saving: SignState | undefined;
  /** By job. */
  const attested = new Map<string, StoredAttestation>();
  let attesting: readonly StoredAttestation[] = [];

  /** Some of the bytes that were not flushed reached the disk, in order. What is a frame among them has survived. */
  function tear(): void {
    const bytes = Buffer.concat(entries.slice(flushed).map((entry) => encodeFrame(encodePayload(entry))));
    const left = Uint8Array.from(bytes.subarray(0, random.int(bytes.length + 1)));
    const { payloads, end } = readFrames(left);
    if (end < left.length) onTorn();
    entries = [...entries.slice(0, flushed), ...payloads.map(decodePayload)];
    flushed = entries.length;
  }

  return {
    crash() {
      if (entries.length > flushed) tear();
      if (saving !== undefined && random.chance(0.5)) saved = saving;
      saving = undefined;
      // A record is whole or gone.
      for (const record of attesting) if (random.chance(0.5)) attested.set(toHex(record.jobId), record);
      attesting = [];
    },
    backend: (life) => ({
      ...values,
      async write(writes) {
        life.effect("state about to be written", () => undefined);
        await life.wait(delay(), "disk");
        await values.write(writes);
        life.effect("state written", () => undefined);
      },
    }),
    wal(life) {
      let base = 0;
      const write = (entry: Entry): void =>
        life.effect(`log ${entry.kind}`, () => {
          entries.push(entry);
        });
      return {
        open(height) {
          const at = entries.findLastIndex(({ kind }) => kind === "start");
          const start = entries[at];
          if (start?.kind === "start" && start.height > height) throw new Error("the log is ahead of the database");
          if (start?.kind === "start" && start.height === height) {
            return entries.slice(at + 1).filter((entry) => entry.kind !== "start");
          }
          write({ kind: "start", height, genesisRoot });
          return [];
        },
        append: write,
        async sync() {
          const covered = dropped + entries.length;
          await life.wait(delay(), "disk");
          life.effect("log flushed", () => {
            flushed = Math.max(flushed, covered - dropped);
          });
        },
        startHeight(height) {
          write({ kind: "start", height, genesisRoot });
          // Only what is flushed can go, and only when a later height's start is among it.
          const last = entries.findLastIndex(({ kind }, index) => kind === "start" && index < flushed);
          if (last > 0) {
            entries.splice(0, last);
            flushed -= last;
            dropped += last;
          }
          base = entries.length;
        },
        isLarge: () => entries.length - base > compactAt,
        async compact(records) {
          const start = entries.findLast(({ kind }) => kind === "start");
          if (start === undefined) throw new Error("a log without a start");
          await life.wait(delay(), "disk");
          life.effect("log compacted", () => {
            entries = [start, ...records];
            flushed = entries.length;
            base = entries.length;
          });
        },
        close: async () => undefined,
      };
    },
    signState: (life) => ({
      get last() {
        return saved;
      },
      async save(state) {
        saving = state;
        life.effect("signature written", () => undefined);
        await life.wait(delay(), "disk");
        life.effect("signature kept", () => {
          saved = state;
          saving = undefined;
        });
      },
      close: () => undefined,
    }),
    attestations: (life) => ({
      get: (jobId) => attested.get(toHex(jobId)),
      async add(attestation) {
        const id = toHex(attestation.jobId);
        const known = attested.get(id) ?? attesting.find(({ jobId }) => toHex(jobId) === id);
        if (known !== undefined && !equalBytes(known.outputRoot, attestation.outputRoot)) {
          throw new AttestationConflictError(known, attestation);
        }
        if (attested.has(id)) return;
        attesting = [...attesting, attestation];
        life.effect("attestation written", () => undefined);
        await life.wait(delay(), "disk");
        life.effect("attestation kept", () => {
          attested.set(id, attestation);
          attesting = attesting.filter((other) => other !== attestation);
        });
      },
      close: async () => undefined,
    }),
  };
}
