import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type GoModule, goModules, versions } from "./catalogue.ts";
import { isAtLeast } from "./toolchain.ts";

test.each([
  ["1.26.8", "1.26.8", true],
  ["1.27", "1.26.8", true],
  ["1.26.10", "1.26.8", true],
  ["1.26", "1.26.8", false],
  ["1.9.9", "1.26.8", false],
])("Go %s is at least %s: %s", (have, need, answer) => {
  expect(isAtLeast(have, need)).toBe(answer);
});

/** The version go.mod asks for, by module path. */
function requiredVersions(folder: string): Map<string, string> {
  const text = readFileSync(join(import.meta.dirname, "toolchain", folder, "go.mod"), "utf8");
  return new Map([...text.matchAll(/^\s*(?:require )?(\S+) (v\S+)/gm)].map((match) => [match[1] ?? "", match[2] ?? ""]));
}

test("the catalogue's versions are those that go.mod pins", () => {
  const platform = requiredVersions("platform");
  expect(platform.get("k8s.io/kubernetes")).toBe(versions.kubernetes);
  expect(platform.get("sigs.k8s.io/kind")).toBe(versions.kind);
  expect(platform.get("helm.sh/helm/v4")).toBe(versions.helm);
  expect(platform.get("github.com/cloudnative-pg/cloudnative-pg")).toBe(`v${versions.cloudNativePg}`);
  expect(requiredVersions("containerd").get("github.com/containerd/containerd/v2")).toBe(versions.containerd);
  expect(requiredVersions("pulumi").get("github.com/pulumi/pulumi/pkg/v3")).toBe(versions.pulumi);
  expect(requiredVersions("k6").get("go.k6.io/k6")).toBe(versions.k6);
});

test("every module has sums, and no two build the same binary", () => {
  const modules: GoModule[] = Object.values(goModules);
  for (const { folder } of modules) expect(existsSync(join(import.meta.dirname, "toolchain", folder, "go.sum"))).toBe(true);
  const names = modules.flatMap(({ builds }) => builds.map(({ name }) => name));
  expect(new Set(names).size).toBe(names.length);
});

test("the Pulumi SDK of the program is the CLI's version", () => {
  const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  expect(`v${manifest.dependencies["@pulumi/pulumi"]}`).toBe(versions.pulumi);
});
