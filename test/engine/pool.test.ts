import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createEngine, type Engine, type EngineOptions, type RunRequest } from "../../node/engine/engine.ts";
import { type FakeProcess, fakeProcesses } from "./fake-processes.ts";

const { start, processes } = fakeProcesses();
const y = { dtype: 1, shape: [1] };
const data = new Uint8Array(4);

function at(index: number): FakeProcess {
  const process = processes[index];
  if (process === undefined) throw new Error(`no process ${index}`);
  return process;
}

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
const load = (id: number): object => ({ kind: "load", model: `0${id}`.repeat(32), unload: [] });
const ok = { kind: "ok", outputs: [{ ...y, data }] };

/** An engine of two processes, both ready. */
function pair(options: EngineOptions = {}): Engine {
  const engine = createEngine({ processes: 2, start, ...options });
  for (const process of processes) process.onReply({ kind: "ready" }, []);
  return engine;
}

/** Answers a load and the run that follows. */
async function serve(process: FakeProcess): Promise<void> {
  await settle();
  if (process.commands.at(-1)?.kind === "load") process.onReply({ kind: "loaded" }, []);
  await settle();
  process.onReply({ kind: "outputs", outputs: [y] }, [data]);
  await settle();
}

beforeEach(() => {
  vi.useFakeTimers();
  processes.length = 0;
});
afterEach(() => vi.useRealTimers());

test("two requests run at once, a third waits", async () => {
  const engine = pair();
  const results = [engine.run(request(1)), engine.run(request(2)), engine.run(request(3))];
  await settle();
  expect(at(0).commands).toEqual([load(1)]);
  expect(at(1).commands).toEqual([load(2)]);
  expect(engine.status()).toMatchObject({ state: "ready", busy: true, queued: 1, starts: 2 });
  await serve(at(1));
  await serve(at(1));
  await serve(at(0));
  for (const result of results) expect(await result).toEqual(ok);
});

test("a model goes to the process that holds it, a new one to the process that holds least", async () => {
  const engine = pair();
  void engine.run(request(1));
  void engine.run(request(2));
  await serve(at(0));
  await serve(at(1));
  void engine.run(request(2));
  await serve(at(1));
  void engine.run(request(1));
  await serve(at(0));
  expect(processes.map(({ commands }) => commands.map(({ kind }) => kind))).toEqual([
    ["load", "run", "run"],
    ["load", "run", "run"],
  ]);
  void engine.run(request(3, { modelBytes: async () => new Uint8Array(20) }));
  await serve(at(0));
  void engine.run(request(4));
  await settle();
  expect(at(1).commands.at(-1)).toEqual(load(4));
});

test("the end of one process leaves the other working, and makes one request absent", async () => {
  const engine = pair();
  const [crashing, working] = [engine.run(request(1)), engine.run(request(2))];
  const waiting = engine.run(request(3));
  await settle();
  at(0).onEnd("ended by SIGSEGV");
  expect(await crashing).toEqual({ kind: "absent", reason: "engine process ended by SIGSEGV" });
  expect(engine.status()).toMatchObject({ state: "ready", reason: "engine process ended by SIGSEGV" });
  await serve(at(1));
  expect(await working).toEqual(ok);
  await serve(at(1));
  expect(await waiting).toEqual(ok);
  await vi.advanceTimersByTimeAsync(100);
  expect(processes).toHaveLength(3);
});

test("requests wait while one process may still start, and are answered when none does", async () => {
  const engine = createEngine({ processes: 2, start });
  const waiting = engine.run(request(1));
  at(0).onEnd("could not be run: no such file");
  await settle();
  expect(engine.status()).toMatchObject({ state: "starting", queued: 1 });
  at(1).onEnd("could not be run: no such file");
  expect(await waiting).toEqual({ kind: "absent", reason: "engine process could not be run: no such file" });
});

test("an urgent request takes an idle process, and only then the place of speculation", async () => {
  const engine = pair({ graceMs: 50 });
  const low = { priority: "low", timeoutMs: 60_000 } as const;
  void engine.run(request(1, low));
  await settle();
  void engine.run(request(2));
  await vi.advanceTimersByTimeAsync(60);
  expect(processes.map(({ killed }) => killed)).toEqual([undefined, undefined]);
  await serve(at(1));
  void engine.run(request(3, low));
  void engine.run(request(4));
  await vi.advanceTimersByTimeAsync(60);
  expect(processes.map(({ killed }) => killed)).toEqual(["restart", undefined, undefined]);
});

