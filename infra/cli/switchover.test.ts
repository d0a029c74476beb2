import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { request } from "./switchover.ts";

const standing = {
  currentPrimary: "pg-1",
  currentPrimaryTimestamp: "2026-01-02T03:04:05.678000Z",
  targetPrimary: "pg-1",
  instanceNames: ["pg-1", "pg-2"],
};

describe("switchover", () => {
  it("asks for the end of one reign, and takes an earlier destination away", () => {
    expect(request(standing, undefined)).toEqual({
      metadata: {
        annotations: { "dsp.platform/move-primary-from": "pg-1 2026-01-02T03:04:05.678000Z", "dsp.platform/move-primary-to": null },
      },
    });
  });

  it("asks under the names that the watchers read", () => {
    const read = readFileSync("services/watcher/kubernetes.ts", "utf8");
    const { annotations } = (request(standing, "pg-2") as { metadata: { annotations: Record<string, string> } }).metadata;
    expect(Object.keys(annotations).filter((name) => !read.includes(`"${name}"`))).toEqual([]);
    expect(annotations["dsp.platform/move-primary-to"]).toBe("pg-2");
  });
});
