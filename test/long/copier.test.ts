import { describe, expect, test } from "vitest";
import { CNN_DIGITS, fixtureModel, rowOf } from "../scenarios/models.ts";
import { useNetwork } from "../scenarios/network.ts";
import {
  about,
  BAD,
  CANONICAL_ROW_0,
  FEE,
  HONEST,
  hashOf,
  PARAMS,
  STAKE,
  sameStateEverywhere,
  stakes,
} from "../scenarios/one-bad-of-four.ts";
import { chainQueries } from "../scenarios/rpc.ts";
import { eventually } from "../scenarios/wait.ts";

describe("a validator that copies instead of running the model", () => {
  const network = useNetwork({ offset: 11_200, params: PARAMS, byzantine: { [BAD]: "copier" } });

  /** What a validator earned in the block that made a job final. No transaction's fees are shared out in it. */
  async function gain(i: number, height: number): Promise<bigint> {
    const queries = await chainQueries(network.rpc(0));
    const { operator } = network.validator(i);
    const earned = (await queries.earnedAt(operator, height)) - (await queries.earnedAt(operator, height - 1));
    return earned / 10n ** 18n;
  }

  test.each(["another's commitment", "random bytes"])("gains nothing by %s and a copied reveal", async (committed) => {
    const client = await network.client(0);
    // Its first job, for which it commits to random bytes, is the probe of the admission.
    if (committed === "another's commitment") await network.admit(client, fixtureModel(CNN_DIGITS, String(FEE)));
    const bad = network.validator(BAD);
    const result = await client.infer("cnn_digits", rowOf(CNN_DIGITS, 0));
    expect(result.status).toBe("FINAL");
    expect(result.outputs.map(({ data }) => hashOf(data))).toEqual(CANONICAL_ROW_0);
    const signed = result.job.members.filter((_, index) => result.receipt?.signers.get(index));
    expect(signed.map(({ operator }) => operator)).not.toContain(bad.operator);
    expect(signed).toHaveLength(3);

    // Two per cent are the community's, five go to proposers, which it may be; a quarter of the rest would be its share as an attester.
    const share = (FEE * 93n) / 100n / 4n;
    for (const i of HONEST) expect(await gain(i, result.finalHeight)).toBeGreaterThanOrEqual(share);
    expect(await gain(BAD, result.finalHeight)).toBeLessThan(share / 4n);

    const dissent = await network.event(
      0,
      result.finalHeight,
      "the dissent",
      about("inference_dissent", bad.account, result.jobId),
    );
    expect(dissent.attributes.output_root).toBe("");
    // Its own node may hear of the block that it copies from later than ours did.
    const copied = `published a copied reveal of job ${result.jobId}`;
    await eventually("the copied reveal", async () => (network.log(BAD).includes(copied) ? true : undefined));
    const slash = await network.event(
      0,
      dissent.height,
      "the penalty",
      about("inference_slash", bad.account, result.jobId),
    );
    expect(BigInt(slash.attributes.burnt ?? 0)).toBeGreaterThan(0n);
    const [, , , left] = await stakes(network);
    expect(left).toBeLessThan(STAKE);
    await sameStateEverywhere(network, [...HONEST, BAD]);
  });
});
