import { expect, test } from "vitest";
import { CNN_DIGITS, fixtureModel, rowOf } from "../scenarios/models.ts";
import { useNetwork } from "../scenarios/network.ts";
import { BAD, HONEST, PARAMS, STAKE, sameStateEverywhere, stakes } from "../scenarios/one-bad-of-four.ts";

/** Jobs that the chain opens by itself, on a network of processes with real engines. */

const network = useNetwork({
  offset: 7300,
  params: { ...PARAMS, "inference.auditInterval": 6n, "inference.auditMinSample": 3n },
  byzantine: { [BAD]: "no-engine" },
});

test("those who run models answer on inputs of the beacon; who does not loses its seat, and its tier the inline lane", async () => {
  const client = await network.client(0);
  const model = fixtureModel(CNN_DIGITS);
  await network.admit(client, { ...model, manifest: { ...model.manifest, inline: true } });
  const opened = await network.event(0, 1, "an audit", ({ type }) => type === "inference_audit_opened");
  const jobId = opened.attributes.job_id ?? "";
  const about =
    (event: string) =>
    ({ type, attributes }: typeof opened) =>
      type === event && attributes.job_id === jobId;
  const final = await network.event(0, opened.height, "its output", about("inference_final"));
  expect(final.attributes).toMatchObject({
    exec_error: "false",
    attested_power: "3000000",
    committee_power: "4000000",
  });
  expect(await client.queries.job(jobId)).toMatchObject({ kind: "audit", baseFee: "0", committeeSize: 4 });

  const suspended = await network.event(
    0,
    opened.height,
    "the suspension",
    ({ type }) => type === "inference_suspended",
  );
  expect(suspended.attributes).toMatchObject({ operator: network.validator(BAD).account, tier: "0", cause: "audits" });
  // Three quarters of the power are no nine tenths.
  const { lane, status } = await client.infer("cnn_digits", rowOf(CNN_DIGITS, 0), { lane: "inline" });
  expect([lane, status]).toEqual(["attested", "FINAL"]);
  expect(await stakes(network)).toEqual([STAKE, STAKE, STAKE, STAKE]);
  await sameStateEverywhere(network, [...HONEST, BAD]);
});
