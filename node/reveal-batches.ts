import { toHex } from "../chain/bytes.ts";
import type { Clock } from "../consensus/driver/ports.ts";
import type { Network } from "../p2p/network.ts";
import { MAX_REVEAL_BATCH, RevealBatch, type RevealMessage } from "./wire.ts";

/** Well below what the topic lets through, whatever the last one adds. */
const MAX_BATCH_BYTES = 384 * 1024;

export interface RevealBatchPorts {
  readonly publish: Network["publish"];
  /** Whether it has been said before. */
  readonly wasSent: (id: string) => boolean;
  readonly clock: Pick<Clock, "after">;
}

/**
 * Collects reveals into messages: those of one turn of the event loop go together, which is what a block has made due. PERF: a message costs as
 * much as many reveals in it, at each end of each link, and signatures that come together are verified together.
 */
export function revealBatches({ publish, wasSent, clock }: RevealBatchPorts): (message: RevealMessage) => void {
  let batch: RevealMessage[] = [];
  let bytes = 0;
  const flush = (): void => {
    if (batch.length === 0) return;
    const again = batch.filter(({ reveal }) => wasSent(`reveal/${toHex(reveal.signature)}`)).length > 0;
    publish("reveal", RevealBatch.serialize(batch), again ? { again } : {});
    batch = [];
    bytes = 0;
  };
  return (message) => {
    if (batch.length === 0) clock.after(0, flush);
    batch.push(message);
    bytes += message.output.length;
    if (batch.length >= MAX_REVEAL_BATCH || bytes > MAX_BATCH_BYTES) flush();
  };
}
