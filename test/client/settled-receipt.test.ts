import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NodeError } from "../../client/errors.ts";
import type { AbciQuerier } from "../../client/proofs.ts";
import {
  fetchSettlement,
  type Settlement,
  type SettlementVerdict,
  settlementState,
  verifySettledReceipt,
} from "../../client/settled-receipt.ts";
import { parseSettlement, settlementToJson } from "../../client/settlement-json.ts";
import { parseTrustedSet, verifyReceipt } from "../../client/verify-receipt.ts";
import { JOB_STATUS } from "../../modules/inference/store.ts";
import { BLS, bytes } from "./receipt-fixture.ts";
import { APPEAL_END, makeSettlement, receiptOf, SEATS, trustedSet, WINDOW } from "./settlement-fixture.ts";

const receipt = receiptOf();
const trusted = parseTrustedSet(trustedSet());
const settlement = await makeSettlement();
const SETTLED = { valid: true, state: { state: "settled", height: APPEAL_END + 1, appealEnd: APPEAL_END } };

const reasonOf = (verdict: SettlementVerdict): string => {
  if (!verdict.valid) return `invalid: ${verdict.reason}`;
  return verdict.state.state === "settled" ? "settled" : `attested: ${verdict.state.reason}`;
};
const stateOf = (made: Settlement): string => reasonOf(verifySettledReceipt(receipt, trusted, made));

test("a receipt whose appeal window is over is settled, also after a journey through JSON", () => {
  expect(verifySettledReceipt(receipt, trusted, settlement)).toEqual(SETTLED);
  const json = JSON.parse(JSON.stringify(settlementToJson(settlement))) as unknown;
  expect(verifySettledReceipt(receipt, trusted, parseSettlement(json))).toEqual(SETTLED);
});

describe("is only attested", () => {
  test("until the block after the end of the appeal window", async () => {
    const reason = `the appeal window ends with block ${APPEAL_END}, the proof is of block`;
    expect(stateOf(await makeSettlement({ height: APPEAL_END }))).toBe(`attested: ${reason} ${APPEAL_END}`);
    expect(stateOf(await makeSettlement({ height: APPEAL_END + 1, window: WINDOW + 1 }))).toContain("attested: ");
    expect(stateOf(await makeSettlement({ job: { settled: false } }))).toContain("attested: ");
  });
  test("where the job is not final yet, or not there", async () => {
    expect(stateOf(await makeSettlement({ job: { status: JOB_STATUS.revealing } }))).toMatch(/^attested: .* not final/);
    expect(stateOf(await makeSettlement({ job: null }))).toMatch(/^attested: .* does not hold the job/);
  });
});

describe("of a part of the set", () => {
  // Everyone but the last was asked, who has not signed.
  const seats = receipt.seats.clone();
  seats.set(receipt.seats.bitLen - 1, false);
  const part = { ...receipt, seats };
  const told = (made: Settlement): string => reasonOf(verifySettledReceipt(part, trusted, made));

  test("is only worth what the chain's record says", async () => {
    const verdict = verifyReceipt(part, trusted);
    expect(verdict).toMatchObject({ valid: false, reason: expect.stringContaining("Needed: the job's record") });
    expect(told(await makeSettlement({ job: { eligible: seats, drawn: seats } }))).toBe("settled");
    expect(told(await makeSettlement({ job: { eligible: receipt.seats, drawn: seats } }))).toBe("settled");
    expect(told(await makeSettlement({ job: { drawn: seats, widened: true } }))).toMatch(/asked other validators/);
    expect(told(settlement)).toBe("invalid: the chain asked other validators");
    expect(told(await makeSettlement({ job: null }))).toMatch(/^invalid: .* only it shows who was asked/);
  });

  test("and where the chain asked a part, a receipt of all is not its", async () => {
    expect(stateOf(await makeSettlement({ job: { drawn: seats } }))).toBe("invalid: the chain asked other validators");
  });
});

