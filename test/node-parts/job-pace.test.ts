import { expect, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { writeParams } from "../../chain/executor/chain-state.ts";
import type { Event } from "../../chain/module.ts";
import { parameterRows } from "../../chain/params.ts";
import { MODEL_CLASS } from "../../modules/inference/classes.ts";
import { inferenceParams } from "../../modules/inference/params.ts";
import { JobRecord, jobs, openJobs } from "../../modules/inference/store.ts";
import { createJobPace } from "../../node/job-pace.ts";
import { createOverlay } from "../../state/overlay.ts";

const JOB = new Uint8Array(32).fill(1);
const PARAMS = new Map([...parameterRows([inferenceParams])].map(([name, row]) => [name, row.default]));

function stateWith(open: number, deadline = 6, modelClass: number = MODEL_CLASS.canonical) {
  const state = createOverlay({ get: () => undefined, iterate: () => [] });
  writeParams(state, PARAMS);
  openJobs.set(state, open);
  jobs.set(state, JOB, { ...JobRecord.defaultValue(), deadline, class: modelClass });
  return state;
}
const events = (type: string, count: number): Event[] =>
  Array.from({ length: count }, () => ({ type, attributes: [["job_id", toHex(JOB)]] }));

test("as many jobs are let in as can be under way, and more as they become final", () => {
  const pace = createJobPace(stateWith(0));
  expect(pace.room).toBe(32);
  pace.committed(events("inference_requested", 32), stateWith(32));
  expect(pace.room).toBe(0);
  pace.committed(events("inference_final", 32), stateWith(32));
  expect(pace.room).toBe(64);
  pace.committed([...events("inference_requested", 72)], stateWith(72));
  expect(pace.room).toBe(0);
});

test("twice as many in the time of a job until one fails, from half of that on one more each", () => {
  const pace = createJobPace(stateWith(0));
  const round = (count: number) => {
    pace.committed(events("inference_requested", count), stateWith(count));
    pace.committed(events("inference_final", count), stateWith(0));
  };
  round(32);
  round(64);
  expect(pace.room).toBe(128);
  pace.committed(events("inference_requested", 2), stateWith(2));
  pace.committed(events("inference_failed", 2), stateWith(0));
  expect(pace.room).toBe(64);
  round(64);
  expect(pace.room).toBe(65);
});

test("a few jobs now and then do not open the door for a thousand", () => {
  const pace = createJobPace(stateWith(0));
  for (let i = 0; i < 200; i++) {
    pace.committed(events("inference_requested", 8), stateWith(8));
    pace.committed(events("inference_final", 8), stateWith(0));
  }
  expect(pace.room).toBe(32);
});

test("half as many after failures, once for those that were under way together, and never none", () => {
  const pace = createJobPace(stateWith(0));
  const fail = (deadline?: number) => {
    pace.committed(events("inference_requested", 4), stateWith(4, deadline));
    pace.committed(events("inference_failed", 4), stateWith(0, deadline));
  };
  fail(5);
  expect(pace.room).toBe(32); // They had asked for the impossible.
  fail();
  expect(pace.room).toBe(16);
  fail();
  expect(pace.room).toBe(16);
  for (let i = 0; i < 20; i++) fail();
  expect(pace.room).toBe(16);
});

test("a job of the class tolerance that fails says nothing about how busy committees are: one member can have it fail", () => {
  const pace = createJobPace(stateWith(0));
  pace.committed(events("inference_requested", 4), stateWith(4, 60, MODEL_CLASS.tolerance));
  pace.committed(events("inference_failed", 4), stateWith(0, 60, MODEL_CLASS.tolerance));
  expect(pace.room).toBe(32);
});

test("what was open at the start does not stand in the way for ever", () => {
  const pace = createJobPace(stateWith(100));
  expect(pace.room).toBe(0);
  pace.committed([], stateWith(3));
  expect(pace.room).toBe(29);
});
