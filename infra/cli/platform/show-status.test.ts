import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import type { PlatformStatus } from "./platform-status.ts";
import { showStatus } from "./show-status.ts";

const nothing: PlatformStatus = {
  healthy: true,
  reasons: [],
  unknown: false,
  checkedAt: "2026-01-01T00:00:00.000Z",
  sites: [],
  postgres: { primary: null, desired: 0, instances: [] },
  watchers: [],
  redis: { primary: null, desired: 0, instances: [] },
  edge: { virtualIp: null, holder: null, desired: 0, instances: [], answers: true },
  services: [],
  operators: [],
  backups: [],
  endpoints: { fhir: "https://dsp.example.org/fhir", ca: "/ca.pem" },
};

/** Without colours: what it is shown on is no terminal. */
function shown(status: Partial<PlatformStatus>): string {
  return showStatus({ ...nothing, ...status }, new PassThrough() as unknown as NodeJS.WriteStream);
}

describe("showStatus", () => {
  it("shows the watcher of each site, and the one that is missing", () => {
    const watchers = [
      { site: "site-a", ready: true },
      { site: "site-b", ready: true },
      { site: "witness", ready: false },
    ];
    const text = shown({ watchers });
    expect(text).toMatch(/^Watchers +● site-a +ready$/m);
    expect(text).toMatch(/^ +● witness +not ready$/m);
  });

  it("shows the last backup of each site, and that one has none", () => {
    const text = shown({
      backups: [
        { site: "site-a", lastAt: "2026-01-02T03:04:05Z", scheduled: true },
        { site: "site-b", lastAt: null, scheduled: false },
      ],
    });
    expect(text).toMatch(/^Backups +● site-a +last 2026-01-02T03:04:05Z$/m);
    expect(text).toMatch(/^ +\? site-b +none yet +when asked: /m);
  });

  it("shows no block for what there is nothing of", () => {
    expect(shown({})).not.toContain("Watchers");
  });
});
