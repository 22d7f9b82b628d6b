/** Lets at most `max` pieces of work run at once; the others wait, in their order. */
export function createGate(max: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= max) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      // The place goes to the next one as it is, so that nobody can come in between.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
