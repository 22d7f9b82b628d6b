import { sha256 } from "../../../chain/crypto/hash.ts";
import { tensorOf } from "../fake-engine.ts";
import type { Strategy } from "../strategy.ts";

/** Attests outputs of its own invention. */
export const wrongOutputs: Strategy = {
  name: "wrong-outputs",
  compute: (_, honest) => honest.map(({ data }) => tensorOf(sha256(data))),
};
