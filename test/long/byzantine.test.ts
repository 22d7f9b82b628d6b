import { describe, expect, test } from "vitest";
import { encodeAddress } from "../../chain/crypto/bech32.ts";
import { CNN_DIGITS, fixtureModel } from "../scenarios/models.ts";
import { useNetwork } from "../scenarios/network.ts";
import {
  about,
  BAD,
  HONEST,
  PARAMS,
  STAKE,
  sameStateEverywhere,
  stakes,
  WRONG_OUTPUT,
} from "../scenarios/one-bad-of-four.ts";
import { chainQueries } from "../scenarios/rpc.ts";
import { eventually } from "../scenarios/wait.ts";

describe("a validator that votes against its own precommit", () => {
  const network = useNetwork({ offset: 5200, params: PARAMS, byzantine: { [BAD]: "amnesiac" } });

  test("is challenged, has no polka to show, and is slashed, jailed and barred for ever; the others go on", async () => {
    const bad = network.validator(BAD);
    const address = encodeAddress("assayvalcons", Buffer.from(bad.consensus, "hex"));
    const challenged = await network.event(0, 1, "the challenge", ({ type }) => type === "amnesia_challenge");
    expect(challenged.attributes.address).toBe(address);
    const slash = await network.event(0, challenged.height, "the penalty", ({ type }) => type === "slash");
    expect(slash.attributes).toMatchObject({ address, reason: "amnesia" });
    // slashing.amnesiaWindow of a local network is 8 blocks.
    expect(slash.height).toBe(challenged.height + 9);
    // slashing.slashFractionAmnesia, 5 %.
    expect(await stakes(network)).toEqual([STAKE, STAKE, STAKE, STAKE - STAKE / 20n]);
    const queries = await chainQueries(network.rpc(0));
    expect((await queries.signingInfos()).filter(({ tombstoned }) => tombstoned)).toHaveLength(1);
    for (const i of HONEST) await network.waitForHeight(i, slash.height + 5);
    await sameStateEverywhere(network, HONEST);
  });
});

describe("a validator that attests two outputs of one job", () => {
  const network = useNetwork({ offset: 5200, params: PARAMS, byzantine: { [BAD]: "double-attester" } });

  test("is found out by those who hear both, slashed, jailed and barred for ever", async () => {
    const client = await network.client(0);
    // The probe of the admission is its first job.
    await network.admit(client, fixtureModel(CNN_DIGITS));
    const { account, operator } = network.validator(BAD);
    const proven = await network.event(0, 1, "the proof", ({ type }) => type === "inference_equivocation");
    expect(proven.attributes.operator).toBe(account);
    expect(await stakes(network)).toEqual([STAKE, STAKE, STAKE, STAKE - STAKE / 20n]);
    const queries = await chainQueries(network.rpc(0));
    expect((await queries.validator(operator)).jailed).toBe(true);
    expect((await queries.signingInfos()).filter(({ tombstoned }) => tombstoned)).toHaveLength(1);
    // Whoever heard both first; the others may have it from the block.
    const heard = "a validator has attested two outputs of one job";
    expect([...HONEST, BAD].some((i) => network.log(i).includes(heard))).toBe(true);
    for (const i of HONEST) await network.waitForHeight(i, proven.height + 5);
    await sameStateEverywhere(network, HONEST);
  });
});

describe("a validator that commits and does not reveal", () => {
  const network = useNetwork({ offset: 5200, params: PARAMS, byzantine: { [BAD]: "withholder" } });

  test("is treated as one that dissents: no free look at what the others say", async () => {
    const client = await network.client(0);
    await network.admit(client, fixtureModel(CNN_DIGITS));
    const { account } = network.validator(BAD);
    const dissent = await network.event(0, 1, "the dissent", ({ type }) => type === "inference_dissent");
    expect(dissent.attributes).toMatchObject({ operator: account, output_root: "" });
    const jobId = dissent.attributes.job_id ?? "";
    await network.event(0, dissent.height, "the penalty", about("inference_slash", account, jobId));
    // For the probe of the admission, and for the four inputs that were generated.
    await eventually("all penalties", async () => {
      const [stake] = (await stakes(network)).slice(BAD);
      return stake === STAKE - 5n * WRONG_OUTPUT ? true : undefined;
    });
    expect((await stakes(network)).slice(0, BAD)).toEqual(HONEST.map(() => STAKE));
    await sameStateEverywhere(network, [...HONEST, BAD]);
  });
});

describe("a validator that dies when it is about to reveal", () => {
  const network = useNetwork({
    offset: 5200,
    // Long enough for a restart, and a penalty for not revealing soon after.
    params: { ...PARAMS, "inference.revealWindow": 40n },
    byzantine: { [BAD]: "dies-revealing" },
  });

  test("reveals after its restart, and nothing is held against it", async () => {
    const client = await network.client(0);
    const { operator, account } = network.validator(BAD);
    // The probe of the admission is its first job. The others make the model active without it.
    await network.admit(client, fixtureModel(CNN_DIGITS));
    expect(await network.end(BAD)).toBe("SIGKILL");
    network.start(BAD, "honest");

    const probe = (await network.event(0, 1, "the probe", ({ type }) => type === "inference_final")).attributes;
    const jobId = probe.job_id ?? "";
    await eventually("its reveal", async () => {
      const { members } = await client.queries.job(jobId);
      return members.find((member) => member.operator === operator)?.revealed === true ? true : undefined;
    });
    const { revealEnd } = await client.queries.job(jobId);
    await network.waitForHeight(0, Number(revealEnd) + 6);
    expect(await stakes(network)).toEqual([STAKE, STAKE, STAKE, STAKE]);
    const dissents = await network.events(0, 1, Number(revealEnd), about("inference_dissent", account, jobId));
    expect(dissents).toEqual([]);
    await sameStateEverywhere(network, [...HONEST, BAD]);
  });
});
