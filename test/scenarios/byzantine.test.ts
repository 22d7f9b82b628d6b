import { describe, expect, test } from "vitest";
import { encodeAddress } from "../../chain/crypto/bech32.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { CNN_DIGITS, fixtureModel, rowOf } from "./models.ts";
import { type TestNetwork, useNetwork } from "./network.ts";
import { type ChainEvent, chainQueries, evidenceAt, signersAt } from "./rpc.ts";
import { eventually } from "./wait.ts";

const HONEST = [0, 1, 2];
const BAD = 3;
const FEE = 100_000n;
/** SHA-256 of the bytes that the canonical engine gives for row 0 of cnn_digits: of the logits, then of the probabilities. */
const CANONICAL_ROW_0 = [
  "9606a550c0aa77e85cf81b08c02b7139c63599f34496c8e75c400dd6fa3b3a77",
  "d92b65c27be1a56d83f54d3a8588f9a4a308fc167c91f16a1039f7bfb25057fe",
];
const STAKE = 1_000_000_000_000n;
/** What one wrong or withheld attestation costs of it: inference.slashFractionWrongOutput, 5 %. */
const WRONG_OUTPUT = STAKE / 20n;

/** Short windows, so that what takes weeks elsewhere is seen within seconds. */
const PARAMS = {
  "consensus.emptyBlockInterval": 250n,
  "inference.commitWindow": 8n,
  "inference.revealWindow": 8n,
  "inference.appealWindow": 5n,
};

const hashOf = (bytes: Uint8Array): string => Buffer.from(sha256(bytes)).toString("hex");

async function stakes(network: TestNetwork): Promise<bigint[]> {
  const queries = await chainQueries(network.rpc(0));
  const validators = [...HONEST, BAD].map((i) => queries.validator(network.validator(i).operator));
  return (await Promise.all(validators)).map(({ tokens }) => BigInt(tokens));
}

async function sameStateEverywhere(network: TestNetwork, nodes: readonly number[]): Promise<void> {
  const to = Math.min(...(await Promise.all(nodes.map((i) => network.height(i)))));
  const [first, ...others] = await Promise.all(nodes.map((i) => network.roots(i, 1, to)));
  for (const other of others) expect(other).toEqual(first);
}

const about = (type: string, operator: string, jobId: string) => (event: ChainEvent) =>
  event.type === type && event.attributes.job_id === jobId && event.attributes.operator === operator;

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
    // It lied about the probe of the admission, too.
    expect(await stakes(network)).toEqual([STAKE, STAKE, STAKE, STAKE - 2n * WRONG_OUTPUT]);
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
    expect(HONEST.some((i) => network.log(i).includes("a validator has attested two outputs of one job"))).toBe(true);
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
    expect(await stakes(network)).toEqual([STAKE, STAKE, STAKE, STAKE - WRONG_OUTPUT]);
    await sameStateEverywhere(network, [...HONEST, BAD]);
  });
});

describe("a validator that copies instead of running the model", () => {
  const network = useNetwork({ offset: 5200, params: PARAMS, byzantine: { [BAD]: "copier" } });

  /** What the block that made a job final changed in a validator's balance. No transaction's fees are shared out in it. */
  async function gain(i: number, height: number): Promise<bigint> {
    const queries = await chainQueries(network.rpc(0));
    const { account } = network.validator(i);
    const { denom } = network.local;
    return (await queries.balanceAt(account, denom, height)) - (await queries.balanceAt(account, denom, height - 1));
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

    // Five per cent goes to proposers, which it may be; a quarter of the rest would be its share as an attester.
    const share = (FEE * 95n) / 100n / 4n;
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
