import { defineConfig } from "vitest/config";

/** Unit, property and simulator tests run in parallel workers; scenarios start real processes and run one file at a time. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/scenarios/**", "test/long/**", "**/node_modules/**"],
          testTimeout: 120_000,
        },
      },
      {
        test: {
          name: "scenarios",
          include: ["test/scenarios/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: { name: "long", include: ["test/long/**/*.test.ts"], testTimeout: 3_600_000, hookTimeout: 120_000 },
      },
    ],
  },
});
