import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PREVOTE } from "../../chain/types/vote.ts";
import { encodeFrame, readFrames } from "../../consensus/wal/frames.ts";
import { decodePayload, encodePayload } from "../../consensus/wal/records.ts";
import { homePaths } from "../../node/home.ts";
import type { LocalNode } from "../../node/local-network.ts";

const MESSAGE = 64 * 1024;

export function logPath({ home }: LocalNode): string {
  return join(homePaths(home).data, "consensus.wal");
}

/** The height that the log of a stopped node is of. */
export function logHeight(node: LocalNode): number {
  const records = readFrames(readFileSync(logPath(node))).payloads.map(decodePayload);
  const start = records.findLast((record) => record.kind === "start");
  return start?.kind === "start" ? start.height : 0;
}

/**
 * Makes the log of a stopped node so many bytes longer, by records that mean nothing: votes of a validator that there is
 * not, which the core refuses when they are replayed.
 */
export function swellLog(node: LocalNode, bytes: number): void {
  const nobody = {
    type: PREVOTE,
    height: logHeight(node),
    round: 0,
    blockId: new Uint8Array(32),
    validatorIndex: 1023,
    signature: new Uint8Array(96),
  };
  const frame = encodeFrame(encodePayload({ kind: "vote", vote: nobody }));
  const batch = Buffer.concat(Array.from({ length: Math.ceil(MESSAGE / frame.length) }, () => frame));
  for (let written = 0; written < bytes; written += batch.length) appendFileSync(logPath(node), batch);
}

/** Puts half a record at the end of the log, as a power cut does. */
export function tearLog(node: LocalNode): void {
  appendFileSync(
    logPath(node),
    encodeFrame(encodePayload({ kind: "timeout", timeout: "propose", round: 9 })).subarray(0, 11),
  );
}
