import { expect, it } from "vitest";
import { importedInputs, select } from "./imported-inputs.ts";

it("selects what sets of fields name", () => {
  const value = {
    a: { b: 1, c: 2 },
    list: [
      { name: "x", image: "1", other: 1 },
      { name: "y", image: "2", other: 2 },
    ],
    plain: ["p", "q"],
    rest: 1,
  };
  const set = {
    "f:a": { "f:b": {} },
    "f:list": { 'k:{"name":"x"}': { ".": {}, "f:name": {}, "f:image": {} } },
    "f:plain": { 'v:"q"': {} },
  };
  expect(select(value, [set])).toEqual({ a: { b: 1 }, list: [{ name: "x", image: "1" }], plain: ["q"] });
});

const live = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "n", namespace: "s", uid: "u", resourceVersion: "1", labels: { a: "b" } },
  data: { x: "y" },
  status: {},
};
const identity = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "n", namespace: "s" } };

it("prefers what kubectl last applied", () => {
  const annotations = { "kubectl.kubernetes.io/last-applied-configuration": JSON.stringify({ ...identity, data: { only: "this" } }) };
  expect(importedInputs({ ...live, metadata: { ...live.metadata, annotations } })).toEqual({ ...identity, data: { only: "this" } });
});

it("else takes what was applied server-side, else all but the server's own", () => {
  const managedFields = [{ operation: "Apply", fieldsV1: { "f:data": { "f:x": {} } } }];
  expect(importedInputs({ ...live, metadata: { ...live.metadata, managedFields } })).toEqual({ ...identity, data: { x: "y" } });
  expect(importedInputs(live)).toEqual({ ...identity, metadata: { ...identity.metadata, labels: { a: "b" } }, data: { x: "y" } });
});
