import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the project aims at, for whoever reads the table. Nothing is asserted. */
  readonly aim?: string;
}

/** The value below which a part of the sorted values lies. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

/** Prints a table and writes it to bench/results/<name>.json. */
export function report(name: string, rows: readonly Row[]): void {
  for (const { name: what, value, unit, aim } of rows) {
    const figure = `${value.toFixed(value < 10 ? 2 : 0).padStart(8)} ${unit}`;
    process.stdout.write(`${what.padEnd(60)} ${figure}${aim === undefined ? "" : `   (aim: ${aim})`}\n`);
  }
  const directory = join(import.meta.dirname, "results");
  mkdirSync(directory, { recursive: true });
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  const text = JSON.stringify({ name, date: new Date().toISOString(), machine, rows }, null, 2);
  writeFileSync(join(directory, `${name}.json`), `${text}\n`);
}
