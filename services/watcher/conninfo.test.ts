import { describe, expect, it } from "vitest";
import { fenceMarker, follow, followedPrimary, followedTimeline, isOverride, leadingFence, leadsTo, parseFence } from "./conninfo.ts";

const base =
  "host=pg-rw user=streaming_replica port=5432 sslkey=/controller/certificates/streaming_replica.key application_name=pg-3 sslmode=verify-ca dbname=postgres";
const primary = { name: "pg-2", site: "site-b", address: "10.244.3.7", port: 5432 };

describe("conninfo", () => {
  it("marks a fence and reads the mark", () => {
    const fence = { term: 1_800_000_000_001, site: "site-a", timeline: 12 };
    const marker = fenceMarker(fence);
    expect(marker).toMatch(/^host=\/fenced application_name=dsp-fence-1800000000001-site-a /);
    expect(parseFence(marker)).toEqual(fence);
    expect(isOverride(marker)).toBe(true);
    expect([parseFence(base), isOverride(base), followedTimeline(base)]).toEqual([undefined, false, undefined]);
  });

  it("marks a fence that leads to the next primary, and leaves the standby's own name in it", () => {
    const fence = { term: 1_800_000_000_001, site: "site-a", timeline: 12 };
    const leading = leadingFence(base, primary, fence);
    expect(parseFence(leading)).toEqual({ ...fence, next: "pg-2" });
    expect([isOverride(leading), followedTimeline(leading), leadsTo(leading, primary)]).toEqual([true, undefined, true]);
    expect(leading).toContain(" application_name=pg-3 ");
  });

  it("changes the address and nothing else", () => {
    const followed = follow(base, primary, 3);
    expect(followed).toBe(
      "host=10.244.3.7 port=5432 user=streaming_replica sslkey=/controller/certificates/streaming_replica.key application_name=pg-3 sslmode=verify-ca dbname=postgres fallback_application_name=dsp-follow-3-pg-2",
    );
    expect([followedTimeline(followed), isOverride(followed), parseFence(followed)]).toEqual([3, true, undefined]);
    expect(followedPrimary(followed)).toBe("pg-2");
    // As the version before wrote it.
    const nameless = followed.replace("follow-3-pg-2", "follow-3");
    expect([followedTimeline(nameless), followedPrimary(nameless)]).toEqual([3, undefined]);
    expect(follow(followed, { ...primary, address: "10.0.0.1" }, 4)).toBe(
      followed.replace("10.244.3.7", "10.0.0.1").replace("follow-3", "follow-4"),
    );
  });

  it("copes with quoted values and refuses to invent a conninfo", () => {
    expect(follow("user=u host = '/var/run/a b' password='it\\'s'", primary, 1)).toBe(
      "host=10.244.3.7 port=5432 user=u password='it\\'s' fallback_application_name=dsp-follow-1-pg-2",
    );
    expect(() => follow("", primary, 1)).toThrow("no primary_conninfo");
  });

  it("knows where a conninfo leads", () => {
    expect(leadsTo(follow(base, primary, 3), primary)).toBe(true);
    expect(leadsTo(follow(base, { ...primary, address: "10.244.3.77" }, 3), primary)).toBe(false);
    expect(leadsTo(follow(base, { ...primary, port: 54321 }, 3), primary)).toBe(false);
    expect(leadsTo(base, primary)).toBe(false);
  });
});
