/** How long one measurement runs, after a tenth of that to warm up. */
const DURATION_MS = 1000;

/** Runs a function over and over; returns and prints how often a second it ran. For code without waiting in it. */
export function measure(name: string, run: () => void, durationMs: number = DURATION_MS): number {
  const warm = performance.now() + durationMs / 10;
  while (performance.now() < warm) run();
  let count = 0;
  const start = performance.now();
  const end = start + durationMs;
  while (performance.now() < end) {
    run();
    count += 1;
  }
  const perSecond = (count * 1000) / (performance.now() - start);
  process.stdout.write(`${name.padEnd(56)} ${Math.round(perSecond).toLocaleString("en").padStart(12)} /s\n`);
  return perSecond;
}
