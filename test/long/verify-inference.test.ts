import { describe, expect, test } from "vitest";
import { CNN_DIGITS, fixtureModel, rowOf } from "../scenarios/models.ts";
import { type TestNetwork, useNetwork } from "../scenarios/network.ts";
import { sameStateEverywhere } from "../scenarios/one-bad-of-four.ts";
import { eventually } from "../scenarios/wait.ts";

/** A validator that joins late and runs the models of blocks that others have decided: `sync.verifyInference` `full`. */

const LATE = 3;
const OTHERS = [0, 1, 2];

const options = {
  late: [LATE],
  params: { "consensus.emptyBlockInterval": 250n },
  config: (config) => ({ ...config, sync: { ...config.sync, verifyInference: "full" as const } }),
} satisfies Omit<Parameters<typeof useNetwork>[0], "offset">;

/** A model that runs inline, and outputs of it in some blocks. @returns the height of the last one. */
async function decideSome(network: TestNetwork): Promise<number> {
  const client = await network.client(0);
  const model = fixtureModel(CNN_DIGITS);
  await network.admit(client, { ...model, manifest: { ...model.manifest, inline: true } });
  let last = 0;
  let inline = 0;
  for (let row = 0; row < 8; row++) {
    const { lane, finalHeight } = await client.infer(CNN_DIGITS.name, rowOf(CNN_DIGITS, row), { lane: "inline" });
    if (lane === "inline") inline++;
    last = finalHeight;
  }
  expect(inline).toBeGreaterThan(0);
  return last;
}

describe("whose engine is right", () => {
  const network = useNetwork({ ...options, offset: 10_600 });

  test("follows, and has the state of the others", async () => {
    const last = await decideSome(network);
    network.start(LATE);
    await network.waitForHeight(LATE, last + 2);
    await sameStateEverywhere(network, [...OTHERS, LATE]);
  });
});

describe("whose engine is wrong", () => {
  const network = useNetwork({ ...options, offset: 10_900, byzantine: { [LATE]: "lying-engine" } });

  test("stops before the first block with an output that it computes differently, and says which", async () => {
    const last = await decideSome(network);
    network.start(LATE);
    const line = await eventually("the reason", async () =>
      network
        .log(LATE)
        .split("\n")
        .find((text) => text.includes("this node does not get its inline outputs")),
    );
    expect(line).toMatch(/block \d+ is decided/);
    const stopped = Number(/block (\d+) is decided/.exec(line)?.[1]);
    expect(stopped).toBeLessThanOrEqual(last);
    const height = await network.height(LATE).catch(() => 0);
    expect(height).toBeLessThan(stopped);
    await sameStateEverywhere(network, OTHERS);
  });
});
