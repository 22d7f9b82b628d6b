import { didYouMean } from "../genesis/nearest.ts";
import type { Logger } from "./log.ts";
import { UserError } from "./user-error.ts";

/** What is on disk and what is not when the process ends at a point. */
interface PointOnDisk {
  readonly done: string;
  readonly missing: string;
}

/**
 * Every point at which a test may end this process: one before and one after each thing that is made durable, and one
 * between its steps where it has several. docs/crash-safety.md repeats this table.
 */
export const FAILPOINTS = {
  "genesis.before": { done: "an empty database", missing: "the genesis state" },
  "genesis.after": { done: "the genesis state, as height 0", missing: "log and sign state" },
  "state.commit.before": {
    done: "the log and the signatures that decided a block",
    missing: "the block and its state",
  },
  "state.commit.after": {
    done: "block, receipts and state, in one batch",
    missing: "the next height's start in the log",
  },
  "wal.create": {
    done: "an empty log, perhaps without its name in the folder",
    missing: "the start of the first height",
  },
  "wal.height": { done: "the block and its state", missing: "the next height's start in the log" },
  "wal.rotate": { done: "an emptied log", missing: "the next height's start in the log" },
  "wal.append.before": { done: "all earlier inputs", missing: "an input that the core has taken" },
  "wal.append.after": { done: "the input, in the system's cache", missing: "what follows from it" },
  "wal.sync.before": { done: "inputs, in the system's cache", missing: "the signature they lead to" },
  "wal.sync.after": { done: "all inputs, flushed", missing: "the signature they lead to" },
  "wal.compact.written": { done: "the old log, and the compacted one beside it", missing: "the new one's name" },
  "wal.compact.renamed": { done: "the compacted log, perhaps under its old name", missing: "nothing" },
  "wal.repair": { done: "a damaged log and a copy of it", missing: "the cut at its end" },
  "sign.create": { done: "an empty sign state beside its place", missing: "its name" },
  "sign.save.before": { done: "the inputs that a signature rests on, flushed", missing: "that it was given" },
  "sign.save.written": {
    done: "that it was given, in the system's cache",
    missing: "the flush; the message has not left",
  },
  "sign.save.after": { done: "that it was given, flushed", missing: "the signed message in the log; it has not left" },
  "attestation.replace": { done: "a new attestation file beside its place", missing: "its name" },
  "attestation.before": { done: "nothing of an attestation", missing: "the record; nothing has left" },
  "attestation.written": { done: "the record, in the system's cache", missing: "the flush; nothing has left" },
  "attestation.after": { done: "the record, flushed", missing: "its commitment, which has not left" },
  "blob.written": { done: "a blob's file under another name", missing: "its name" },
  "blob.renamed": { done: "the blob", missing: "its name in the folder, after a power cut" },
  "snapshot.chunk.written": { done: "a chunk's file under another name", missing: "its name" },
  "snapshot.chunk.renamed": { done: "chunks of a snapshot, in the system's cache", missing: "its manifest" },
  "snapshot.manifest.before": { done: "all chunks of a snapshot, flushed", missing: "its manifest" },
  "snapshot.manifest.written": { done: "the manifest under another name", missing: "its name" },
  "snapshot.manifest.after": { done: "the snapshot, flushed", missing: "that older ones are gone" },
  "snapshot.retain": { done: "that an older snapshot has no manifest", missing: "that its chunks are gone" },
  "restore.chunk": { done: "chunks, and a part of a database beside its place", missing: "the rest of it" },
  "restore.built": { done: "the whole database beside its place, flushed", missing: "its name" },
  "restore.renamed": { done: "the database", missing: "the snapshot's manifest, and that its work folder is gone" },
  "restore.after": { done: "the database and its snapshot", missing: "log and sign state" },
} as const satisfies Readonly<Record<string, PointOnDisk>>;

export type FailpointName = keyof typeof FAILPOINTS;

/** Called at each point. Does nothing in any node but one under test. */
export type Failpoint = (name: FailpointName) => void;

export const NO_FAILPOINT: Failpoint = () => undefined;

const SETTING = /^([a-z.]+):([1-9]\d{0,6})$/;

function isName(name: string): name is FailpointName {
  return Object.hasOwn(FAILPOINTS, name);
}

/**
 * The failpoint that a setting `name:count` asks for: the process ends with SIGKILL, as at a power cut but for what the
 * system still holds, when it comes to the point for the count-th time.
 * @throws UserError for a setting of another form or an unknown name: a test must not pass because nothing was tested.
 */
export function parseFailpoint(setting: string, log: Pick<Logger, "warn">): Failpoint {
  const [, name = "", count = ""] = SETTING.exec(setting) ?? [];
  if (!isName(name)) {
    const hint = didYouMean(name, Object.keys(FAILPOINTS));
    throw new UserError(`no failpoint is called "${setting.slice(0, 60)}"${hint}; the form is name:count`);
  }
  log.warn(
    { failpoint: setting },
    "this node KILLS ITSELF at a failpoint: for tests only, unset ASSAY_FAILPOINT otherwise",
  );
  let left = Number(count);
  return (passed) => {
    if (passed !== name || --left > 0) return;
    process.kill(process.pid, "SIGKILL");
  };
}
