/**
 * The first byte of every key: who owns it. Numbers are for ever, a retired one is never used again.
 * The second byte is the collection's own number within its owner.
 */
export const OWNER = {
  chain: 0,
  auth: 1,
  bank: 2,
  staking: 3,
  slashing: 4,
  inference: 5,
  distribution: 6,
  mint: 7,
  feemarket: 8,
  authz: 9,
  feegrant: 10,
  gov: 16,
  upgrade: 17,
} as const;
export type Owner = keyof typeof OWNER;
