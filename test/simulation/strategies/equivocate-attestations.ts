import { sha256 } from "../../../chain/crypto/hash.ts";
import type { Strategy } from "../strategy.ts";

/** Reveals a second output of each job, too. */
export const equivocateAttestations: Strategy = {
  name: "equivocate-attestations",
  instead(actor, message) {
    if (!("reveal" in message)) return [message];
    const { jobId, outputRoot } = message.reveal.reveal;
    const other = actor.attest(jobId, sha256(outputRoot));
    return other === undefined ? [message] : [message, { reveal: { reveal: other, output: new Uint8Array(0) } }];
  },
};
