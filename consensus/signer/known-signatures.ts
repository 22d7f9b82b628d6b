import { PREVOTE } from "../../chain/types/vote.ts";
import type { SignedPosition } from "../driver/ports.ts";
import type { WalRecord } from "../wal/records.ts";
import { SIGN_STATE_REMEDY } from "./sign-state.ts";

/**
 * There is a signature of this node's key that its sign state knows nothing of. Either the sign state was lost or is an
 * older copy, or another machine signs with the same key: to sign anything now could contradict it.
 */
export class UnknownSignatureError extends Error {
  constructor(found: string, last: SignedPosition | undefined) {
    const known = last === undefined ? "none" : `the last at height ${last.height}, round ${last.round}, ${last.step}`;
    super(
      `${found} this node's own vote key, of which its sign state knows ${known}: the sign state is missing or an older copy, ` +
        `or another machine signs with the same key. ${SIGN_STATE_REMEDY}`,
    );
    this.name = "UnknownSignatureError";
  }
}

const ORDER = { proposal: 0, prevote: 1, precommit: 2 } as const satisfies Record<SignedPosition["step"], number>;

/**
 * Checks a verified message with this node's signature. The signer remembers on disk before a signature leaves, so that a
 * message beyond its last one is not of its making.
 * @throws UnknownSignatureError
 */
export function checkOwnMessage(record: WalRecord, last: SignedPosition | undefined): void {
  const position = positionOf(record);
  if (position === undefined) return;
  const { height, round, step } = position;
  const isKnown =
    last !== undefined && (last.height - height || last.round - round || ORDER[last.step] - ORDER[step]) >= 0;
  if (!isKnown) {
    throw new UnknownSignatureError(`there is a ${step} of height ${height}, round ${round} signed with`, last);
  }
}

function positionOf(record: WalRecord): SignedPosition | undefined {
  if (record.kind === "vote") {
    const { height, round, type } = record.vote;
    return { height, round, step: type === PREVOTE ? "prevote" : "precommit" };
  }
  if (record.kind !== "proposal") return undefined;
  const { height, round } = record.signed.proposal;
  return { height, round, step: "proposal" };
}

/**
 * Checks a committed block's certificate that this node's key has signed.
 * @throws UnknownSignatureError
 */
export function checkOwnPrecommit(height: number, last: SignedPosition | undefined): void {
  if (last !== undefined && last.height >= height) return;
  throw new UnknownSignatureError(`block ${height} is signed with`, last);
}
