import type { Header } from "../../../chain/types/header.ts";
import type { Strategy } from "../strategy.ts";

export const FIELDS = [
  "version",
  "height",
  "time",
  "parentId",
  "proposerIndex",
  "bodyRoot",
  "stateRoot",
  "receiptsRoot",
  "validatorsRoot",
  "nextValidatorsRoot",
  "paramsRoot",
  "beacon",
] as const satisfies readonly (keyof Header)[];

/** A header that is wrong in one field: a number is one too high (a time far in the past), a root has a bit flipped. */
export function wrongHeader(header: Header, field: keyof Header): Header {
  if (field === "time") return { ...header, time: 1 };
  const value = header[field];
  if (typeof value === "number") return { ...header, [field]: value + 1 };
  const bytes = Uint8Array.from(value);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return { ...header, [field]: bytes };
}

/** Proposes blocks with a wrong header. The honest block's id says which field, so that one proposal is the same for everybody. */
export const invalidBlocks: Strategy = {
  name: "invalid-blocks",
  instead(actor, message) {
    if (!("proposal" in message) || message.proposal.proposal.polRound > 0) return [message];
    const { proposal, block } = message.proposal;
    const field = FIELDS[(proposal.blockId[0] ?? 0) % FIELDS.length] ?? "stateRoot";
    const wrong = { ...block, header: wrongHeader(block.header, field) };
    return [{ proposal: actor.propose(wrong, proposal.round, -1) }];
  },
};
