import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const ignored = ["**/node_modules/**", ".dsp/**"];
const integration = "**/*.integration.test.ts";
const provider = "infra/provider/**/*.lab.test.ts";
const lab = "test/lab/**/*.test.ts";
const allServices = "test/lab/services.test.ts";
const portal = "test/portal/**/*.test.ts";

/** By name, so that what a layer does to the platform comes in the same order each time. */
class ByName extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((left, right) => left.moduleId.localeCompare(right.moduleId));
  }
}

/** What the projects on the platform share: one file after the other, while nobody else deploys. */
const onLab = {
  globalSetup: ["test/lab/hold-lab.ts"],
  testTimeout: 300_000,
  hookTimeout: 300_000,
  fileParallelism: false,
  sequence: { concurrent: false },
};

/**
 * Six projects (`--project fast`): fast needs nothing running, integration a PostgreSQL and a Redis of its own, portal a Chromium besides,
 * provider an API server to create things in, services the platform with every service, lab the platform with the record alone.
 */
export default defineConfig({
  test: {
    sequence: { sequencer: ByName },
    projects: [
      {
        test: {
          name: "fast",
          include: ["{infra,services,chaos,test}/**/*.test.ts"],
          exclude: [...ignored, integration, "**/*.lab.test.ts", lab, portal],
          // The program's test renders every chart of the platform for each of its programs.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "integration",
          include: [integration],
          exclude: ignored,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "provider",
          include: [provider],
          exclude: ignored,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "portal",
          include: [portal],
          exclude: ignored,
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "services",
          include: [allServices],
          exclude: ignored,
          ...onLab,
        },
      },
      {
        test: {
          name: "lab",
          include: [lab],
          exclude: [...ignored, allServices],
          ...onLab,
        },
      },
    ],
  },
});
