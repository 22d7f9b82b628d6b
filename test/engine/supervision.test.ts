import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createEngine, type RunRequest } from "../../node/engine/engine.ts";
import { type FakeProcess, fakeProcesses } from "./fake-processes.ts";

const { start, processes } = fakeProcesses();
const last = (): FakeProcess => {
  const process = processes.at(-1);
  if (process === undefined) throw new Error("no process");
  return process;
};
const y = { dtype: 1, shape: [1] };
const data = new Uint8Array(4);

function request(id: number, change: Partial<RunRequest> = {}): RunRequest {
  return {
    modelRoot: new Uint8Array(32).fill(id),
    modelBytes: async () => new Uint8Array(10),
    spec: { inputs: [], outputs: [{ name: "y", ...y }] },
    inputs: [],
    timeoutMs: 1000,
    priority: "high",
    ...change,
  };
}

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  processes.length = 0;
});
afterEach(() => vi.useRealTimers());

test("a request waits for the start, loads its model, then runs; the next one only runs", async () => {
  const engine = createEngine({ processes: 1, start });
  const result = engine.run(request(1));
  await settle();
  expect(last().commands).toEqual([]);
  last().onReply({ kind: "ready" }, []);
  await settle();
  expect(last().commands.map(({ kind }) => kind)).toEqual(["load"]);
  last().onReply({ kind: "loaded" }, []);
  await settle();
  last().onReply({ kind: "outputs", outputs: [y] }, [data]);
  expect(await result).toEqual({ kind: "ok", outputs: [{ ...y, data }] });
  void engine.run(request(1));
  await settle();
  expect(last().commands.map(({ kind }) => kind)).toEqual(["load", "run", "run"]);
});

test("an unfit engine answers absent with the reason and is not started again", async () => {
  const engine = createEngine({ processes: 1, start });
  const waiting = engine.run(request(1));
  last().onReply({ kind: "unfit", reason: "the wasm file has another hash" }, []);
  last().onEnd("ended with code 1");
  const absent = { kind: "absent", reason: "the wasm file has another hash" };
  expect(await waiting).toEqual(absent);
  expect(await engine.run(request(2))).toEqual(absent);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(processes).toHaveLength(1);
  expect(engine.status()).toMatchObject({ state: "unfit", starts: 1 });
});

test("a process that can not start is tried again with doubling delays", async () => {
  const engine = createEngine({ processes: 1, start, restartDelayMs: 100 });
  const waiting = engine.run(request(1));
  last().onEnd("could not be run: no such file");
  expect(await waiting).toEqual({ kind: "absent", reason: "engine process could not be run: no such file" });
  expect(await engine.run(request(1))).toMatchObject({ kind: "absent" });
  for (const delay of [100, 200, 400, 800]) {
    const before = processes.length;
    await vi.advanceTimersByTimeAsync(delay - 1);
    expect(processes).toHaveLength(before);
    await vi.advanceTimersByTimeAsync(1);
    expect(processes).toHaveLength(before + 1);
    last().onEnd("ended with code 1");
  }
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(engine.status().state).toBe("starting");
});

test("after a crash those who wait are served by the next process", async () => {
  const engine = createEngine({ processes: 1, start });
  last().onReply({ kind: "ready" }, []);
  const crashing = engine.run(request(1));
  const waiting = engine.run(request(2));
  await settle();
  last().onEnd("ended by SIGSEGV");
  expect(await crashing).toEqual({ kind: "absent", reason: "engine process ended by SIGSEGV" });
  await vi.advanceTimersByTimeAsync(100);
  last().onReply({ kind: "ready" }, []);
  await settle();
  expect(last().commands).toMatchObject([{ kind: "load", model: "02".repeat(32) }]);
  last().onReply({ kind: "failed", failure: "model", reason: "bad graph" }, []);
  expect(await waiting).toEqual({ kind: "execError", message: "bad graph" });
});

test("memory that ran out beside other models is given one more chance, alone", async () => {
  const engine = createEngine({ processes: 1, start });
  last().onReply({ kind: "ready" }, []);
  const first = engine.run(request(1));
  await settle();
  last().onReply({ kind: "failed", failure: "model", reason: "-" }, []);
  await first;
  const result = engine.run(request(2));
  await settle();
  last().onReply({ kind: "failed", failure: "memory", reason: "bad_alloc" }, []);
  await settle();
  expect(processes).toHaveLength(2);
  last().onReply({ kind: "ready" }, []);
  await settle();
  last().onReply({ kind: "failed", failure: "memory", reason: "bad_alloc" }, []);
  expect(await result).toEqual({ kind: "absent", reason: "memory: bad_alloc" });
});

test("speculation makes way three times, then it is given up", async () => {
  const engine = createEngine({ processes: 1, start, graceMs: 50 });
  last().onReply({ kind: "ready" }, []);
  const speculative = engine.run(request(1, { priority: "low", timeoutMs: 60_000 }));
  for (let i = 0; i < 3; i++) {
    await settle();
    const urgent = engine.run(request(2));
    await vi.advanceTimersByTimeAsync(50);
    last().onReply({ kind: "ready" }, []);
    await settle();
    expect(last().commands).toMatchObject([{ kind: "load", model: "02".repeat(32) }]);
    last().onReply({ kind: "failed", failure: "model", reason: "-" }, []);
    await urgent;
  }
  expect(await speculative).toMatchObject({ kind: "absent", reason: expect.stringContaining("interrupted 3 times") });
});

test("a start that takes too long is cut off", async () => {
  createEngine({ processes: 1, start, startTimeoutMs: 500 });
  await vi.advanceTimersByTimeAsync(500);
  expect(last().killed).toBe("not ready within 500 ms");
});

test("a full queue answers absent", async () => {
  const engine = createEngine({ processes: 1, start, maxQueue: 1 });
  const displaced = engine.run(request(1, { priority: "low" }));
  void engine.run(request(2));
  expect(await displaced).toEqual({ kind: "absent", reason: "displaced by an urgent request" });
  expect(await engine.run(request(3))).toEqual({ kind: "absent", reason: "1 requests wait already" });
});

test("a reply of the wrong kind is an absence", async () => {
  const engine = createEngine({ processes: 1, start });
  last().onReply({ kind: "ready" }, []);
  const result = engine.run(request(1));
  await settle();
  last().onReply({ kind: "loaded" }, []);
  await settle();
  last().onReply({ kind: "inspected", outputs: [] }, []);
  expect(await result).toMatchObject({ kind: "absent", reason: expect.stringContaining("inspected") });
});
