/** What the watchers' PostgreSQL role may do: services/watcher/grants.sql, read as data when the platform is deployed. */
import { readFile } from "node:fs/promises";

/** Memberships that the operator's managed role has too; any other it would take away again. */
const memberships = new Set(["pg_monitor", "pg_checkpoint"]);

/**
 * Reads the grants from a file of SQL.
 * @throws Error when it cannot be read, holds no statement, or one that would not come through to PostgreSQL as it is written
 */
export async function loadGrants(file: string): Promise<string[]> {
  const statements = splitStatements(await readFile(file, "utf8"));
  const problems = statements.length === 0 ? ["there is no statement in it"] : statements.flatMap(problemsOf);
  if (problems.length > 0) throw new Error(`the watchers' grants (${file}) cannot be used: ${problems.join("; ")}`);
  return statements;
}

/** One statement to a semicolon that is in no quotes, without comments and on one line. */
export function splitStatements(text: string): string[] {
  return (text.replace(/--.*$/gm, "").match(/(?:'[^']*'?|[^';])+/g) ?? [])
    .map((statement) => statement.replace(/\s+/g, " ").trim())
    .filter((statement) => statement !== "");
}

function problemsOf(statement: string): string[] {
  const problems: string[] = [];
  // The operator hands the statements to a Job as arguments, in which Kubernetes replaces $(…) and halves $$.
  if (statement.includes("$")) problems.push(`"${statement}" has a $, which does not come through`);
  if ((statement.split("'").length - 1) % 2 === 1) problems.push(`"${statement}" is half a statement: a quote is not closed`);
  const [, granted] = /^GRANT (?!.* ON )(.*) TO /i.exec(statement) ?? [];
  const others = (granted ?? "").split(/,\s*/).filter((role) => role !== "" && !memberships.has(role));
  if (others.length > 0) problems.push(`the operator takes the membership in ${others.join(", ")} away again`);
  return problems;
}