describe("is not valid", () => {
  test.each([
    ["another output", { outputRoot: bytes(32, 6) }, /became final with output 0606/],
    ["another committee", { committeeRoot: bytes(32, 6) }, /asked another committee/],
    ["a failed job", { status: JOB_STATUS.failed }, /the job failed on the chain/],
    ["a wrong output", { overturned: true }, /an appeal has found that this output is wrong/],
  ])("where the chain recorded %s", async (_, job, reason) => {
    expect(stateOf(await makeSettlement({ job }))).toMatch(reason);
  });

  test("for a receipt that is not, whatever the chain says", () => {
    const forged = { ...receipt, outputRoot: bytes(32, 6) };
    expect(reasonOf(verifySettledReceipt(forged, trusted, settlement))).toBe(
      "invalid: the signature is not the signers'",
    );
  });

  test("with parts of another block", async () => {
    const later = await makeSettlement({ height: APPEAL_END + 9, window: 5, job: { costUnits: 9 } });
    expect(stateOf({ ...settlement, job: later.job })).toMatch(/not proven: .* does not lead to the state root/);
    expect(stateOf({ ...settlement, job: { ...settlement.job, ops: [] } })).toMatch(/not proven/);
    const { header } = later.block;
    expect(stateOf({ ...settlement, block: { ...settlement.block, header } })).toMatch(/block 75: the commit is of/);
  });

  test("where the block is not certified by the trusted set", async () => {
    const few = await makeSettlement({ signers: [1, 3] });
    expect(stateOf(few)).toMatch(/does not vouch for block 67: 60 of 100 power/);
    const strangers = await makeSettlement({ seats: [...SEATS, [9, 10]], signers: [1, 2, 3, 4, 9] });
    expect(stateOf(strangers)).toMatch(/does not vouch for block 67: 1 signers are not in the set/);
    const { commit } = settlement.block;
    const wrong = { ...settlement.block, commit: { ...commit, signature: few.block.commit.signature } };
    expect(stateOf({ ...settlement, block: wrong })).toMatch(/block 67: the aggregate signature is wrong/);
  });

  test("but a set that has changed little vouches too", async () => {
    const grown = await makeSettlement({ seats: [...SEATS, [9, 10]], signers: [1, 2, 3] });
    expect(stateOf(grown)).toBe("settled");
  });

  test("with any changed bit of record, proof or block", () => {
    const { job, block } = settlement;
    const json = settlementToJson(settlement);
    const parts = [json.block, json.job.value, json.job.ops[0]?.data ?? ""].map((text) => Buffer.from(text, "base64"));
    fc.assert(
      fc.property(fc.nat(2), fc.nat(), fc.nat(7), (part, position, bit) => {
        const changed = parts.map((of, index) => {
          const copy = Buffer.from(of);
          const at = position % copy.length;
          if (index === part) copy[at] = (copy[at] ?? 0) ^ (1 << bit);
          return copy.toString("base64");
        });
        const [blockText = "", value = "", data = ""] = changed;
        const ops = json.job.ops.map((op) => ({ ...op, data }));
        let state: string;
        try {
          const read = parseSettlement({ ...json, block: blockText, job: { value, ops } });
          state = reasonOf(verifySettledReceipt(receipt, trusted, read, BLS));
        } catch (error) {
          state = `unreadable: ${(error as Error).message}`;
        }
        expect(state).toMatch(/^(invalid|unreadable): /);
      }),
      { numRuns: 60 },
    );
    // What the property would miss if it looked at the state alone.
    expect(reasonOf(settlementState(receipt, block.header, { job }))).toBe("settled");
  });
});

describe("JSON that is no settlement is named", () => {
  const json = settlementToJson(settlement);
  test.each<[string, unknown, string]>([
    ["nothing", null, "a settlement is no JSON object"],
    ["no block", { ...json, block: 5 }, "settlement block must be base64 of up to"],
    ["another block", { ...json, block: "AAAA" }, "settlement block is no light block"],
    ["no base64", { ...json, block: "!" }, "settlement block is no base64"],
    ["no job", { ...json, job: [] }, "settlement job is no JSON object"],
    ["long record", { ...json, job: { ...json.job, value: "A".repeat(9999) } }, "settlement job.value must be base64"],
    ["steps", { ...json, job: { ...json.job, ops: [1, 2, 3] } }, "settlement job.ops must be a list of up to 2"],
    ["a step", { ...json, job: { ...json.job, ops: [{ type: 1 }] } }, "settlement job.ops[0].type must be"],
  ])("%s", (_, value, reason) => expect(() => parseSettlement(value)).toThrow(reason));
});

describe("asked of a node", () => {
  const { block, job } = settlement;
  type Answer = Partial<Awaited<ReturnType<AbciQuerier["abciQuery"]>>>;
  function node(change: { state?: Answer }): AbciQuerier {
    return {
      async abciQuery({ path, height }) {
        expect(path).toBe("/store/key");
        return { code: 0, value: job.value, height, proof: { ops: job.ops }, ...change.state };
      },
    };
  }

  test("the settlement comes checked", async () => {
    const found = await fetchSettlement(node({}), block, receipt);
    expect(found.state).toEqual(SETTLED.state);
    expect(stateOf(found.settlement)).toBe("settled");
  });

  test.each<[string, Parameters<typeof node>[0], string]>([
    ["no state", { state: { code: 18, log: "pruned" } }, "the node does not answer: pruned"],
    ["another height", { state: { height: 3 } }, "the node answers with the state of height 3, asked for 67"],
    ["no proof", { state: { proof: { ops: [] } } }, "the job's record is not proven: the proof is not of this key"],
  ])("%s is refused", async (_, change, message) => {
    await expect(fetchSettlement(node(change), block, receipt)).rejects.toThrow(new NodeError(message));
  });
});
