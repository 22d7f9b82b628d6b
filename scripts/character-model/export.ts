import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { ALPHABET, tokensOf } from "./alphabet.ts";
import { generationModel } from "./graph.ts";
import { TRAINING, type Training, train } from "./train.ts";

/** The model file: trained on corpus.txt, the same bytes each time under one version of Node. */
export function exportModel(training: Training, report: (epoch: number, loss: number) => void): Uint8Array {
  const corpus = readFileSync(new URL("corpus.txt", import.meta.url), "utf8");
  return generationModel(train(tokensOf(corpus), ALPHABET.length, training, report));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [, , path] = process.argv;
  if (path === undefined) throw new Error("usage: node scripts/character-model/export.ts <file.onnx>");
  const bytes = exportModel(TRAINING, (epoch, loss) =>
    console.log(`epoch ${epoch}: ${loss.toFixed(4)} nats a character`),
  );
  writeFileSync(path, bytes);
  console.log(`${bytes.length} bytes to ${path}`);
}
