import { describe, expect, it } from "vitest";
import { follow, leadingFence } from "./conninfo.ts";
import { fenceStandby, fencesNeeded } from "./fence.ts";
import type { Control, Examined } from "./instances.ts";
import type { Parts } from "./parts.ts";

describe("fencesNeeded", () => {
  it("leaves the primary too few standbys to commit with, and meets every set that ever acknowledged", () => {
    for (const [instances, synchronousStandbys, fences] of [
      [3, 1, 2],
      [5, 2, 3],
      [7, 3, 4],
    ] as const) {
      expect(fencesNeeded(instances, synchronousStandbys)).toBe(fences);
      expect(instances - 1 - fences).toBeLessThan(synchronousStandbys);
      expect(fences + synchronousStandbys).toBeGreaterThan(instances - 1);
    }
  });
});

describe("fenceStandby", () => {
  const member = { name: "pg-3", site: "witness", address: "10.0.0.3", port: 5432 };
  const base = "host=pg-rw user=streaming_replica port=5432";

  /** Against pg-1 on timeline 3, of a standby whose conninfo is this; fulfilled with what it was changed to. */
  async function fence(conninfo: string): Promise<string | undefined> {
    let changedTo: string | undefined;
    const examined: Examined = { inRecovery: true, conninfo, base, timeline: 3, flushed: 1n, receiving: true, clockMs: 0, upMs: 0 };
    const control: Control = {
      examine: async () => examined,
      change: async ({ to }) => {
        changedTo = to;
        return true;
      },
      quiesce: async () => {},
      promote: async () => false,
      close: () => {},
    };
    const parts = { instances: { open: async () => control } } as unknown as Parts;
    await fenceStandby(parts, { member, expiresClockMs: 1000 }, { term: 7, site: "site-a", timeline: 3, against: "pg-1" });
    return changedTo;
  }

  it("fences who follows that primary, by the operator's lead or by an override", async () => {
    expect(await fence(base)).toContain("dsp-fence-7-site-a");
    expect(await fence(follow(base, { ...member, name: "pg-1" }, 3))).toContain("dsp-fence-7-site-a");
  });

  it("leaves who follows another primary of the same timeline: what that one acknowledges must not be lost", async () => {
    await expect(fence(follow(base, { ...member, name: "pg-2" }, 3))).rejects.toThrow("follows another primary of this timeline");
    const led = (next: string): string => leadingFence(base, { ...member, name: next }, { term: 6, site: "site-b", timeline: 2 });
    await expect(fence(led("pg-2"))).rejects.toThrow("follows another primary of this timeline");
    expect(await fence(led("pg-1"))).toContain("dsp-fence-7-site-a");
    // A move that has not come to its end makes no primary.
    const open = leadingFence(base, { ...member, name: "pg-2" }, { term: 6, site: "site-b", timeline: 3 });
    expect(await fence(open)).toContain("dsp-fence-7-site-a");
    // An earlier timeline's is no rival.
    expect(await fence(follow(base, { ...member, name: "pg-2" }, 2))).toContain("dsp-fence-7-site-a");
  });
});
