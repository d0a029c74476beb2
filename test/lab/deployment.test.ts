/** Pulumi's promises on the standing platform: nothing to change, a second up that is quick, and the same program for a real cluster. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { runCommand } from "../../infra/cli/child-process.ts";
import { toolEnvironment } from "../../infra/lab/environment.ts";
import { paths } from "../../infra/lab/paths.ts";
import { runTool, say, waitForHealth } from "./platform-under-test.ts";

const upMs = 60_000;
const healthTimeoutMs = 6 * 60_000;

interface Preview {
  steps: { op: string; urn: string }[];
  changeSummary: Record<string, number>;
}

beforeAll(() => waitForHealth(healthTimeoutMs), healthTimeoutMs + 30_000);

describe("the lab's stack", () => {
  let previewMs = 0;
  it("has nothing to change", { timeout: 180_000 }, async () => {
    const startedMs = performance.now();
    await runTool("pulumi", ["preview", "--stack", "lab", "--expect-no-changes", "--non-interactive"], 150_000);
    previewMs = performance.now() - startedMs;
  });

  // Under a minute on a quiet machine; on one that others use too, as much more as Pulumi alone takes there.
  it("comes up a second time in little more than Pulumi's own time and changes nothing", { timeout: 180_000 }, async () => {
    const startedMs = performance.now();
    const output = await runTool("./dsp", ["up"], 150_000);
    const tookMs = performance.now() - startedMs;
    say(`a second up took ${Math.round(tookMs / 1_000)} s, a preview alone ${Math.round(previewMs / 1_000)} s`);
    expect(output).toMatch(/✓ platform\s+nothing changed/);
    expect(tookMs).toBeLessThan(Math.max(upMs, 2 * previewMs));
  });
});

describe("the operator's own moves of the primary", () => {
  const reason = "Switching over to pg-2";
  const giveReason = (phaseReason: string) => {
    const patch = ["--type=merge", "--dry-run=server", "--patch", JSON.stringify({ status: { phaseReason } })];
    return runTool("kubectl", ["--namespace", "dsp", "patch", "cluster", "pg", "--subresource", "status", ...patch]);
  };

  it("are refused where the watchers move it, from a node that is being emptied, and only there", async () => {
    const emptied = giveReason(`${reason}, because primary instance was running on unschedulable node dsp-worker`);
    const refusal = expect.stringContaining("the watchers move the primary away from a node that is being emptied");
    await expect(emptied).rejects.toMatchObject({ stderr: refusal });
    expect(await giveReason(reason)).toContain("patched");
  });
});

describe("a stack for a real cluster", () => {
  // The lab's stack as it stands, in a backend of its own: previewed with other settings, nothing of the lab's is touched.
  const folder = mkdtempSync(join(tmpdir(), "dsp-preview-"));
  const settingsFile = join(folder, "Pulumi.cluster.yaml");
  const env = { ...toolEnvironment(), PULUMI_BACKEND_URL: `file://${folder}` };
  const pulumi = (args: readonly string[]) => {
    return runCommand("pulumi", [...args, "--stack", "lab", "--non-interactive"], { cwd: paths.checkout, env, timeoutMs: 150_000 });
  };
  beforeAll(async () => {
    const stateFile = join(folder, "state.json");
    writeFileSync(stateFile, await runTool("pulumi", ["stack", "export", "--stack", "lab"]));
    await pulumi(["stack", "init", "--no-select"]);
    await pulumi(["stack", "import", "--file", stateFile]);
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function writeSettings(changes: Record<string, unknown>): void {
    const lab = parse(readFileSync(paths.stackSettings, "utf8"));
    const kept = Object.fromEntries(
      ["kubeconfig", "context", "images", "operatorManifest", "secrets"].map((key) => [`dsp:${key}`, lab.config[`dsp:${key}`]]),
    );
    const settings = {
      "dsp:kind": "cluster",
      "dsp:sites": { a: "site-a", b: "site-b", witness: "witness" },
      "dsp:publicUrl": "https://dsp.example.org/fhir",
      "dsp:edge": { loadBalancerClass: "example.org/balancer" },
      // What a standing volume cannot change stays the lab's.
      "dsp:storageClass": "standard",
      "dsp:storageSize": "2Gi",
      "dsp:backup": { size: "2Gi" },
    };
    writeFileSync(settingsFile, stringify({ ...lab, config: { ...kept, ...settings, ...changes } }));
  }

  it("previews against the lab's API: the same program, with the cluster's own load balancer", { timeout: 300_000 }, async () => {
    writeSettings({});
    const { steps, changeSummary } = JSON.parse(await pulumi(["preview", "--json", "--config-file", settingsFile])) as Preview;
    // steps name only what changes; the summary counts every resource
    expect(Object.values(changeSummary).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(50);
    const created = steps.filter(({ op }) => op === "create").map(({ urn }) => urn);
    expect(created.some((urn) => /v1:Service::.*edge/.test(urn))).toBe(true);
  });

  it("names every wrong setting at once, before anything is made", { timeout: 120_000 }, async () => {
    writeSettings({
      "dsp:publicUrl": "http://dsp.example.org",
      "dsp:sites": { a: "one", b: "one", witness: "two" },
      "dsp:replicasPerSite": "0",
    });
    const failure = await pulumi(["preview", "--config-file", settingsFile]).then(
      () => undefined,
      (caught) => caught,
    );
    const said = `${failure?.stdout}${failure?.stderr}`;
    expect(said).toMatch(/dsp:publicUrl/);
    expect(said).toMatch(/three different zones/);
    expect(said).toMatch(/dsp:replicasPerSite/);
  });
});
