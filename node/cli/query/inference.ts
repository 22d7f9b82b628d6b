import { equalBytes, toHex } from "../../../chain/bytes.ts";
import { ValidatorSet } from "../../../chain/types/validator.ts";
import { inferenceQueries } from "../../../client/queries.ts";
import { parseTrustedSet, type TrustedSet } from "../../../client/verify-receipt.ts";
import { genesisRoot } from "../../../genesis/root.ts";
import type { QueryProvenanceResponse } from "../../../proto/inference-query.ts";
import { UserError } from "../../user-error.ts";
import { decodeAnyAddress } from "../addresses.ts";
import { genesisDocument } from "../genesis-document.ts";
import { address, flag, integer, optional, words } from "../tx/kinds.ts";
import { committeeOf } from "./committee.ts";
import { provenanceText } from "./provenance.ts";
import { type Asked, HEIGHT, type QueryRow, questionRow } from "./row.ts";

/** The set that voted on a block, as `assay verify` takes it. What the node says is checked as far as it can be without trust. */
async function validatorSet({ node, comet }: Asked, height: bigint | undefined): Promise<TrustedSet> {
  const set = await inferenceQueries(comet).validatorSet(height === undefined ? undefined : Number(height));
  if (height !== undefined && set.height !== height) {
    throw new UserError(`the node answers with the set of height ${set.height}, asked for ${height}`);
  }
  const document = await genesisDocument(node);
  const { nodeInfo } = await comet.status();
  if (document.chainId !== nodeInfo.network) {
    throw new UserError(`the node is of ${nodeInfo.network}, its genesis document of ${String(document.chainId)}`);
  }
  const json = {
    chainId: nodeInfo.network,
    genesisRoot: toHex(genesisRoot(document)),
    height: Number(set.height),
    validators: set.validators.map((validator) => ({
      operator: toHex(decodeAnyAddress(validator.operator)),
      identityKey: toHex(validator.identityKey),
      voteKey: toHex(validator.voteKey),
      power: validator.power.toString(),
    })),
  };
  if (!equalBytes(ValidatorSet.hashTreeRoot([...parseTrustedSet(json).validators]), set.root)) {
    throw new UserError("the node's validators are not those of the root that it gives");
  }
  return json;
}

const jobId = { ...words, shape: "job id" };

export const inferenceRows: readonly QueryRow[] = [
  questionRow({
    path: "validator-set",
    summary: "the validators that voted on a block, as assay verify takes them",
    flags: HEIGHT,
    ask: ({ height }, asked) => validatorSet(asked, height),
  }),
  questionRow({ path: "models", summary: "all models", ask: (_, { comet }) => inferenceQueries(comet).models() }),
  questionRow({
    path: "model",
    summary: "a model by its root, name, or owner/name",
    args: { model: { ...words, shape: "model" } },
    ask: ({ model }, { comet }) => inferenceQueries(comet).model(model),
  }),
  questionRow({
    path: "job",
    summary: "a run of a model and what became of it",
    args: { job: jobId },
    ask: ({ job }, { comet }) => inferenceQueries(comet).job(job),
  }),
  questionRow({
    path: "committee",
    summary: "who answers for a run; a draw is made again from the beacon of its block",
    args: { job: jobId },
    ask: ({ job }, asked) => committeeOf(asked, job),
  }),
  {
    ...questionRow({
      path: "inference provenance",
      summary: "where an output comes from: inputs, model, and what that was derived from",
      args: { job: jobId },
      flags: { json: flag("as JSON, instead of as a tree") },
      ask: ({ job }, { comet }) => inferenceQueries(comet).provenance(job),
    }),
    text: (answer) => provenanceText(answer as QueryProvenanceResponse),
  },
  questionRow({
    path: "inference blob",
    summary: "a blob of inputs that requests may name",
    args: { root: { ...words, shape: "root" } },
    ask: ({ root }, { comet }) => inferenceQueries(comet).inputBlob(root),
  }),
  questionRow({
    path: "inference prices",
    summary: "what a cost unit of each tier costs, and how much of its room is taken",
    ask: (_, { comet }) => inferenceQueries(comet).prices(),
  }),
  questionRow({
    path: "inference schedules",
    summary: "runs that the chain opens by itself, and what is held for them",
    flags: { owner: optional(address, "only those of this account") },
    ask: ({ owner }, { comet }) => inferenceQueries(comet).schedules(owner),
  }),
  questionRow({
    path: "inference schedule",
    summary: "one of them, by its number",
    args: { schedule: integer },
    ask: ({ schedule }, { comet }) => inferenceQueries(comet).schedule(schedule),
  }),
  questionRow({
    path: "inference security",
    summary: "what a wrong output costs, and how much value may rest on one now",
    ask: (_, { comet }) => inferenceQueries(comet).security(),
  }),
];
