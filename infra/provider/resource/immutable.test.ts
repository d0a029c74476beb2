import { expect, it } from "vitest";
import { ApiError } from "../api/api-error.ts";
import type { JsonObject } from "../json.ts";
import { changesBetween } from "./changes.ts";
import { certainReplacements, changesGroup, isImmutableRefusal, knownImmutable, refusedChanges } from "./immutable.ts";

const paths = (changes: { path: readonly (string | number)[] }[]) => changes.map((change) => change.path.join("."));

function known(before: JsonObject, after: JsonObject): string[] {
  return paths(knownImmutable(before, after, changesBetween(before, after)));
}

it.each<[string, JsonObject, JsonObject, string[]]>([
  ["a Job's template", { spec: { template: { x: 1 } } }, { spec: { template: { x: 2 } } }, ["spec.template.x"]],
  ["a Job's parallelism", { spec: { parallelism: 1 } }, { spec: { parallelism: 2 } }, []],
])("knows whether %s can change", (_, before, after, expected) => {
  const job = { apiVersion: "batch/v1", kind: "Job" };
  expect(known({ ...job, ...before }, { ...job, ...after })).toEqual(expected);
});

it("lets a Service's address be left to the server, not be changed", () => {
  const service = (spec: JsonObject) => ({ apiVersion: "v1", kind: "Service", spec });
  expect(known(service({ clusterIP: "10.0.0.1" }), service({ clusterIP: "10.0.0.2" }))).toEqual(["spec.clusterIP"]);
  expect(known(service({ clusterIP: "10.0.0.1" }), service({}))).toEqual([]);
  expect(known(service({}), service({ clusterIP: "10.0.0.2" }))).toEqual([]);
});

it("replaces another name, and contents with a made name", () => {
  const before = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { x: "1" } };
  const replaced = (after: JsonObject, isAutonamed: boolean, isMutable = false) =>
    paths(certainReplacements(before, after, changesBetween(before, after), { isAutonamed, isMutable }));
  expect(replaced({ ...before, metadata: { name: "b" } }, false)).toEqual(["metadata.name"]);
  expect(replaced({ ...before, data: { x: "2" } }, true)).toEqual(["data.x"]);
  expect(replaced({ ...before, data: { x: "2" } }, true, true)).toEqual([]);
  expect(replaced({ ...before, data: { x: "2" } }, false)).toEqual([]);
});

it("replaces an immutable ConfigMap whose contents change", () => {
  const before = { apiVersion: "v1", kind: "ConfigMap", immutable: true, data: { x: "1" } };
  const changes = changesBetween(before, { ...before, data: { x: "2" } });
  expect(paths(certainReplacements(before, before, changes, { isAutonamed: false, isMutable: true }))).toEqual(["data.x"]);
});

it("tells another group from another version", () => {
  expect(changesGroup({ apiVersion: "extensions/v1beta1" }, { apiVersion: "networking.k8s.io/v1" })).toBe(true);
  expect(changesGroup({ apiVersion: "apps/v1beta1" }, { apiVersion: "apps/v1" })).toBe(false);
});

function refusal(message: string, field: string, status = 422): ApiError {
  return new ApiError(
    status,
    JSON.stringify({ message: `x is invalid: ${message}`, details: { causes: [{ reason: "FieldValueInvalid", message, field }] } }),
  );
}

it.each([
  "Invalid value: {}: field is immutable",
  "Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden",
  "Forbidden: spec is immutable after creation except resources.requests",
  'Invalid value: "None": may not change once set',
  "Invalid value: cannot change roleRef",
])("understands the server's refusal: %s", (message) => {
  expect(isImmutableRefusal(refusal(message, "spec"))).toBe(true);
});

it("does not take other refusals for it", () => {
  expect(isImmutableRefusal(refusal("Invalid value: must be between 1 and 65535", "spec.ports[0].port"))).toBe(false);
  expect(isImmutableRefusal(refusal("field is immutable", "spec", 500))).toBe(false);
});

it("finds the changes a refusal speaks of", () => {
  const changes = changesBetween({ spec: { selector: { a: "1" }, replicas: 1 } }, { spec: { selector: { a: "2" }, replicas: 2 } });
  expect(paths(refusedChanges(refusal("field is immutable", "spec.selector"), changes))).toEqual(["spec.selector.a"]);
  expect(paths(refusedChanges(refusal("field is immutable", "elsewhere"), changes))).toEqual(["spec.selector.a", "spec.replicas"]);
});
