import { describe, expect, test } from "vitest";
import { CNN_DIGITS, fixtureModel, rowOf } from "../scenarios/models.ts";
import { useNetwork } from "../scenarios/network.ts";
import { BAD, CANONICAL_ROW_0, HONEST, hashOf, PARAMS, sameStateEverywhere } from "../scenarios/one-bad-of-four.ts";

const REQUESTS = 16;

describe("a validator whose engine lies, in the inline lane", () => {
  const network = useNetwork({
    offset: 7300,
    params: { ...PARAMS, "inference.inlinePause": 1n },
    byzantine: { [BAD]: "lying-engine" },
  });

  test("gets no block with its outputs decided: its requests are attested, the others' are in their block, all are right", async () => {
    const client = await network.client(0);
    const model = fixtureModel(CNN_DIGITS);
    await network.admit(client, { ...model, manifest: { ...model.manifest, inline: true } });
    const lanes = { inline: 0, attested: 0 };
    for (let i = 0; i < REQUESTS; i++) {
      const { lane, outputs, status } = await client.infer("cnn_digits", rowOf(CNN_DIGITS, 0), { lane: "inline" });
      expect([status, ...outputs.map(({ data }) => hashOf(data))]).toEqual(["FINAL", ...CANONICAL_ROW_0]);
      lanes[lane]++;
    }
    // It proposes a quarter of the blocks. Alone it can't drive the model out.
    expect(lanes.inline).toBeGreaterThan(0);
    expect(lanes.attested).toBeGreaterThan(0);
    expect((await client.queries.model("cnn_digits")).inline).toBe(true);
    await sameStateEverywhere(network, [...HONEST, BAD]);
  });
});
