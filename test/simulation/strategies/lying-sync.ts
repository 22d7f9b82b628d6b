import { BlocksResponse, StatusResponse } from "../../../node/wire.ts";
import type { Strategy } from "../strategy.ts";

/** Boasts of heights that there are not, and answers with bytes that are wrong somewhere. */
export const lyingSync: Strategy = {
  name: "lying-sync",
  answer({ random }, protocol, honest) {
    if (protocol === "status") {
      const status = StatusResponse.deserialize(honest);
      return StatusResponse.serialize({ ...status, height: status.height + 1 + random.int(5) });
    }
    if (protocol === "blocks" && random.chance(0.3)) return BlocksResponse.serialize([]);
    const wrong = Uint8Array.from(honest);
    const at = random.int(Math.max(1, wrong.length));
    if (wrong.length > 0) wrong[at] = (wrong[at] ?? 0) ^ (1 + random.int(255));
    return wrong;
  },
};
