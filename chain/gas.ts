import { sdkError } from "./errors.ts";

/** Gas of one message execution or ante step. Throws `out of gas` (sdk 11) at the limit. */
export interface GasMeter {
  readonly limit: number;
  readonly used: number;
  consume(amount: number, what: string): void;
}

/** Costs follow the Cosmos SDK's store (KVGasConfig) so that habits and multipliers carry over. */
export const GAS = {
  readFlat: 1000,
  readPerByte: 3,
  writeFlat: 2000,
  writePerByte: 30,
  delete: 1000,
  iterateFlat: 30,
  txPerByte: 10,
  verifySecp256k1: 1000,
  verifyBls: 40_000,
} as const;

export function gasMeter(limit: number): GasMeter {
  let used = 0;
  return {
    limit,
    get used() {
      return used;
    },
    consume(amount, what) {
      used += amount;
      if (used > limit) {
        throw sdkError("outOfGas", `out of gas in location: ${what}; gasWanted: ${limit}, gasUsed: ${used}`);
      }
    },
  };
}

/** For begin and end of a block, genesis and queries, whose work is bounded by other means. */
export function unmetered(): GasMeter {
  let used = 0;
  return {
    limit: Number.MAX_SAFE_INTEGER,
    get used() {
      return used;
    },
    consume(amount) {
      used += amount;
    },
  };
}
