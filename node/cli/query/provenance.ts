import { toHex } from "../../../chain/bytes.ts";
import type { ProvenanceModel, QueryProvenanceResponse } from "../../../proto/inference-query.ts";

function modelLines({ known, owner, name, version, status, licence, modelRoot, datasets }: ProvenanceModel): string[] {
  const root = toHex(modelRoot);
  if (!known) return [`${root} (not registered on this chain)`];
  const terms = licence === "" ? "" : `, ${licence}`;
  return [
    `${owner}/${name}@${version} (${status}${terms})`,
    `  root      ${root}`,
    ...datasets.map((dataset) => `  data set  ${toHex(dataset)}`),
  ];
}

/** Where an output comes from, as a tree: the output, its inputs, its model, and below each model what it was derived from. */
export function provenanceText(answer: QueryProvenanceResponse): string {
  const { jobId, status, kind, outputRoot, finalHeight, inputsRoot, requester, txHash, requestedHeight } = answer;
  const { inputsBlob, blobOwner, model, parents, truncated } = answer;
  const final = outputRoot.length > 0;
  const lines = [
    final ? `output ${toHex(outputRoot)}` : `no output: ${status}`,
    `├ job       ${toHex(jobId)} (${kind}, ${status}${final ? ` in block ${finalHeight}` : ""})`,
    `├ inputs    ${toHex(inputsRoot)}`,
  ];
  if (inputsBlob.length > 0) {
    lines.push(`│ blob      ${toHex(inputsBlob)}${blobOwner === "" ? "" : `, registered by ${blobOwner}`}`);
  }
  lines.push(`├ requester ${requester}`, `│ request   transaction ${toHex(txHash)} in block ${requestedHeight}`);
  for (const [depth, each] of [...(model === undefined ? [] : [model]), ...parents].entries()) {
    const [first = "", ...rest] = modelLines(each);
    const indent = "  ".repeat(depth);
    lines.push(
      `${indent}└ ${depth === 0 ? "model     " : "derived from "}${first}`,
      ...rest.map((line) => `${indent}  ${line}`),
    );
  }
  if (truncated) lines.push(`${"  ".repeat(parents.length + 1)}└ and so on`);
  return lines.join("\n");
}
