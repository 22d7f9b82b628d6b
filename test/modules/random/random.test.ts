import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { balances } from "../../../modules/bank/store.ts";
import { modules } from "../../../modules/registry.ts";
import { openLevelStore } from "../../../state/level-store.ts";
import { createOverlay } from "../../../state/overlay.ts";
import { OPERATIONS } from "./operations.ts";
import { simulateModules } from "./simulate.ts";

const SEEDS = 4;
const BLOCKS = 40;

describe("random operations of all modules", () => {
  it("know every message, and no other", () => {
    const messages = modules.flatMap((module) => module.messages.map(({ typeUrl }) => typeUrl));
    expect(Object.keys(OPERATIONS).sort()).toEqual([...messages].sort());
  });

  it(`break no invariant in ${SEEDS} runs, across exports and imports`, async () => {
    let exports = 0;
    let audits = 0;
    const done = new Set<string>();
    for (let seed = 0; seed < SEEDS; seed++) {
      const run = await simulateModules({ seed, blocks: BLOCKS });
      expect(run.failure).toBeUndefined();
      exports += run.exports;
      audits += run.events.get("inference_audit_opened") ?? 0;
      for (const outcome of run.outcomes.keys()) if (outcome.endsWith(" ok")) done.add(outcome.slice(0, -3));
    }
    expect(exports).toBeGreaterThan(0);
    expect(audits).toBeGreaterThan(SEEDS);
    expect(done.size).toBeGreaterThan(20);
  }, 60_000);

  it("give the same roots again, in memory and on disk", async () => {
    const folder = mkdtempSync(join(tmpdir(), "assay-random-"));
    try {
      const first = await simulateModules({ seed: 11, blocks: 30 });
      const second = await simulateModules({
        seed: 11,
        blocks: 30,
        store: (name) => openLevelStore(join(folder, name), { retention: 0 }),
      });
      expect(first.failure).toBeUndefined();
      expect(second.roots).toEqual(first.roots);
      expect((await simulateModules({ seed: 12, blocks: 3 })).roots).not.toEqual(first.roots.slice(0, 3));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 60_000);

  it("are stopped by a coin that comes from nowhere", async () => {
    const run = await simulateModules({
      seed: 3,
      blocks: 30,
      tamper(reader, height) {
        if (height < 10) return reader;
        const overlay = createOverlay(reader);
        const [first] = balances.entries(reader, { limit: 1 });
        if (first !== undefined) balances.set(overlay, first[0], first[1] + 1n);
        return overlay;
      },
    });
    expect(run.failure).toContain("height 10: bank.supply");
  });
});
