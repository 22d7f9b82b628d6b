import { BitArray } from "@chainsafe/ssz";
import { toHex } from "../../chain/bytes.ts";
import type { LightClientAttackEvidence } from "../../chain/types/evidence.ts";
import type { Divergence } from "./divergence.ts";

/**
 * A divergence in the form that blocks carry, for whoever has `trusted` on his chain: signers count in the chain's own set of that
 * height, whose keys have proven possession.
 * @returns undefined when somebody signed who is not in that set: the chain can't tell then whether the others did.
 */
export function attackEvidence({ trusted, conflicting }: Divergence): LightClientAttackEvidence | undefined {
  const { header, commit, validators } = conflicting;
  const indices = new Map(trusted.validators.map(({ voteKey }, index) => [toHex(voteKey), index]));
  const signers = BitArray.fromBitLen(trusted.validators.length);
  for (const [index, { voteKey }] of validators.entries()) {
    if (!commit.signers.get(index)) continue;
    const seat = indices.get(toHex(voteKey));
    if (seat === undefined) return undefined;
    signers.set(seat, true);
  }
  return { header, commit: { ...commit, signers } };
}
