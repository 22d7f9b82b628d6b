import { describe, expect, onTestFinished, test } from "vitest";
import { PREVOTE } from "../../chain/types/vote.ts";
import { FAILPOINTS } from "../../node/failpoints.ts";
import { crashNode } from "./crash-node.ts";
import { CRASH_CASES, CRASH_PARAMS, SHORT, withSnapshots } from "./crash-points.ts";
import { useNetwork } from "./network.ts";
import { signedRecord, startWitness } from "./witness.ts";

const CRASHING = 3;

test("every point is tested", () => {
  expect(CRASH_CASES.map(({ point }) => point).sort()).toEqual(Object.keys(FAILPOINTS).sort());
});

test("planted fault: the witness sees two votes and two proposals for one place", () => {
  const record = signedRecord();
  const vote = { type: PREVOTE, height: 5, round: 1, validatorIndex: 2, signature: new Uint8Array(96) };
  record.addVote({ ...vote, blockId: new Uint8Array(32) });
  record.addVote({ ...vote, blockId: new Uint8Array(32) });
  expect(record.contradictions()).toEqual([]);
  record.addVote({ ...vote, blockId: new Uint8Array(32).fill(1) });
  expect(record.contradictions()).toEqual([expect.stringMatching(/^vote of type 1 at 5\/1 of 2: 00.*, 01/)]);
  expect(record.lastVote(2)).toBe(5);
});

describe("a validator killed where it makes something durable", () => {
  const network = useNetwork({
    offset: 4700,
    late: [CRASHING],
    params: CRASH_PARAMS,
    config: withSnapshots,
  });

  test("comes back each time, loses no block and never contradicts itself", async () => {
    const witness = await startWitness(network.local, new Uint8Array(32).fill(77));
    onTestFinished(() => witness.stop());
    const crash = await crashNode(network, CRASHING, witness);
    for (const one of CRASH_CASES.filter(({ point }) => SHORT.includes(point))) await crash.at(one);
    await crash.recover();
  });
});
