import { afterAll, beforeAll, describe, test } from "vitest";
import type { FailpointName } from "../../node/failpoints.ts";
import { crashNode } from "../scenarios/crash-node.ts";
import { CRASH_CASES, CRASH_PARAMS, withSnapshots } from "../scenarios/crash-points.ts";
import { useNetwork } from "../scenarios/network.ts";
import { startWitness } from "../scenarios/witness.ts";

const CRASHING = 3;
/** Added to each count that is not 1: other heights, steps and kinds of record. */
const LATER = [0, 1, 2, 3, 7, 20];

/** Passed only by a node that has never run, so the next start must come to the next of them. */
const FIRST_START: readonly FailpointName[] = [
  "genesis.before",
  "genesis.after",
  "sign.create",
  "attestation.replace",
  "wal.create",
];

describe("a validator killed at every point, several times at each that it passes often", () => {
  const network = useNetwork({ offset: 4700, late: [CRASHING], params: CRASH_PARAMS, config: withSnapshots });
  let stopWitness: (() => Promise<void>) | undefined;
  let crash: Awaited<ReturnType<typeof crashNode>>;
  beforeAll(async () => {
    const witness = await startWitness(network.local, new Uint8Array(32).fill(77));
    stopWitness = () => witness.stop();
    crash = await crashNode(network, CRASHING, witness);
  });
  afterAll(() => stopWitness?.());

  // A first pass over all of them, then further ones over those that come often.
  for (const later of LATER) {
    for (const one of CRASH_CASES.filter(({ count }) => later === 0 || count > 1)) {
      const count = one.count + later;
      test(`${one.point}:${count}`, async ({ onTestFailed }) => {
        onTestFailed(async () => void (await crash.stop()));
        await crash.at({ ...one, count });
        if (FIRST_START.includes(one.point)) return;
        await crash.recover();
        await crash.stop();
      });
    }
  }
});
