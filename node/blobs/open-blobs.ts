import { blobProblem } from "../../modules/inference/custody.ts";
import { keepsBytes } from "../../modules/inference/deprecation.ts";
import { inputBlobs, models } from "../../modules/inference/store.ts";
import { MAX_TENSOR_BYTES, Tensors } from "../../modules/inference/tensors.ts";
import type { StateReader } from "../../state/store.ts";
import type { NodeConfig } from "../config.ts";
import { checkModelAside } from "../engine/check-aside.ts";
import { declarationFault } from "../engine/checked-engine.ts";
import { MAX_MODEL_BYTES } from "../engine/onnx-check.ts";
import type { Logger } from "../log.ts";
import { type BlobStore, type BlobStoreOptions, openBlobStore } from "./blob-store.ts";
import { blobReferences } from "./references.ts";
import { createRetention } from "./retention.ts";
import { openUploads, type Uploads } from "./uploads.ts";

export interface BlobsOptions {
  readonly directory: string;
  readonly settings: NodeConfig["blobs"];
  readonly state: () => StateReader;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly failpoint?: BlobStoreOptions["failpoint"];
  readonly log: Pick<Logger, "info" | "error">;
}

/** A node's blobs, and what is on its way to become one. */
export interface Blobs {
  readonly store: BlobStore;
  readonly uploads: Uploads;
  /** Deletes what nothing needs and whose time is over. Never rejects. */
  tidy(): Promise<void>;
}

const SECOND = 1000;

/** Whether these are inputs: no model begins as serialised tensors do. */
function holdsTensors(bytes: Uint8Array): boolean {
  if (bytes.length > MAX_TENSOR_BYTES) return false;
  try {
    return Tensors.deserialize(bytes).length > 0;
  } catch {
    return false; // A verdict, not a fault: whatever else it is, the check of models tells.
  }
}

/** Opens a node's folder of blobs. PERF: hashes unfinished uploads, reads only names and sizes of the rest. */
export async function openBlobs(options: BlobsOptions): Promise<Blobs> {
  const { directory, settings, state, now, log } = options;
  const store = openBlobStore(directory, {
    maxBytes: settings.maxBytes,
    failpoint: options.failpoint,
    onDamage: (root, reason) => log.error({ root, reason }, "a stored blob is damaged"),
    onFull: (bytes) => retention.makeRoom(bytes),
  });
  const retention = createRetention({
    store,
    references: () => blobReferences(state()),
    keepMs: settings.retention * SECOND,
    now,
    onDelete: (root) => log.info({ root }, "a model that nothing refers to was deleted"),
  });
  const registration = (root: Uint8Array) => {
    const model = models.get(state(), root);
    return model === undefined || !keepsBytes(state(), model) ? undefined : model.manifest;
  };
  const uploads = await openUploads({
    directory,
    store,
    retention,
    registered: (root) => registration(root)?.modelBytes ?? inputBlobs.get(state(), root)?.blobBytes,
    async fault(root, bytes) {
      const inputs = inputBlobs.get(state(), root);
      const problem = inputs && blobProblem(inputs, bytes);
      if (problem !== undefined) return `the inputs are not what their registration says: ${problem}`;
      if (inputs !== undefined || holdsTensors(bytes)) return undefined;
      const check = await checkModelAside(bytes);
      const manifest = registration(root);
      if (manifest !== undefined) return declarationFault(check, manifest);
      return check.ok ? undefined : `the model can not be run on this chain: ${check.reason}`;
    },
    limits: {
      blobBytes: MAX_MODEL_BYTES,
      perClient: settings.unregisteredPerClient,
      total: settings.unregistered,
      expiryMs: settings.uploadExpiry * SECOND,
    },
    now,
  });
  return {
    store,
    uploads,
    async tidy() {
      try {
        await uploads.expire();
        await retention.sweep();
      } catch (error) {
        log.error({ err: error }, "the folder of models could not be tidied");
      }
    },
  };
}
