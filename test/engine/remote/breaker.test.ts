import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { steadyClock } from "../../../node/clock.ts";
import { type Breaker, createBreaker, type Entry } from "../../../node/engine/remote/breaker.ts";
import { conformingServer } from "./conforming-server.ts";
import { ROOT_HEX, reasonOf, remoteEngine, request } from "./engine-fixture.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

const OPTIONS = { failures: 3, delayMs: 100, maxDelayMs: 350 };

/** A breaker and the clock that it reads. */
function setUp(): { readonly breaker: Breaker; readonly clock: { now: number } } {
  const clock = { now: 5000 };
  return { breaker: createBreaker(OPTIONS, () => clock.now), clock };
}

const pass = (entry: Entry): Extract<Entry, { kind: "pass" }> => {
  if (entry.kind !== "pass") throw new Error(`refused: ${entry.reason}`);
  return entry;
};
const fail = (breaker: Breaker): void => pass(breaker.enter()).settle({ kind: "failed", reason: "broken" });
const succeed = (breaker: Breaker): void => pass(breaker.enter()).settle({ kind: "ok" });
const failTimes = (breaker: Breaker, times: number): void => {
  for (let i = 0; i < times; i++) fail(breaker);
};

test("opens after failures in a row, and only then", () => {
  const { breaker } = setUp();
  failTimes(breaker, 2);
  succeed(breaker);
  failTimes(breaker, 2);
  expect(breaker.state).toBe("closed");
  fail(breaker);
  expect(breaker).toMatchObject({ state: "open", reason: "broken" });
  expect(breaker.enter()).toEqual({ kind: "refused", reason: "not asked for 100 ms more, after: broken" });
});

test("one probe when the delay is over; it closes", () => {
  const { breaker, clock } = setUp();
  failTimes(breaker, 3);
  clock.now += 99;
  expect(breaker.enter().kind).toBe("refused");
  clock.now += 1;
  const probe = pass(breaker.enter());
  expect(breaker.state).toBe("halfOpen");
  expect(breaker.enter()).toEqual({ kind: "refused", reason: "one request probes it, after: broken" });
  probe.settle({ kind: "ok" });
  expect(breaker).toMatchObject({ state: "closed", reason: undefined });
});

test("the delay doubles up to its bound, and is short again after a success", () => {
  const { breaker, clock } = setUp();
  failTimes(breaker, 3);
  for (const delay of [100, 200, 350, 350]) {
    clock.now += delay - 1;
    expect(breaker.enter().kind).toBe("refused");
    clock.now += 1;
    fail(breaker);
  }
  clock.now += 350;
  succeed(breaker);
  failTimes(breaker, 3);
  clock.now += 100;
  expect(breaker.enter().kind).toBe("pass");
});

test("what was let through before it opened no longer counts", () => {
  const { breaker, clock } = setUp();
  const [early, late] = [pass(breaker.enter()), pass(breaker.enter())];
  failTimes(breaker, 3);
  early.settle({ kind: "ok" });
  expect(breaker.state).toBe("open");
  clock.now += 100;
  const probe = pass(breaker.enter());
  late.settle({ kind: "failed", reason: "late" });
  expect(breaker.state).toBe("halfOpen");
  probe.settle({ kind: "ok" });
  expect(breaker.state).toBe("closed");
});

test("a probe that says nothing leaves the place to the next one", () => {
  const { breaker, clock } = setUp();
  failTimes(breaker, 3);
  clock.now += 100;
  pass(breaker.enter()).settle({ kind: "neutral" });
  pass(breaker.enter()).settle({ kind: "failed", reason: "again" });
  clock.now += 199;
  expect(breaker.enter().kind).toBe("refused");
});

test("property: never more than one under way while it is not closed, and no dead end", () => {
  const step = fc.record({
    wait: fc.nat(400),
    outcome: fc.constantFrom("ok" as const, "neutral" as const, "failed" as const),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { breaker, clock } = setUp();
      for (const { wait, outcome } of steps) {
        clock.now += wait;
        const entry = breaker.enter();
        if (entry.kind === "refused") continue;
        if (breaker.state !== "closed") expect(breaker.enter().kind).toBe("refused");
        entry.settle(outcome === "failed" ? { kind: "failed", reason: "broken" } : { kind: outcome });
      }
      clock.now += OPTIONS.maxDelayMs;
      succeed(breaker);
      expect(breaker.state).toBe("closed");
    }),
  );
});

let server: TestServer | undefined;
afterEach(() => server?.close());

