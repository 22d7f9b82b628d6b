import { describe, expect, test } from "vitest";
import { CNN_DIGITS, fixtureModel, rowOf } from "./models.ts";
import { useNetwork } from "./network.ts";
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
  WRONG_OUTPUT,
} from "./one-bad-of-four.ts";
import { chainQueries, evidenceAt, signersAt } from "./rpc.ts";
import { eventually } from "./wait.ts";

describe("a validator whose engine lies", () => {
  const network = useNetwork({ offset: 5200, params: PARAMS, byzantine: { [BAD]: "lying-engine" } });

  test("is outvoted, recorded as dissenting, and loses stake when the appeal window is over", async () => {
    const client = await network.client(0);
    await network.admit(client, fixtureModel(CNN_DIGITS, String(FEE)));
    expect(await stakes(network)).toEqual([STAKE, STAKE, STAKE, STAKE]);

    const result = await client.infer("cnn_digits", rowOf(CNN_DIGITS, 0));
    expect(result.status).toBe("FINAL");
    expect(result.outputs.map(({ data }) => hashOf(data))).toEqual(CANONICAL_ROW_0);
    const bad = network.validator(BAD);
    const signed = result.job.members.filter((_, index) => result.receipt?.signers.get(index));
    expect(signed.map(({ operator }) => operator).sort()).toEqual(
      HONEST.map((i) => network.validator(i).operator).sort(),
    );

    const dissent = await network.event(
      0,
      result.finalHeight,
      "the dissent",
      about("inference_dissent", bad.account, result.jobId),
    );
    const revealed = dissent.attributes.output_root;
    expect(revealed).toMatch(/^[0-9a-f]{64}$/);
    expect(revealed).not.toBe(result.outputRoot);

    const slash = await network.event(
      0,
      dissent.height,
      "the penalty",
      about("inference_slash", bad.account, result.jobId),
    );
    expect(slash.height).toBeGreaterThanOrEqual(dissent.height + 5);
    expect(slash.attributes.burnt).toBe(String(WRONG_OUTPUT));
    // It lied about the probe of the admission, too, and about the four inputs that were generated.
    expect(await stakes(network)).toEqual([STAKE, STAKE, STAKE, STAKE - 6n * WRONG_OUTPUT]);
    await sameStateEverywhere(network, [...HONEST, BAD]);
  });
});

describe("a validator that votes twice", () => {
  const network = useNetwork({ offset: 5200, params: PARAMS, byzantine: { [BAD]: "double-signer" } });

  test("is convicted by a block, slashed, jailed and barred for ever; the others go on", async () => {
    const bad = network.validator(BAD);
    let searched = 0;
    const convicted = await eventually("evidence in a block", async () => {
      for (const tip = await network.height(0); searched < tip; searched++) {
        const guilty = await evidenceAt(network.rpc(0), searched + 1);
        if (guilty.length > 0) return { height: searched + 1, guilty };
      }
      return undefined;
    });
    expect(new Set(convicted.guilty)).toEqual(new Set([bad.consensus]));

    await network.waitForHeight(0, convicted.height + 10);
    // slashing.slashFractionDoubleSign, 5 %.
    expect(await stakes(network)).toEqual([STAKE, STAKE, STAKE, STAKE - STAKE / 20n]);
    const queries = await chainQueries(network.rpc(0));
    expect((await queries.validator(bad.operator)).jailed).toBe(true);
    const barred = (await queries.signingInfos()).filter(({ tombstoned }) => tombstoned);
    expect(barred).toHaveLength(1);

    const { signed, absent } = await signersAt(network.rpc(0), convicted.height + 8);
    expect([...signed, ...absent].sort()).toEqual(HONEST.map((i) => network.validator(i).consensus).sort());
    for (const i of HONEST) await network.waitForHeight(i, convicted.height + 12);
    await sameStateEverywhere(network, HONEST);
  });
});
