import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestPostgres } from "../lib/testing/postgres.ts";
import { TestIssuer } from "../lib/testing/tokens.ts";
import { startTestRecord, type TestRecord } from "./testing/record.ts";

const requestsMax = 5;
let postgres: TestPostgres;
let issuer: TestIssuer;
let record: TestRecord;

beforeAll(async () => {
  [postgres, issuer] = await Promise.all([TestPostgres.start({ standbys: 0 }), TestIssuer.create()]);
  record = await startTestRecord({ postgres, issuer, requestsMax });
}, 120_000);

afterAll(async () => {
  record?.stop();
  await postgres?.stop();
  await issuer?.remove();
});

const batch = {
  ...{ resourceType: "Bundle", type: "batch" },
  entry: Array.from({ length: 2 * requestsMax }, () => ({ request: { method: "GET", url: "Patient?_count=1" } })),
};

describe("the requests of one caller", () => {
  it("are bounded, with 429 and when to come again, a batch as one; other callers and the statement of what there is are not", async () => {
    // Not over the end of a minute, when counting begins anew.
    if (Date.now() % 60_000 > 40_000) await sleep(60_500 - (Date.now() % 60_000));
    const authorizationOf = async (sub: string) => ({ Authorization: `Bearer ${await issuer.token({ sub })}` });
    const [one, other] = await Promise.all([authorizationOf("one"), authorizationOf("other")]);
    const answer = (await (await record.call("POST", "/fhir", { body: batch, headers: one })).json()) as {
      entry: { response: { status: string } }[];
    };
    expect(answer.entry.map(({ response }) => response.status)).toEqual(batch.entry.map(() => "200"));
    const statuses: number[] = [];
    for (let n = 1; n < requestsMax; n++) statuses.push((await record.call("GET", "/fhir/Patient", { headers: one })).status);
    expect(statuses).toEqual(statuses.map(() => 200));
    const refused = await record.call("GET", "/fhir/Patient", { headers: one });
    expect([refused.status, Number(refused.headers.get("Retry-After")) > 0]).toEqual([429, true]);
    expect(((await refused.json()) as { issue: { code: string }[] }).issue[0]?.code).toBe("throttled");
    expect((await record.call("GET", "/fhir/Patient", { headers: other })).status).toBe(200);
    expect((await record.call("GET", "/fhir/metadata", { headers: { Authorization: "" } })).status).toBe(200);
  });
});
