import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { ByteBudget } from "./byte-budget.ts";
import { createMetrics } from "./metrics.ts";
import { fhirError } from "./operation-outcome.ts";
import { createServiceApp } from "./service-app.ts";
import type { ServiceDeps } from "./service-parts.ts";

const app = createServiceApp({
  settings: { publicUrl: "https://dsp.test/x", site: "site-a", deadlineMs: 1000, bodyMaxBytes: 1024 },
  ...{ metrics: createMetrics({ service: "test" }), log: pino({ level: "silent" }), bodies: new ByteBudget(1024) },
  readiness: () => ({ ready: true }),
} as unknown as ServiceDeps);
app.get("/plain", (call) => call.json({}));
app.get("/kept", (call) => call.json({}, 200, { "Cache-Control": "public, max-age=300" }));
app.get("/refused", () => {
  throw fhirError(403, "forbidden", "No");
});

describe("an answer", () => {
  it("is kept by nobody unless its route says so", async () => {
    const told = async (path: string): Promise<string | null> => (await app.request(path)).headers.get("Cache-Control");
    expect([await told("/plain"), await told("/refused"), await told("/nothing")]).toEqual(["no-store", "no-store", "no-store"]);
    expect(await told("/kept")).toBe("public, max-age=300");
  });
});
