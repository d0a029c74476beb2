import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backgroundContext } from "../../lib/context.ts";
import { TestPostgres } from "../../lib/testing/postgres.ts";
import { TestIssuer } from "../../lib/testing/tokens.ts";
import { parseSearch } from "../resource/parse-search.ts";
import { searchStatement } from "../resource/search-sql.ts";
import { startTestRegistry, type TestRegistry } from "../testing/registry.ts";
import { blockingKeys } from "./blocking-keys.ts";
import { featuresOf } from "./person-features.ts";
import { candidatesStatement, readCandidates } from "./store.ts";

/** Enough that a scan of a whole table shows in the plan and in the time. */
const patients = 30_000;

let postgres: TestPostgres;
let issuer: TestIssuer;
let registry: TestRegistry;

beforeAll(async () => {
  postgres = await TestPostgres.start({ standbys: 0 });
  issuer = await TestIssuer.create();
  registry = await startTestRegistry({ postgres, issuer });
  const run = (text: string) => postgres.query(postgres.at(0), text);
  const born = "to_char(date '1930-01-01' + (n % 30000), 'YYYY-MM-DD')";
  await run(
    `INSERT INTO registry.resource SELECT 'Patient', 'p' || n, 1, now(), true, 'female', 'name' || (n % 5000), NULL FROM generate_series(1, ${patients}) n`,
  );
  await run(
    `INSERT INTO registry.resource_version SELECT 'Patient', 'p' || n, 1, now(), 'POST', '{"resourceType":"Patient"}' FROM generate_series(1, ${patients}) n`,
  );
  for (const [parameter, value] of [
    ["block", `'d|' || (n % 5000) || '|' || ${born}`],
    ["block", `'y|' || (n % 5000) || '|' || (n % 700) || '|1958'`],
    ["family", "'name' || (n % 5000)"],
    ["given", "'given' || (n % 700)"],
    ["birthdate", born],
    ["identifier.value", "'number' || n"],
  ]) {
    await run(
      `INSERT INTO registry.search_key SELECT 'Patient', '${parameter}', ${value}, 'p' || n FROM generate_series(1, ${patients}) n`,
    );
  }
  await run("ANALYZE registry.search_key, registry.resource, registry.resource_version");
}, 300_000);

afterAll(async () => {
  registry?.stop();
  await postgres?.stop();
  await issuer?.remove();
});

/** The tables that a plan reads from end to end. */
async function scanned(text: string, values: readonly unknown[]): Promise<string[]> {
  const context = backgroundContext(registry.deps.log, "explain", 20_000);
  const rows = await registry.deps.database.write(context, (transaction) =>
    transaction.query<{ "QUERY PLAN": unknown }>({ text: `EXPLAIN (FORMAT JSON) ${text}` }, values),
  );
  const plan = JSON.stringify(rows[0]?.["QUERY PLAN"]);
  expect(plan).toContain("Index");
  return [...plan.matchAll(/"Node Type":"Seq Scan"[^{}]*?"Relation Name":"(\w+)"/g)].map(([, name]) => name ?? "");
}

describe(`among ${patients} patients`, () => {
  const features = featuresOf({ resourceType: "Patient", name: [{ family: "Test-Weber", given: ["Marie"] }], birthDate: "1958-03-14" });

  it("candidates come by the index", async () => {
    expect(await scanned(candidatesStatement.text, [blockingKeys(features), ""])).toEqual([]);
  });

  it.each([
    "family=name77&birthdate=1958-03-14",
    "identifier=number4711",
    "family=name77&given=given12",
    "name=name77 given12&birthdate=1958-03-14",
    "family=name77&_sort=-name",
  ])("a search by %s reads no table from end to end", async (query) => {
    const { statement, values } = searchStatement(parseSearch([...new URLSearchParams(query)], "Patient", true));
    expect(await scanned(statement.text, values)).toEqual([]);
  });

  it("both take milliseconds", async () => {
    const context = backgroundContext(registry.deps.log, "measure", 20_000);
    const timed = async (work: () => Promise<unknown>): Promise<number> => {
      await work();
      const started = performance.now();
      for (let each = 0; each < 5; each++) await work();
      return (performance.now() - started) / 5;
    };
    const keys = ["d|77|1930-03-19", "y|77|77|1958", ...blockingKeys(features)];
    const matching = await timed(() => registry.deps.database.write(context, (transaction) => readCandidates(transaction, keys, "")));
    const searching = await timed(() => registry.call("GET", "/registry/fhir/Patient?family=name77&birthdate=1930-03-19"));
    // A scan of all keys takes longer; the machine may be busy.
    expect(matching).toBeLessThan(150);
    expect(searching).toBeLessThan(400);
  });
});
