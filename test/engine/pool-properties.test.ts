import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createEngine, type EngineResult } from "../../node/engine/engine.ts";
import type { StartEngineProcess } from "../../node/engine/engine-process.ts";
import type { Command } from "../../node/engine/messages.ts";

/** Of a request's model: runs as it should, is refused, takes for ever, ends its process, or needs all the memory of a process. */
const KINDS = ["good", "bad", "endless", "crashing", "greedy"] as const;
type Kind = (typeof KINDS)[number];

const START_MS = 300;
const nameOf = (root: string): Kind => KINDS[Number.parseInt(root.slice(0, 2), 16)] ?? "good";

/** Processes that serve by themselves, each command after a while, and note what a scheduler must not do. */
function servants(delays: readonly number[], faults: string[]): StartEngineProcess {
  let turn = 0;
  return ({ onReply, onEnd }) => {
    let [ready, busy, over, served] = [false, false, false, 0];
    const loaded = new Set<string>();
    const end = (reason: string): void => {
      if (!over) onEnd(reason);
      over = true;
    };
    const after = (ms: number, act: () => void): void => {
      setTimeout(() => {
        if (!over) act();
      }, ms);
    };
    after(START_MS, () => {
      ready = true;
      onReply({ kind: "ready" }, []);
    });
    function answer(command: Command & { kind: "load" | "run" }): void {
      busy = false;
      const kind = nameOf(command.model);
      if (command.kind === "load") {
        onReply({ kind: "loaded" }, []);
      } else if (kind === "bad") {
        onReply({ kind: "failed", failure: "model", reason: "bad" }, []);
      } else if (kind === "crashing") {
        end("ended by SIGSEGV");
      } else if (kind === "greedy" && served > 1) {
        onReply({ kind: "failed", failure: "memory", reason: "bad_alloc" }, []);
      } else {
        const data = Uint8Array.of(Number.parseInt(command.model.slice(2, 4), 16));
        onReply({ kind: "outputs", outputs: [{ dtype: 2, shape: [1] }] }, [data]);
      }
    }
    return {
      pid: undefined,
      kill: () => queueMicrotask(() => end("ended by SIGKILL")),
      send: (command) => {
        if (over) return;
        if (!ready || busy || command.kind === "inspect") {
          faults.push(`${command.kind} to a process that is ${ready ? "busy" : "starting"}`);
          return;
        }
        if (command.kind === "load") {
          served++; // In these runs each request has a model of its own.
          for (const root of command.unload) if (!loaded.delete(root)) faults.push("unload of what is not loaded");
          loaded.add(command.model);
        } else if (!loaded.has(command.model)) faults.push("run of what is not loaded");
        busy = true;
        if (command.kind === "run" && nameOf(command.model) === "endless") return;
        after(delays[turn++ % delays.length] ?? 1, () => answer(command));
      },
    };
  };
}

const step = fc.record({
  kind: fc.constantFrom(...KINDS),
  priority: fc.constantFrom("high" as const, "low" as const),
  wait: fc.nat({ max: 400 }),
  cancelAfter: fc.option(fc.nat({ max: 2000 }), { freq: 4 }),
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("whatever comes in whatever order, everybody is answered with what is theirs", async () => {
  const plan = fc.record({
    processes: fc.integer({ min: 1, max: 3 }),
    delays: fc.array(fc.nat({ max: 200 }), { minLength: 1, maxLength: 10 }),
    steps: fc.array(step, { minLength: 1, maxLength: 25 }),
  });
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(plan, async ({ processes, delays, steps }) => {
      const faults: string[] = [];
      const engine = createEngine({ processes, start: servants(delays, faults), graceMs: 50, maxModelBytes: 30 });
      const answers: { readonly kind: Kind; readonly id: number; result: EngineResult | undefined }[] = [];
      for (const [id, { kind, priority, wait, cancelAfter }] of steps.entries()) {
        const answered = { kind, id, result: undefined as EngineResult | undefined };
        answers.push(answered);
        const abort = new AbortController();
        if (cancelAfter !== null) setTimeout(() => abort.abort(), cancelAfter);
        const modelRoot = Uint8Array.of(KINDS.indexOf(kind), id, ...new Uint8Array(30));
        void engine
          .run({
            modelRoot,
            modelBytes: async () => new Uint8Array(10),
            spec: { inputs: [], outputs: [{ name: "y", dtype: 2, shape: [1] }] },
            inputs: [],
            timeoutMs: 1000,
            priority,
            signal: abort.signal,
          })
          .then((result) => {
            answered.result = result;
          });
        await vi.advanceTimersByTimeAsync(wait);
      }
      // Each may take its time twice and be interrupted twice, and a process may be down for long after many crashes.
      await vi.advanceTimersByTimeAsync(steps.length * 60_000);
      expect(faults).toEqual([]);
      for (const { kind, id, result } of answers) {
        const what = result?.kind === "absent" ? result.reason.replace(/ \d+/g, "") : result?.kind;
        seen.set(`${kind}: ${what}`, (seen.get(`${kind}: ${what}`) ?? 0) + 1);
        if (result?.kind === "ok") expect(result.outputs[0]?.data).toEqual(Uint8Array.of(id));
        else if (result?.kind === "execError")
          expect({ kind, message: result.message }).toEqual({ kind: "bad", message: "bad" });
        else expect(result?.reason).toMatch(/^(no result within|cancelled|engine process ended|interrupted 3 times)/);
        if (kind === "good")
          expect(result?.kind === "absent" ? result.reason : "ok").toMatch(/^(ok|cancelled|interrupted 3)/);
      }
      await engine.close();
    }),
    { numRuns: 150 },
  );
  // Each way to end has been met.
  expect([...seen.keys()]).toEqual(
    expect.arrayContaining([
      "good: ok",
      "bad: execError",
      "greedy: ok",
      "endless: no result within ms",
      "crashing: engine process ended by SIGSEGV",
      "good: cancelled",
    ]),
  );
});
