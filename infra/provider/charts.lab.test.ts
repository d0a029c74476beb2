import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listAt, stringAt } from "./json.ts";
import { ProviderClient } from "./testing/provider-client.ts";
import { TestCluster } from "./testing/test-cluster.ts";

const cluster = new TestCluster();
const provider = new ProviderClient();
let chart: string;

const files: Record<string, string> = {
  "Chart.yaml": "apiVersion: v2\nname: sample\nversion: 0.1.0\n",
  "values.yaml": "colour: red\n",
  "crds/gadgets.yaml":
    "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: gadgets.sample.example}\nspec: {group: sample.example, scope: Cluster, names: {kind: Gadget, plural: gadgets}}\n",
  "templates/settings.yaml":
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: {colour: {{ .Values.colour | quote }}, release: {{ .Release.Namespace }}, crds: {{ .Capabilities.APIVersions.Has "apiextensions.k8s.io/v1" | quote }}}\n',
  "templates/role.yaml": "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: sample}\nrules: []\n",
  "templates/gadget.yaml": "apiVersion: sample.example/v1\nkind: Gadget\nmetadata: {name: sample}\n",
  "templates/hook.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hook, annotations: {helm.sh/hook: pre-install}}\n",
  "templates/tests/test.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: test, annotations: {helm.sh/hook: test}}\n",
};

beforeAll(async () => {
  await cluster.start();
  await provider.start({ kubeconfig: cluster.kubeconfig, namespace: cluster.namespace });
  chart = await mkdtemp(join(tmpdir(), "provider-chart-"));
  for (const folder of ["crds", "templates/tests"]) await mkdir(join(chart, folder), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(chart, name), text);
});

afterAll(async () => {
  provider.stop();
  await cluster.stop();
  await rm(chart, { recursive: true, force: true });
});

async function render(options: Record<string, unknown>) {
  const { result } = await provider.invoke("kubernetes:helm:template", {
    jsonOpts: JSON.stringify({ release_name: "mine", path: chart, ...options }),
  });
  const objects = listAt(result);
  const find = (kind: string, name: string) =>
    objects.find((object) => stringAt(object, "kind") === kind && stringAt(object, "metadata", "name") === name);
  return { objects, find };
}

describe("kubernetes:helm:template", () => {
  it("renders a local chart with values, namespace and what the cluster can do", async () => {
    const { find } = await render({ namespace: "elsewhere", values: { colour: "blue" } });
    expect(find("ConfigMap", "mine")).toMatchObject({
      metadata: { namespace: "elsewhere" },
      data: { colour: "blue", release: "elsewhere", crds: "true" },
    });
    expect(find("ClusterRole", "sample")).toMatchObject({ metadata: { name: "sample" } });
    expect(stringAt(find("ClusterRole", "sample"), "metadata", "namespace")).toBeUndefined();
  });

  it("brings definitions, whose kinds it then knows to be cluster-scoped, and hooks, but no tests, unless asked otherwise", async () => {
    const usual = await render({});
    expect(usual.find("CustomResourceDefinition", "gadgets.sample.example")).toBeDefined();
    expect(stringAt(usual.find("Gadget", "sample"), "metadata", "namespace")).toBeUndefined();
    expect(usual.find("ConfigMap", "hook")).toBeDefined();
    expect(usual.find("Pod", "test")).toBeUndefined();
    await expect.poll(() => provider.logs.some((log) => /Helm hooks are deployed as ordinary objects/.test(log.message))).toBe(true);
    const other = await render({ skip_crd_rendering: true, include_test_hook_resources: true });
    expect(other.find("CustomResourceDefinition", "gadgets.sample.example")).toBeUndefined();
    expect(other.find("Pod", "test")).toBeDefined();
  });

  it("says what is wrong with a chart, and when there is no helm", async () => {
    await expect(render({ path: "/nowhere/chart" })).rejects.toThrow(/helm could not render the chart: .*\/nowhere\/chart/s);
    const { PATH } = process.env;
    process.env.PATH = "/nowhere";
    await expect(render({})).rejects.toThrow(/helm is not on PATH/);
    process.env.PATH = PATH;
  });
});

describe("other functions", () => {
  it("decode YAML", async () => {
    const text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: b}\n";
    const { result } = await provider.invoke("kubernetes:yaml:decode", { text });
    expect(listAt(result).map((object) => stringAt(object, "kind"))).toEqual(["ConfigMap", "Secret"]);
    await expect(provider.invoke("kubernetes:yaml:decode", { text: "a: [" })).rejects.toThrow(/not valid YAML/);
  });

  it("are refused by name when there is no such", async () => {
    await expect(provider.invoke("kubernetes:kustomize:directory", {})).rejects.toThrow(/no function kubernetes:kustomize:directory/);
  });
});
