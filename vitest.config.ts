import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["{cli,contracts,embedded,kit,services,test,tools}/**/*.{unit,int}.test.ts"],
          exclude: ["test/embedded/**"],
          env: { FORCE_COLOR: "0" },
          // Some start the built CLI or the whole system, on a machine that may be busy.
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: { name: "rules", include: ["test/rules/**/*.test.ts"] },
      },
      {
        test: {
          name: "readme",
          include: ["test/readme/**/*.e2e.test.ts"],
          testTimeout: 1_200_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          // The built runtime as a process: used, killed, fuzzed, starved of disk.
          name: "embedded",
          include: ["test/embedded/**/*.int.test.ts"],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          // Programs that are not ours, against the embedded brokers; `npm run test:clients` installs them.
          name: "clients",
          include: ["{embedded,test}/**/*.clients.test.ts"],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "engine",
          include: ["{cli,contracts,embedded,kit,services,test,tools}/**/*.engine.test.ts"],
          // One engine and two cores: stacks that start side by side would measure each other.
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
