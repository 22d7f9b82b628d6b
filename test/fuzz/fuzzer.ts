import type { Coverage } from "./coverage.ts";
import { mutate, type Random } from "./mutate.ts";
import type { FuzzTarget } from "./target.ts";

/** An input on which a target did what it must not. */
export interface Finding {
  readonly input: Uint8Array;
  readonly error: unknown;
}

export interface FuzzOptions {
  readonly target: FuzzTarget;
  /** Kept inputs, besides the target's seeds. */
  readonly corpus: readonly Uint8Array[];
  readonly random: Random;
  /** Asked between inputs. */
  readonly isOver: (runs: number) => boolean;
  /** Without it inputs are mutations of the corpus as it is. */
  readonly coverage?: Coverage;
  /** Before each input: what a watchdog saves when the target never comes back. */
  readonly onInput?: (input: Uint8Array) => void;
  /** An input that reached something new, and is mutated further from now on. */
  readonly onNew?: (input: Uint8Array) => void;
}

export interface FuzzResult {
  readonly runs: number;
  readonly finding: Finding | undefined;
}

/** Inputs between two looks at the coverage. */
const BATCH = 64;

/**
 * Runs a target on its seeds, its corpus and mutations of both, until it is over or something is found. The same options with the same
 * random source give the same inputs, unless there is coverage: that depends on what the engine has optimised.
 */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const { target, random, coverage } = options;
  const pool = [...target.seeds(), ...options.corpus];
  const pick = (): Uint8Array => pool[Math.floor(random() * pool.length)] ?? new Uint8Array(0);
  let runs = 0;

  async function attempt(input: Uint8Array): Promise<Finding | undefined> {
    runs++;
    options.onInput?.(input);
    try {
      await target.run(input);
      return undefined;
    } catch (error) {
      return { input, error };
    }
  }

  /** Which of a batch that reached something new did so: they run again, one by one, now that the counters are clean. */
  async function keepNew(batch: readonly Uint8Array[], look: Coverage): Promise<void> {
    for (const input of batch) {
      await target.run(input);
      const fresh = look.fresh();
      if (fresh.length === 0) continue;
      look.learn(fresh);
      pool.push(input);
      options.onNew?.(input);
    }
  }

  for (const input of [...pool, new Uint8Array(0)]) {
    const finding = await attempt(input);
    if (finding !== undefined) return { runs, finding };
  }
  coverage?.learn(coverage.fresh());
  while (!options.isOver(runs)) {
    const batch: Uint8Array[] = [];
    while (batch.length < BATCH && !options.isOver(runs)) {
      const input = mutate(pick(), pick(), random, target.maxBytes);
      batch.push(input);
      const finding = await attempt(input);
      if (finding !== undefined) return { runs, finding };
    }
    const fresh = coverage?.fresh() ?? [];
    if (coverage === undefined || fresh.length === 0) continue;
    await keepNew(batch, coverage);
    // What did not show again was the engine's doing.
    coverage.learn(fresh);
  }
  return { runs, finding: undefined };
}

/** The shortest input with the same kind of finding that leaving out bytes and setting them to zero leads to. */
export async function shrink(target: FuzzTarget, found: Finding): Promise<Uint8Array> {
  const kind = (error: unknown): string =>
    error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 60) : "";
  const wanted = kind(found.error);
  async function fails(input: Uint8Array): Promise<boolean> {
    try {
      await target.run(input);
      return false;
    } catch (error) {
      return kind(error) === wanted;
    }
  }
  let best = found.input;
  for (let size = best.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at + size <= best.length; ) {
      const without = new Uint8Array(Buffer.concat([best.subarray(0, at), best.subarray(at + size)]));
      if (await fails(without)) best = without;
      else at += size;
    }
  }
  return best;
}
