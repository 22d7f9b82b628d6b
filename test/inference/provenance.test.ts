import { expect, test } from "vitest";
import { toHex, utf8 } from "../../chain/bytes.ts";
import { MAX_LINEAGE } from "../../modules/inference/provenance.ts";
import { provenanceText } from "../../node/cli/query/provenance.ts";
import { QueryProvenanceRequest, QueryProvenanceResponse } from "../../proto/inference-query.ts";
import { accountOf } from "../modules/network.ts";
import { type Chain, createChain, FOUR, jobOutput, manifestOf, outputOf } from "./harness.ts";

const NAMES = Object.keys(FOUR);
const DATASET = new Uint8Array(32).fill(0xda);
const STRANGER = new Uint8Array(32).fill(0xee);

function ask(chain: Chain, jobId: Uint8Array): QueryProvenanceResponse {
  const request = QueryProvenanceRequest.encode({ jobId: toHex(jobId) }).finish();
  return QueryProvenanceResponse.decode(chain.query("Provenance", request));
}

function ran(chain: Chain, model: string): Uint8Array {
  const [jobId] = chain.request(1, { model }) as [Uint8Array];
  chain.block({ commitments: NAMES.map((name) => chain.commit(name, jobId, 1)) });
  chain.block({ reveals: NAMES.map((name) => chain.reveal(name, jobId, 1)), outputs: [jobOutput(jobId, 1)] });
  return jobId;
}

test("an output leads back to its inputs, its request, its model, and that one's ancestors and data sets", () => {
  const base = manifestOf("base", { parent: STRANGER, datasets: [DATASET] });
  const tuned = manifestOf("tuned", { parent: base.modelRoot, version: utf8("1.1.0") });
  const chain = createChain({ models: [base, tuned] });
  const jobId = ran(chain, "tuned");
  const answer = ask(chain, jobId);
  expect(answer).toMatchObject({
    status: "FINAL",
    kind: "request",
    outputRoot: outputOf(1).root,
    requester: accountOf("user"),
    requestedHeight: 1n,
    finalHeight: 3n,
    truncated: false,
  });
  expect(answer.txHash).toEqual(chain.job(jobId).txHash);
  expect(answer.model).toMatchObject({ name: "tuned", version: "1.1.0", known: true, owner: accountOf("owner") });
  expect(answer.parents).toMatchObject([
    { name: "base", datasets: [DATASET] },
    { known: false, modelRoot: STRANGER },
  ]);
  const lines = provenanceText(answer).split("\n");
  expect(lines[0]).toBe(`output ${toHex(outputOf(1).root)}`);
  expect(lines.slice(-6)).toEqual([
    `└ model     ${accountOf("owner")}/tuned@1.1.0 (ACTIVE, Apache-2.0)`,
    `    root      ${toHex(tuned.modelRoot)}`,
    `  └ derived from ${accountOf("owner")}/base@1.0.0 (ACTIVE, Apache-2.0)`,
    `      root      ${toHex(base.modelRoot)}`,
    `      data set  ${toHex(DATASET)}`,
    `    └ derived from ${toHex(STRANGER)} (not registered on this chain)`,
  ]);
});

test("a chain of ancestors is followed so far and no further, and a circle once", () => {
  const names = Array.from({ length: MAX_LINEAGE + 3 }, (_, index) => `m${index}`);
  const line = names.map((name, index) =>
    manifestOf(name, index === 0 ? {} : { parent: manifestOf(`m${index - 1}`).modelRoot }),
  );
  const long = createChain({ models: line });
  const answer = ask(long, ran(long, `m${MAX_LINEAGE + 2}`));
  expect([answer.parents.length, answer.truncated]).toEqual([MAX_LINEAGE, true]);
  expect(provenanceText(answer)).toContain("and so on");
  const exact = createChain({ models: line });
  const whole = ask(exact, ran(exact, `m${MAX_LINEAGE}`));
  expect([whole.parents.length, whole.truncated]).toEqual([MAX_LINEAGE, false]);

  const circle = ["a", "b"].map((name, index, all) =>
    manifestOf(name, { parent: manifestOf(all[1 - index] ?? "").modelRoot }),
  );
  const round = createChain({ models: circle });
  expect(ask(round, ran(round, "a")).parents.map(({ name }) => name)).toEqual(["b"]);
});

test("what is not final has no output; a job that is not there is not found", () => {
  const chain = createChain();
  const [jobId] = chain.request() as [Uint8Array];
  expect(provenanceText(ask(chain, jobId))).toContain("no output: COMMITTING");
  expect(() => ask(chain, STRANGER)).toThrow(/job/);
});
