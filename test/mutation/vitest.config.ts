import { defineConfig } from "vitest/config";

/** The tests that a changed line of consensus/core has to get past. Stryker runs them in a copy of their folders. */
export default defineConfig({
  test: {
    include: ["core", "locks", "coverage", "orders", "paper", "quorum", "state-machine", "vote-keeper"].map(
      (name) => `test/consensus/${name}.test.ts`,
    ),
    setupFiles: ["test/mutation/setup.ts"],
    isolate: false,
    testTimeout: 30_000,
  },
});