/** Conforms or, as `mode` says, fails to infer. */
async function moody(): Promise<{ readonly url: string; mode: number; readonly inferred: () => number }> {
  const conform = conformingServer({ models: { [ROOT_HEX]: "FP32", ["00".repeat(32)]: "FP32" } });
  const mood = { mode: 200 };
  const started = await startTestServer((asked, response) => {
    if (mood.mode === 200 || asked.url?.startsWith(`/v2/models/${ROOT_HEX}/infer`) !== true) conform(asked, response);
    else response.writeHead(mood.mode).end();
  });
  server = started;
  return Object.assign(mood, {
    url: started.url,
    inferred: () => started.asked.filter((path) => path === `POST /v2/models/${ROOT_HEX}/infer`).length,
  });
}

test("a model that fails on the server is left alone, comes back, and holds up no other", async () => {
  const mood = await moody();
  const clock = { ...steadyClock, now: () => now };
  let now = 0;
  const engine = remoteEngine(mood.url, { breaker: OPTIONS, clock });
  mood.mode = 500;
  for (let i = 0; i < 3; i++) expect(reasonOf(await engine.run(request()))).toContain("status 500");
  expect(reasonOf(await engine.run(request()))).toContain("the model fails on the server, not asked for 100 ms more");
  expect(mood.inferred()).toBe(3);
  // The server is well, and so are its other models.
  expect(engine.status().state).toBe("ready");
  expect((await engine.run(request({ modelRoot: new Uint8Array(32) }))).kind).toBe("ok");
  now += 100;
  expect(reasonOf(await engine.run(request()))).toContain("status 500");
  mood.mode = 200;
  now += 199;
  expect(reasonOf(await engine.run(request()))).toContain("not asked for 1 ms more");
  now += 1;
  expect((await engine.run(request())).kind).toBe("ok");
  expect((await engine.run(request())).kind).toBe("ok");
  await engine.close();
});

test("a request that the server refuses does not count: nobody closes a model with bad inputs", async () => {
  const mood = await moody();
  let now = 0;
  const engine = remoteEngine(mood.url, { breaker: OPTIONS, clock: { ...steadyClock, now: () => now } });
  const reason = async (): Promise<string> => reasonOf(await engine.run(request()));
  mood.mode = 400;
  for (let i = 0; i < 5; i++) expect(await reason()).toContain("status 400");
  expect(mood.inferred()).toBe(5);
  // One that says how busy the server is does.
  mood.mode = 429;
  for (let i = 0; i < 3; i++) expect(await reason()).toContain("status 429");
  expect(await reason()).toContain("the model fails on the server");
  // And as a probe, a refusal is an answer.
  mood.mode = 400;
  now += 100;
  for (let i = 0; i < 2; i++) expect(await reason()).toContain("status 400");
  await engine.close();
});

test("a model whose turn to be probed comes while the server is left alone is probed later", async () => {
  const mood = await moody();
  let now = 0;
  const engine = remoteEngine(mood.url, { breaker: OPTIONS, clock: { ...steadyClock, now: () => now } });
  const other = request({ modelRoot: new Uint8Array(32) });
  mood.mode = 500;
  for (let i = 0; i < 3; i++) expect(reasonOf(await engine.run(request()))).toContain("status 500");
  await server?.close();
  now = 99;
  for (let i = 0; i < 3; i++) expect(reasonOf(await engine.run(other))).toContain("can not be reached");
  now = 100;
  expect(reasonOf(await engine.run(request()))).toContain("the server fails");
  const port = Number(new URL(mood.url).port);
  server = await startTestServer(conformingServer({ models: { [ROOT_HEX]: "FP32" } }), { port });
  now = 199;
  expect((await engine.run(request())).kind).toBe("ok");
  await engine.close();
});

test("a server that is gone is left alone for all models, and comes back", async () => {
  const gone = await startTestServer(() => {});
  await gone.close();
  let now = 0;
  const engine = remoteEngine(gone.url, { breaker: OPTIONS, clock: { ...steadyClock, now: () => now } });
  for (let i = 0; i < 3; i++) expect(reasonOf(await engine.run(request()))).toContain("ECONNREFUSED");
  const other = request({ modelRoot: new Uint8Array(32) });
  expect(reasonOf(await engine.run(other))).toContain("the server fails, not asked for 100 ms more");
  expect(engine.status()).toMatchObject({ state: "down", busy: false });
  const port = Number(new URL(gone.url).port);
  server = await startTestServer(conformingServer({ models: { [ROOT_HEX]: "FP32" } }), { port });
  now += 100;
  expect((await engine.run(request())).kind).toBe("ok");
  expect(engine.status().state).toBe("ready");
  await engine.close();
});
