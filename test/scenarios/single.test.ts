import { expect, test } from "vitest";
import { CNN_DIGITS, fixtureModel, register, rowOf } from "./models.ts";
import { useNetwork } from "./network.ts";

/** The smallest network there is: its one validator proposes every block and is its own quorum. */
const network = useNetwork({
  offset: 5500,
  validators: 1,
  // Room for an engine that is only just starting.
  params: { "consensus.emptyBlockInterval": 250n, "inference.commitWindow": 20n },
});

test("one validator makes blocks, and runs models", async () => {
  await network.waitForHeight(0, 5);
  const client = await network.client(0);
  await network.admit(client, fixtureModel(CNN_DIGITS));
  const { status, receipt } = await client.infer("cnn_digits", rowOf(CNN_DIGITS, 0));
  expect(status).toBe("FINAL");
  expect(receipt?.signers.toBoolArray()).toEqual([true]);
});

test.each(["SIGINT", "SIGKILL"] as const)("after %s it goes on where it was", async (signal) => {
  const height = await network.height(0);
  const known = await network.roots(0, 1, height);
  expect(await network.kill(0, signal)).toBe(signal === "SIGINT" ? 0 : signal);
  network.start(0);
  await network.waitForHeight(0, height + 3);
  expect(await network.roots(0, 1, height)).toEqual(known);
  const client = await network.client(1);
  expect((await client.infer("cnn_digits", rowOf(CNN_DIGITS, signal === "SIGINT" ? 1 : 2))).status).toBe("FINAL");
});

test("a model's file that is not what its manifest declares is refused where it is handed in", async () => {
  const client = await network.client(2);
  const { bytes, manifest, root } = fixtureModel({ ...CNN_DIGITS, name: "mlp_digits" });
  const misdeclared = { bytes, root, manifest: { ...manifest, name: "misdeclared", opset: 19 } };
  await expect(register(client, network.rpc(0), misdeclared)).rejects.toThrow(
    "the model's file imports operator set 20, its manifest declares 19",
  );
});
