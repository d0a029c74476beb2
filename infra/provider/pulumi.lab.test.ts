import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { TestCluster } from "./testing/test-cluster.ts";

const run = promisify(execFile);
const cluster = new TestCluster();
const password = "sesame-open-now";
const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url));
let home: string;

// Each command starts a language host and a provider.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

/** Runs Pulumi's own command on the program in testing/program, with a state of its own and this provider first on PATH. */
async function pulumi(...args: string[]): Promise<string> {
  const env = {
    ...process.env,
    PATH: [folder("bin"), folder("../../node_modules/.bin"), process.env.PATH].join(delimiter),
    PULUMI_HOME: home,
    PULUMI_BACKEND_URL: `file://${home}`,
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_CONFIG_PASSPHRASE_FILE: "",
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
  const options = ["--cwd", join(home, "program"), "--stack", "test", "--non-interactive"];
  const { stdout } = await run("pulumi", [...args, ...options], { env, maxBuffer: 64 * 1024 * 1024 }).catch(
    (error: Error & { code?: string; stdout?: string }) => {
      if (error.code === "ENOENT") throw new Error("pulumi is not on PATH: run this test with ./dsp test, or inside ./dsp shell");
      throw new Error(`${error.message}\n${error.stdout ?? ""}`);
    },
  );
  return stdout;
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "provider-pulumi-"));
  await cluster.start();
  // A copy: Pulumi writes the stack's configuration beside the program.
  await cp(folder("testing/program"), join(home, "program"), { recursive: true });
  await symlink(folder("../../node_modules"), join(home, "node_modules"));
  await writeFile(join(home, "package.json"), '{"type": "module"}');
  await pulumi("stack", "init");
  const settings = { namespace: cluster.namespace, kubeconfig: cluster.kubeconfig, colour: "red" };
  for (const [key, value] of Object.entries(settings)) await pulumi("config", "set", key, value);
  await pulumi("config", "set", "--secret", "password", password);
});

afterAll(async () => {
  await pulumi("destroy", "--yes", "--skip-preview");
  await cluster.stop();
  await rm(home, { recursive: true, force: true });
});

it("previews, deploys, finds nothing more to do, and keeps secrets out of the state", async () => {
  expect(await pulumi("preview")).toMatch(/to create/);
  await pulumi("up", "--yes", "--skip-preview");
  const outputs = JSON.parse(await pulumi("stack", "output", "--json"));
  expect(outputs).toMatchObject({
    name: expect.stringMatching(/^settings-[0-9a-f]{7}$/),
    charted: 1,
    uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
  expect((await cluster.get("v1", "ConfigMap", "fourth"))?.data).toMatchObject({ colour: "green", url: `postgres://dsp:${password}@pg` });
  expect((await cluster.get("v1", "ConfigMap", "from-yaml"))?.data).toEqual({ mode: "0644", added: "yes" });
  expect(await cluster.get(`${cluster.namespace}.example/v1`, "Thing", "thing")).toBeDefined();
  await pulumi("preview", "--expect-no-changes");
  const state = await pulumi("stack", "export");
  expect(state).not.toContain(password);
  expect(state).not.toContain(Buffer.from(password).toString("base64"));
});

it("sees drift in a refresh and puts it right", async () => {
  await pulumi("refresh", "--yes", "--expect-no-changes");
  await cluster.apply({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "third", namespace: cluster.namespace },
    data: { colour: "black" },
  });
  expect(await pulumi("refresh", "--yes", "--diff")).toMatch(/colour: "blue" => "black"/);
  await expect(pulumi("up", "--yes", "--skip-preview")).rejects.toThrow(/other field managers own \.data\.colour \(somebody-else\)/);
  await cluster.remove("v1", "ConfigMap", "third");
  await pulumi("refresh", "--yes");
  await pulumi("up", "--yes", "--skip-preview");
  expect((await cluster.get("v1", "ConfigMap", "third"))?.data).toMatchObject({ colour: "blue" });
});

it("rolls a changed ConfigMap with a made name over", async () => {
  const before = await pulumi("stack", "output", "name");
  await pulumi("config", "set", "colour", "yellow");
  expect(await pulumi("up", "--yes", "--skip-preview")).toMatch(/1 replaced/);
  const after = (await pulumi("stack", "output", "name")).trim();
  expect(after).not.toBe(before.trim());
  expect(await cluster.get("v1", "ConfigMap", before.trim())).toBeUndefined();
  expect((await cluster.get("v1", "ConfigMap", after))?.data).toEqual({ colour: "yellow" });
});
