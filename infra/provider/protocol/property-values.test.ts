import fc from "fast-check";
import structMessages from "google-protobuf/google/protobuf/struct_pb.js";
import { expect, it } from "vitest";
import type { JsonObject } from "../json.ts";
import { readProperties, unknownValue, writeProperties } from "./property-values.ts";

const signature = "4dabf18193072939515e22adb298388d";
const secretOf = (value: unknown) => ({ [signature]: "1b47061264138c4ac30d75fd1eb44270", value });
const read = (value: unknown) => readProperties(structMessages.Struct.fromJavaScript(value as never));

it("takes marks off and remembers where they were", () => {
  const found = read({ a: secretOf("x"), b: [1, secretOf({ c: unknownValue })], d: unknownValue });
  expect(found.value).toEqual({ a: "x", b: [1, { c: unknownValue }], d: unknownValue });
  expect(found.secretPaths).toEqual([["a"], ["b", 1]]);
  expect(found.unknownPaths).toEqual([["b", 1, "c"], ["d"]]);
});

it("reads output values and references to resources", () => {
  const output = { [signature]: "d0e6a833031e9bbcd3f4e8bde6ca49a4", value: "v", secret: true };
  const pending = { [signature]: "d0e6a833031e9bbcd3f4e8bde6ca49a4" };
  const reference = { [signature]: "5cf8f73096256a8f31e491e813e4eb8e", urn: "u", id: "namespace/name" };
  const found = read({ output, pending, reference });
  expect(found.value).toEqual({ output: "v", pending: unknownValue, reference: "namespace/name" });
  expect(found.secretPaths).toEqual([["output"]]);
  expect(found.unknownPaths).toEqual([["pending"]]);
});

it("refuses assets and marks it does not know, naming the place", () => {
  expect(() => read({ data: { file: { [signature]: "c44067f5952c0a294b673a41bacd8c17" } } })).toThrow(/^data\.file: .*asset/);
  expect(() => read({ x: { [signature]: "something new" } })).toThrow(/^x: /);
});

it("marks a value once, whether it lies in another secret or is named twice", () => {
  const written = writeProperties({ a: { b: "x", c: "y" } }, [["a"], ["a", "b"], ["a"], ["nowhere"]]).toJavaScript();
  expect(written).toEqual({ a: secretOf({ b: "x", c: "y" }) });
});

it("gives back what it was given, marks included", () => {
  const value = fc.dictionary(
    fc.constantFrom("a", "b", "c"),
    fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string()), fc.dictionary(fc.constantFrom("x", "y"), fc.string())),
  );
  fc.assert(
    fc.property(value, fc.subarray(["a", "b", "c"]), (object, secrets) => {
      const paths = secrets.filter((key) => key in object).map((key) => [key]);
      const found = readProperties(writeProperties(object as JsonObject, paths));
      expect(found.value).toEqual(JSON.parse(JSON.stringify(object)));
      expect(found.secretPaths.map(String).sort()).toEqual(paths.map(String).sort());
    }),
  );
});
