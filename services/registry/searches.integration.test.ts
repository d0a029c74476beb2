import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestPostgres } from "../lib/testing/postgres.ts";
import { TestRedis } from "../lib/testing/redis.ts";
import { TestIssuer } from "../lib/testing/tokens.ts";
import { startTestRegistry, type TestRegistry } from "./testing/registry.ts";

const searchesMax = 6;
let postgres: TestPostgres;
let redis: TestRedis;
let issuer: TestIssuer;
let pods: TestRegistry[];

beforeAll(async () => {
  [postgres, redis, issuer] = await Promise.all([TestPostgres.start({ standbys: 0 }), TestRedis.start(), TestIssuer.create()]);
  pods = [];
  for (let n = 0; n < 2; n++) pods.push(await startTestRegistry({ postgres, issuer, redis, searchesMax }));
  await sleep(300);
}, 120_000);

afterAll(async () => {
  for (const pod of pods ?? []) pod.stop();
  await postgres?.stop();
  await redis?.stop();
  await issuer?.remove();
});

const physician = { role: "practitioner", scope: "user/*.cruds", fhirUser: "Practitioner/test" };
const match = {
  resourceType: "Parameters",
  parameter: [
    {
      name: "resource",
      resource: { resourceType: "Patient", name: [{ family: "Test-Nobody", given: ["Test"] }], birthDate: "1950-01-01" },
    },
  ],
};
const form = { "Content-Type": "application/x-www-form-urlencoded" };

/** Asks in turn at each pod, in turn in each way. */
async function searchFor(subject: string, times: number): Promise<Response[]> {
  const authorization = { Authorization: `Bearer ${await issuer.token({ ...physician, sub: subject })}` };
  const ways = [
    (pod: TestRegistry) => pod.call("GET", "/registry/fhir/Patient?family=Test-Nobody&birthdate=1950-01-01", { headers: authorization }),
    (pod: TestRegistry) =>
      pod.call("POST", "/registry/fhir/Practitioner/_search", { body: "name=Test-Nobody", headers: { ...form, ...authorization } }),
    (pod: TestRegistry) => pod.call("POST", "/registry/fhir/Patient/$match", { body: match, headers: authorization }),
  ];
  const answers: Response[] = [];
  for (let n = 0; n < times; n++) {
    const [pod, way] = [pods[n % pods.length], ways[n % ways.length]];
    if (pod && way) answers.push(await way(pod));
  }
  return answers;
}

describe("searches of one caller", () => {
  it("are bounded over all pods and ways, with 429 and when to come again; reading and other callers are not", async () => {
    // Not over the end of a minute, when counting begins anew.
    if (Date.now() % 60_000 > 40_000) await sleep(60_500 - (Date.now() % 60_000));
    const answers = await searchFor("curious", searchesMax + 3);
    expect(answers.map(({ status }) => status)).toEqual([...Array<number>(searchesMax).fill(200), 429, 429, 429]);
    const refused = answers.at(-1);
    const seconds = Number(refused?.headers.get("Retry-After"));
    expect(seconds > 0 && seconds <= 60).toBe(true);
    expect(await refused?.json()).toMatchObject({ resourceType: "OperationOutcome", issue: [{ code: "throttled" }] });
    expect((await searchFor("another", 1))[0]?.status).toBe(200);
    const authorization = { Authorization: `Bearer ${await issuer.token({ ...physician, sub: "curious" })}` };
    expect((await pods[0]?.call("GET", "/registry/fhir/Practitioner/unknown", { headers: authorization }))?.status).toBe(404);
    expect((await pods[0]?.call("GET", "/registry/fhir/metadata"))?.status).toBe(200);
  }, 120_000);

  it("are neither bounded nor held up while Redis is away", async () => {
    redis.freeze();
    try {
      const startedMs = performance.now();
      const answers = await searchFor("curious", searchesMax * 2);
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(performance.now() - startedMs).toBeLessThan(10_000);
    } finally {
      redis.thaw();
    }
  });

  it("of who has no good token are refused as such", async () => {
    const answer = await pods[0]?.call("GET", "/registry/fhir/Patient?family=x", { headers: { Authorization: "Bearer none" } });
    expect(answer?.status).toBe(401);
  });
});
