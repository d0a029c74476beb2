import { expect, it } from "vitest";
import { formatPath, parseServerPath, startsWith } from "./property-path.ts";

it("writes paths as Pulumi does", () => {
  expect(formatPath(["spec", "containers", 0, "image"])).toBe("spec.containers[0].image");
  expect(formatPath(["metadata", "labels", "app.kubernetes.io/name"])).toBe('metadata.labels["app.kubernetes.io/name"]');
  expect(formatPath(["data", 'a"b'])).toBe('data["a\\"b"]');
});

it("reads paths as the API server writes them", () => {
  expect(parseServerPath("spec.template.spec.containers[0].image")).toEqual(["spec", "template", "spec", "containers", 0, "image"]);
  expect(parseServerPath("data[a.b]")).toEqual(["data", "a.b"]);
  expect(parseServerPath(".spec.selector")).toEqual(["spec", "selector"]);
});

it("knows what lies below a path", () => {
  expect(startsWith(["spec", "template", "x"], ["spec", "template"])).toBe(true);
  expect(startsWith(["spec", 3, "x"], ["spec", "*"])).toBe(true);
  expect(startsWith(["spec"], ["spec", "template"])).toBe(false);
});
