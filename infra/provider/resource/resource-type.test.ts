import { expect, it } from "vitest";
import { parseResourceType, resourceNameOf, typeTokenOf, unsupportedReason } from "./resource-type.ts";

it("reads URNs, chains of types and odd names included", () => {
  const urn = "urn:pulumi:lab::dsp::dsp:Edge$kubernetes:apps/v1:Deployment::a::b";
  expect(typeTokenOf(urn)).toBe("kubernetes:apps/v1:Deployment");
  expect(resourceNameOf(urn)).toBe("a::b");
  expect(() => typeTokenOf("nonsense")).toThrow(/not a Pulumi URN/);
});

it("reads type tokens", () => {
  expect(parseResourceType("kubernetes:core/v1:Pod")).toMatchObject({ apiVersion: "v1", kind: "Pod", isPatch: false });
  expect(parseResourceType("kubernetes:apps/v1:DeploymentPatch", "Deployment")).toMatchObject({ kind: "Deployment", isPatch: true });
  expect(parseResourceType("kubernetes:example.com/v1:OilPatch", "OilPatch")).toMatchObject({ kind: "OilPatch", isPatch: false });
  expect(() => parseResourceType("aws:s3:Bucket")).toThrow(/kubernetes package/);
});

it("refuses what is no object, but not custom kinds whose name ends in List", () => {
  expect(unsupportedReason("kubernetes:core/v1:PodList")).toMatch(/lists are not supported/);
  expect(unsupportedReason("kubernetes:rbac.authorization.k8s.io/v1:RoleList")).toMatch(/lists are not supported/);
  expect(unsupportedReason("kubernetes:example.com/v1:AllowList")).toBeUndefined();
  expect(unsupportedReason("kubernetes:helm.sh/v3:Release")).toMatch(/Chart/);
});
