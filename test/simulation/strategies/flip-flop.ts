import { sha256 } from "../../../chain/crypto/hash.ts";
import { tensorOf } from "../fake-engine.ts";
import type { Strategy } from "../strategy.ts";

/** Answers a run rightly one time and with something else the next. */
export const flipFlop: Strategy = {
  name: "flip-flop",
  compute: (actor, honest) =>
    actor.random.chance(0.5) ? honest : [tensorOf(sha256(Uint8Array.of(actor.random.int(256))))],
};
