import { type Profiler, Session } from "node:inspector";

/** Tells inputs that reach something new from those that do not. */
export interface Coverage {
  /** Regions of code that ran since the last call and are not known yet, told apart by roughly how often they ran. */
  fresh(): readonly string[];
  /** From now on these are known. */
  learn(regions: readonly string[]): void;
  stop(): void;
}

/** Loops that run more often are other behaviour, but not each number of turns. */
function bucket(count: number): number {
  return count < 4 ? count : 32 - Math.clz32(count);
}

/**
 * The parts of a function that ran. Ranges are nested, and a part that ran as often as what is around it has none of its
 * own, so what an input went through is seen only between the edges of all of them.
 */
function* segments(ranges: readonly Profiler.CoverageRange[]): Generator<string> {
  const edges = [...new Set(ranges.flatMap(({ startOffset, endOffset }) => [startOffset, endOffset]))].sort(
    (a, b) => a - b,
  );
  for (const [index, start] of edges.entries()) {
    const end = edges[index + 1];
    if (end === undefined) return;
    const innermost = ranges.findLast((range) => range.startOffset <= start && range.endOffset >= end);
    if (innermost !== undefined && innermost.count > 0) yield `${start}-${end}*${bucket(innermost.count)}`;
  }
}

/**
 * Counts through V8's own block coverage, of scripts whose URL matches.
 * PERF: each look costs about a millisecond for a hundred scripts, so look after a batch of inputs.
 */
export function startCoverage(urls: RegExp): Coverage {
  const session = new Session();
  session.connect();
  // An in-process session answers before `post` returns.
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  const known = new Set<string>();

  function unknownOf({ result }: Profiler.TakePreciseCoverageReturnType): readonly string[] {
    const found: string[] = [];
    for (const { url, scriptId, functions } of result) {
      if (!urls.test(url)) continue;
      for (const { ranges } of functions) {
        for (const segment of segments(ranges)) {
          const region = `${scriptId}:${segment}`;
          if (!known.has(region)) found.push(region);
        }
      }
    }
    return found;
  }

  return {
    fresh() {
      let found: readonly string[] = [];
      session.post("Profiler.takePreciseCoverage", (error, answer) => {
        if (error !== null) throw error;
        found = unknownOf(answer);
      });
      return found;
    },
    learn(regions) {
      for (const region of regions) known.add(region);
    },
    stop: () => session.disconnect(),
  };
}
