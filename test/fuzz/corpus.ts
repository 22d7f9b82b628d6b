import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { FuzzTarget } from "./target.ts";

/** One file a target, one input a line in base64: inputs that once reached something new, and past findings. */
export const CORPUS = join(import.meta.dirname, "corpus");

const fileOf = ({ name }: Pick<FuzzTarget, "name">, folder: string): string => join(folder, `${name}.txt`);

export function readCorpus(target: Pick<FuzzTarget, "name">, folder = CORPUS): readonly Uint8Array[] {
  const file = fileOf(target, folder);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => new Uint8Array(Buffer.from(line, "base64")));
}

/** Adds a line to the target's file. */
export function keepInput(target: Pick<FuzzTarget, "name">, input: Uint8Array, folder = CORPUS): void {
  mkdirSync(folder, { recursive: true });
  appendFileSync(fileOf(target, folder), `${Buffer.from(input).toString("base64")}\n`);
}
