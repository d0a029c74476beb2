import { expect, it } from "vitest";
import { ApiError, isFieldConflict, isNamespaceMissing, isNotFound, isPathMissing, isTransient, UnreachableError } from "./api-error.ts";
import { retry } from "./retry.ts";

const error = (status: number, message: string, causes: object[] = []) =>
  new ApiError(status, JSON.stringify({ message, details: { causes } }));

it.each([
  [429, "slow down"],
  [503, "unavailable"],
  [500, "etcdserver: leader changed"],
  [500, 'Internal error occurred: failed calling webhook "x": connection refused'],
  [409, "the object has been modified; please apply your changes to the latest version"],
])("tries again after %s %s", (status, message) => {
  expect(isTransient(error(status, message))).toBe(true);
});

it.each([
  [400, "bad"],
  [404, "not found"],
  [409, "exists"],
  [422, "invalid"],
  [500, "failed to create typed patch object: field not declared in schema"],
])("does not try again after %s %s", (status, message) => {
  expect(isTransient(error(status, message))).toBe(false);
});

it("tells conflicts and missing namespaces apart from the rest", () => {
  const conflict = error(409, "Apply failed with 1 conflict; please try again", [
    { reason: "FieldManagerConflict", message: 'conflict with "x"', field: ".a" },
  ]);
  expect(isFieldConflict(conflict)).toBe(true);
  expect(isTransient(conflict)).toBe(false);
  expect(isNamespaceMissing(error(404, 'namespaces "x" not found'))).toBe(true);
  expect(isNamespaceMissing(error(404, 'configmaps "x" not found'))).toBe(false);
  const gone = new ApiError(404, JSON.stringify({ reason: "NotFound", message: 'configmaps "x" not found' }));
  expect([isNotFound(gone), isPathMissing(gone)]).toEqual([true, false]);
  const unserved = new ApiError(404, "404 page not found");
  expect([isNotFound(unserved), isPathMissing(unserved)]).toEqual([false, true]);
});

it("says what to check when the server cannot be reached", () => {
  const refused = new UnreachableError("https://x:1", Object.assign(new Error("connect"), { code: "ECONNREFUSED" }));
  expect(refused.message).toMatch(/https:\/\/x:1: connection refused; check/);
});

it("survives an answer that is no Status", () => {
  expect(new ApiError(502, "<html>").message).toBe("<html>");
  expect(new ApiError(502, "").message).toBe("HTTP status 502");
});

it("retries until it works, and no longer than its deadline", async () => {
  const { signal } = new AbortController();
  let tries = 0;
  const flaky = async () => {
    tries++;
    if (tries < 2) throw error(503, "unavailable");
    return "done";
  };
  await expect(retry(flaky, { deadlineMs: Date.now() + 5_000, signal })).resolves.toBe("done");
  await expect(retry(() => Promise.reject(error(503, "still down")), { deadlineMs: Date.now() + 100, signal })).rejects.toThrow(
    "still down",
  );
});
