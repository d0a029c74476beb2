import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

/** What the log prints of something thrown. @param thrown an expression */
function logged(thrown: string): Record<string, unknown> {
  const script = `
    import { createLog } from "${join(import.meta.dirname, "log.ts")}";
    createLog({ level: "info", service: "record", site: "site-a", pod: "record-1" }).warn({ error: ${thrown} }, "not done");
  `;
  return JSON.parse(execFileSync(process.execPath, ["--input-type=module-typescript", "-e", script], { encoding: "utf8" })).error;
}

it("says what went wrong, and nothing that quotes the values of a row", () => {
  const error = logged(
    `Object.assign(new TypeError("no such table"), { code: "42P01", detail: "Key (name)=(Muster)", where: "row of Muster" })`,
  );
  expect(error).toMatchObject({ name: "TypeError", message: "no such table", code: "42P01" });
  expect(error.stack).toContain("no such table");
  expect(JSON.stringify(error)).not.toContain("Muster");
});

it("says what an error was caused by", () => {
  expect(logged(`new Error("fetch failed", { cause: new Error("connect ECONNREFUSED") })`)).toMatchObject({
    message: "fetch failed",
    cause: { message: "connect ECONNREFUSED" },
  });
});

it("says what was thrown that is no error", () => {
  expect(logged(`"late"`)).toEqual({ message: "late" });
});
