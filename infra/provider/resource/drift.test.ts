import { expect, it } from "vitest";
import { driftedInputs } from "./drift.ts";

it("keeps the inputs' spelling where nothing drifted", () => {
  const inputs = { spec: { cpu: "1000m", list: [{ a: 1 }] } };
  const live = { spec: { cpu: "1", list: [{ a: 1, added: true }], defaulted: "x" }, status: { a: 1 } };
  expect(driftedInputs(inputs, { ...live, status: { a: 2 } }, live)).toEqual(inputs);
});

it("takes over what changed, drops what is gone, and adds nothing", () => {
  const inputs = { metadata: { labels: { a: "1", b: "2" } }, spec: { replicas: 1 } };
  const applied = { metadata: { labels: { a: "1", b: "2", other: "x" } }, spec: { replicas: 1, more: 1 } };
  const live = { metadata: { labels: { a: "changed", other: "x" } }, spec: { replicas: 5, more: 2 } };
  expect(driftedInputs(inputs, applied, live)).toEqual({ metadata: { labels: { a: "changed" } }, spec: { replicas: 5 } });
});

it("compares lists item by item while they match, else shows the live one", () => {
  const inputs = { list: [{ name: "a", image: "1" }] };
  const applied = { list: [{ name: "a", image: "1", policy: "Always" }] };
  expect(driftedInputs(inputs, applied, { list: [{ name: "a", image: "2", policy: "Always" }] })).toEqual({
    list: [{ name: "a", image: "2" }],
  });
  const longer = {
    list: [
      { name: "a", image: "2" },
      { name: "b", image: "3" },
    ],
  };
  expect(driftedInputs(inputs, applied, longer)).toEqual(longer);
});

it("looks behind a Secret's stringData", () => {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const inputs = { kind: "Secret", stringData: { kept: "1", changed: "2", gone: "3" } };
  const applied = { kind: "Secret", data: { kept: base64("1"), changed: base64("2"), gone: base64("3") } };
  const live = { kind: "Secret", data: { kept: base64("1"), changed: base64("x") } };
  expect(driftedInputs(inputs, applied, live)).toEqual({ kind: "Secret", stringData: { kept: "1", changed: "x" } });
});
