import type { Header } from "../chain/types/header.ts";
import type { NodeConfig } from "./config.ts";
import { UserError } from "./user-error.ts";

/** Whether the operator wants the node to stop once a block is committed: the block of a height, or the first of a time. */
export function haltsAfter(halt: NodeConfig["halt"]): (header: Pick<Header, "height" | "time">) => boolean {
  const fromHeight = halt.height === 0 ? Number.POSITIVE_INFINITY : halt.height;
  const fromTime = halt.time === 0 ? Number.POSITIVE_INFINITY : halt.time * 1000;
  return ({ height, time }) => height >= fromHeight || time >= fromTime;
}

/** @throws UserError when the tip is where the node was told to stop: it would sign the next height. */
export function refuseAfterHalt(halt: NodeConfig["halt"], tip: Pick<Header, "height" | "time">): void {
  if (tip.height === 0 || !haltsAfter(halt)(tip)) return;
  const setting =
    halt.height !== 0 && tip.height >= halt.height ? `halt.height ${halt.height}` : `halt.time ${halt.time}`;
  throw new UserError(
    `block ${tip.height} is committed, and the setting ${setting} says to go no further: set it to 0 to go on`,
  );
}
