import { expect, it } from "vitest";
import { readSettings } from "./settings.ts";

it("reads flags as the SDK sends them, and from the environment", () => {
  const { settings, failures, warnings } = readSettings(
    { kubeconfig: "/x", deleteUnreachable: "true", version: "4.34.2" },
    { PULUMI_K8S_ENABLE_PATCH_FORCE: "true" },
  );
  expect(settings).toMatchObject({ kubeconfig: "/x", deleteUnreachable: true, enablePatchForce: true, skipUpdateUnreachable: false });
  expect([failures, warnings]).toEqual([[], []]);
});

it("reports all that is wrong at once, and says politely what it does not know", () => {
  const { failures, warnings } = readSettings(
    { context: 3, deleteUnreachable: "maybe", renderYamlToDirectory: "out", colour: "red", enableServerSideApply: "false" },
    {},
  );
  expect(failures.map((failure) => failure.property).sort()).toEqual(["context", "deleteUnreachable", "renderYamlToDirectory"]);
  expect(warnings.join("\n")).toMatch(/no setting "colour"[\s\S]*always applies server-side/);
});
