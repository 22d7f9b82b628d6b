import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createBls } from "../../chain/crypto/bls.ts";
import { NO_FAILPOINT } from "../../node/failpoints.ts";
import { connectRemoteSigner, type RemoteSigner } from "../../node/signer/remote-signer.ts";
import { runSigner } from "../../node/signer/run-signer.ts";
import { makeSignerHome, signerPaths } from "../../node/signer/signer-home.ts";
import { createFrameReader } from "../../p2p/frames.ts";
import { silentLog } from "../node-parts/silent-log.ts";

export const GENESIS = new Uint8Array(32).fill(7);
export const BLS = createBls();

export interface SignerSetup {
  readonly home: string;
  readonly socket: string;
  readonly log: ReturnType<typeof silentLog>;
  readonly faults: unknown[];
  /** Starts it; it is stopped with the test. */
  start(home?: string): Promise<() => Promise<void>>;
  /** A node's end; the tip is far behind unless given. */
  connect(options?: { genesisRoot?: Uint8Array; startMs?: number; tip?: () => number }): Promise<RemoteSigner>;
}

/** A signer with a home of its own. */
export async function makeSigner(): Promise<SignerSetup> {
  const folder = mkdtempSync(join(tmpdir(), "assay-rs-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const home = join(folder, "signer");
  await makeSignerHome(home, { genesisRoot: GENESIS, from: undefined });
  const { socket } = signerPaths(home);
  const log = silentLog();
  const faults: unknown[] = [];
  return {
    home,
    socket,
    log,
    faults,
    async start(other = home) {
      const onFault = (error: unknown) => void faults.push(error);
      const stop = await runSigner({ home: other, socket, log, failpoint: NO_FAILPOINT, onFault });
      onTestFinished(stop);
      return stop;
    },
    async connect(options = {}) {
      const remote = await connectRemoteSigner({
        socket,
        genesisRoot: GENESIS,
        bls: BLS,
        tip: () => 0,
        onConnected: () => undefined,
        log,
        startMs: 500,
        ...options,
      });
      onTestFinished(() => remote.close());
      return remote;
    },
  };
}

/** Sends raw frames and collects what comes back until the other side ends. */
export function converse(socket: string, bytes: Uint8Array): Promise<Uint8Array[]> {
  return new Promise((resolve, reject) => {
    const frames: Uint8Array[] = [];
    const reader = createFrameReader(1000);
    const connection = connect(socket, () => connection.write(bytes));
    connection.on("data", (chunk: Buffer) => {
      const found = reader.push(new Uint8Array(chunk));
      if (typeof found !== "string") frames.push(...found);
    });
    connection.on("error", reject);
    connection.on("close", () => resolve(frames));
  });
}
