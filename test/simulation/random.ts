import { seeded } from "../consensus/simulation.ts";

/** The one source of chance of a run. Whoever asks in another order gets another run. */
export interface Random {
  /** From 0 up to but not 1. */
  next(): number;
  /** A whole number from 0 up to but not `count`. */
  int(count: number): number;
  between(least: number, most: number): number;
  chance(part: number): boolean;
  pick<T>(values: readonly T[]): T;
  /** Most values are near the mean, a few far above it. */
  exponential(mean: number): number;
}

export function createRandom(seed: number): Random {
  const next = seeded(seed);
  const int = (count: number): number => Math.floor(next() * count);
  return {
    next,
    int,
    between: (least, most) => least + next() * (most - least),
    chance: (part) => next() < part,
    pick<T>(values: readonly T[]): T {
      if (values.length === 0) throw new Error("nothing to pick from");
      return values[int(values.length)] as T;
    },
    exponential: (mean) => -mean * Math.log(1 - next()),
  };
}
