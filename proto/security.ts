import { type Message, message } from "./codec.ts";

/** What the stake secures. See assay/security/v1/query.proto; amounts are base units, as texts. */
const PACKAGE = "assay.security.v1";

/** Zero heights are the height of the answer, a zero `top` is ten. */
export const QuerySecurityRequest = message(`${PACKAGE}.QuerySecurityRequest`, {
  infractionHeight: [1, "uint64"],
  punishedHeight: [2, "uint64"],
  top: [3, "uint32"],
});
export type QuerySecurityRequest = Message<typeof QuerySecurityRequest>;

export const Coalition = message(`${PACKAGE}.Coalition`, {
  /** The fewest validators that have so much power. */
  fewest: [1, "uint32"],
  /** Stake that the cheapest coalition can lose, at least. */
  slashable: [2, "string"],
  /** The same of one such coalition: equal to the above where it is the cheapest for certain. */
  slashableAtMost: [3, "string"],
  /** What of `slashable` the penalties take. */
  cost: [4, "string"],
});
export type Coalition = Message<typeof Coalition>;

export const QuerySecurityResponse = message(`${PACKAGE}.QuerySecurityResponse`, {
  infractionHeight: [1, "uint64"],
  punishedHeight: [2, "uint64"],
  validators: [3, "uint64"],
  totalPower: [4, "string"],
  totalSlashable: [5, "string"],
  /** More than a third of the power: without it no block is decided. */
  third: [6, Coalition],
  /** More than two thirds: it decides blocks alone. */
  twoThirds: [7, Coalition],
  top: [8, "uint32"],
  topSharePpm: [9, "uint64"],
  presentPower: [10, "string"],
  /** Negative when no block can be decided. */
  marginToHalt: [11, "string"],
});
export type QuerySecurityResponse = Message<typeof QuerySecurityResponse>;
