import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadGrants, splitStatements } from "./watcher-grants.ts";

const folder = mkdtempSync(join(tmpdir(), "dsp-grants-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function load(text: string): Promise<string[]> {
  const file = join(folder, "grants.sql");
  writeFileSync(file, text);
  return await loadGrants(file);
}

describe("splitStatements", () => {
  it("gives each statement on one line, without comments and semicolons", () => {
    const text = "-- Why this; and that.\nGRANT EXECUTE ON FUNCTION\n  f(text, int)\n  TO watcher; -- so\n\nGRANT x ON y TO z;\n";
    expect(splitStatements(text)).toEqual(["GRANT EXECUTE ON FUNCTION f(text, int) TO watcher", "GRANT x ON y TO z"]);
    expect(splitStatements("CREATE FUNCTION f() AS 'a; ''b;''';\nSELECT 1")).toEqual(["CREATE FUNCTION f() AS 'a; ''b;'''", "SELECT 1"]);
  });
});

describe("loadGrants", () => {
  it("takes the grants that the watcher ships with", async () => {
    const grants = await loadGrants(join(import.meta.dirname, "../../services/watcher/grants.sql"));
    expect(grants).toContain("GRANT ALTER SYSTEM ON PARAMETER primary_conninfo TO watcher");
    // The role is made by the cluster, not by its grants.
    expect(grants.every((statement) => !/^(CREATE|ALTER|DROP) ROLE/i.test(statement))).toBe(true);
  });

  it("takes the memberships that the operator's role has too", async () => {
    expect(await load("GRANT pg_monitor, pg_checkpoint TO watcher;")).toEqual(["GRANT pg_monitor, pg_checkpoint TO watcher"]);
  });

  it.each([
    ["a file without statements", "-- nothing;\n", "no statement"],
    ["what Kubernetes would change in a Job's arguments", "DO $$ BEGIN NULL; END $$;", "has a $"],
    ["a quote that is not closed", "SELECT 'a;b;", "not closed"],
    [
      "a membership that the operator would take away",
      "GRANT pg_monitor, pg_signal_backend TO watcher;",
      "membership in pg_signal_backend",
    ],
  ])("refuses %s", async (_what, text, reason) => {
    await expect(load(text)).rejects.toThrow(reason);
  });

  it("names the file that is not there", async () => {
    await expect(loadGrants(join(folder, "missing.sql"))).rejects.toThrow("missing.sql");
  });
});