test("two urgent requests displace two speculative runs", async () => {
  const engine = pair({ graceMs: 50 });
  const low = { priority: "low", timeoutMs: 60_000 } as const;
  for (const id of [1, 2]) void engine.run(request(id, low));
  await settle();
  for (const id of [3, 4]) void engine.run(request(id));
  await vi.advanceTimersByTimeAsync(60);
  expect(processes.map(({ killed }) => killed)).toEqual(["restart", "restart", undefined, undefined]);
});

test("memory that ran out beside other models is tried again where nothing has run, not in the other process", async () => {
  const engine = pair();
  for (const id of [1, 2]) void engine.run(request(id));
  await serve(at(0));
  await serve(at(1));
  const result = engine.run(request(5));
  await settle();
  expect(at(0).commands.at(-1)).toEqual(load(5));
  at(0).onReply({ kind: "failed", failure: "memory", reason: "bad_alloc" }, []);
  await settle();
  expect(at(1).commands).toHaveLength(2);
  at(2).onReply({ kind: "ready" }, []);
  await settle();
  expect(at(2).commands).toEqual([load(5)]);
  await serve(at(2));
  expect(await result).toEqual(ok);
});

test("a job that must be first is so after it has made way to an urgent one as well", async () => {
  const engine = createEngine({ processes: 1, start, graceMs: 50 });
  at(0).onReply({ kind: "ready" }, []);
  void engine.run(request(1));
  await serve(at(0));
  const greedy = engine.run(request(5, { priority: "low" }));
  await settle();
  at(0).onReply({ kind: "failed", failure: "memory", reason: "bad_alloc" }, []);
  await settle();
  void engine.run(request(2)); // Comes between, while the process of its own starts.
  await vi.advanceTimersByTimeAsync(50);
  at(1).onReply({ kind: "ready" }, []);
  await serve(at(1));
  await settle();
  expect(processes).toHaveLength(3);
  at(2).onReply({ kind: "ready" }, []);
  await serve(at(2));
  expect(at(2).commands[0]).toEqual(load(5));
  expect(await greedy).toEqual(ok);
});

test("a load that takes too long is cut off like a run", async () => {
  const engine = pair();
  const result = engine.run(request(1, { timeoutMs: 300 }));
  await vi.advanceTimersByTimeAsync(299);
  expect(at(0).commands).toEqual([load(1)]);
  await vi.advanceTimersByTimeAsync(1);
  expect(await result).toEqual({ kind: "absent", reason: "no result within 300 ms" });
  expect(at(0).killed).toBe("restart");
});

test("bytes that do not come are cut off as well", async () => {
  const engine = pair();
  const result = engine.run(request(1, { timeoutMs: 300, modelBytes: () => new Promise(() => undefined) }));
  await vi.advanceTimersByTimeAsync(300);
  expect(await result).toEqual({ kind: "absent", reason: "no result within 300 ms" });
});

test("a run that begins anew has its whole time again", async () => {
  const engine = createEngine({ processes: 1, start, graceMs: 50 });
  at(0).onReply({ kind: "ready" }, []);
  const modelBytes = vi.fn(async () => new Uint8Array(10));
  modelBytes.mockReturnValueOnce(new Promise(() => undefined));
  const interrupted = engine.run(request(1, { priority: "low", timeoutMs: 1000, modelBytes }));
  await settle();
  void engine.run(request(2, { timeoutMs: 5000 }));
  await vi.advanceTimersByTimeAsync(50);
  at(1).onReply({ kind: "ready" }, []);
  await vi.advanceTimersByTimeAsync(900);
  await serve(at(1));
  await vi.advanceTimersByTimeAsync(200); // More than 1000 since it first began.
  await serve(at(1));
  expect(await interrupted).toEqual(ok);
});

test("closing ends every process and answers everybody", async () => {
  const engine = pair();
  const results = [1, 2, 3].map((id) => engine.run(request(id)));
  await settle();
  await engine.close();
  for (const result of results) expect(await result).toEqual({ kind: "absent", reason: "the engine is closed" });
  expect(processes.map(({ killed }) => killed !== undefined)).toEqual([true, true]);
  expect(engine.status().state).toBe("closed");
});
