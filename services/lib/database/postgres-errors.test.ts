import { describe, expect, it } from "vitest";
import { retryReason, UnknownCommitError } from "./postgres-errors.ts";

describe("retryReason", () => {
  it.each<[unknown, string | undefined]>([
    [Object.assign(new Error("x"), { code: "ECONNRESET" }), "connection"],
    [new Error("Connection terminated unexpectedly"), "connection"],
    [Object.assign(new Error("x"), { code: "57P01" }), "connection"],
    [Object.assign(new Error("x"), { code: "25006" }), "25006"],
    [Object.assign(new Error("x"), { code: "40001" }), "40001"],
    [Object.assign(new Error("x"), { code: "53100" }), "53100"],
    [new UnknownCommitError("x"), "unknown_commit"],
    [Object.assign(new Error("x"), { code: "23505" }), undefined],
    [Object.assign(new Error("x"), { code: "42601" }), undefined],
    [new TypeError("x is not a function"), undefined],
  ])("%s", (error, reason) => {
    expect(retryReason(error)).toBe(reason);
  });
});
