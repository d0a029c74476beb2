import { fileURLToPath } from "node:url";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";

/** One of each way to bring objects: resources, YAML, charts of both generations, a custom resource with its definition, a patch. */
const config = new pulumi.Config();
const namespace = config.require("namespace");
const opts = { provider: new k8s.Provider("cluster", { kubeconfig: config.require("kubeconfig"), namespace }) };
const chart = fileURLToPath(new URL("chart", import.meta.url));
const group = `${namespace}.example`;

const settings = new k8s.core.v1.ConfigMap("settings", { data: { colour: config.require("colour") } }, opts);
new k8s.core.v1.Secret("password", { metadata: { name: "password" }, stringData: { password: config.requireSecret("password") } }, opts);
const yaml = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: from-yaml, namespace: ${namespace}}\ndata: {mode: "0644"}\n`;
const fromYaml = new k8s.yaml.ConfigGroup("yaml", { yaml }, opts);
new k8s.helm.v3.Chart("third", { path: chart, namespace, values: { colour: "blue" } }, opts);
const values = { colour: "green", password: config.requireSecret("password") };
const fourth = new k8s.helm.v4.Chart("fourth", { chart, namespace, values }, opts);
const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `things.${group}` },
  spec: {
    group,
    scope: "Namespaced",
    names: { plural: "things", kind: "Thing" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
};
const things = new k8s.yaml.v2.ConfigGroup("things", { objs: [definition] }, opts);
new k8s.apiextensions.CustomResource(
  "thing",
  { apiVersion: `${group}/v1`, kind: "Thing", metadata: { name: "thing" }, spec: { size: 3 } },
  { ...opts, dependsOn: things },
);
const patched = fromYaml.getResource("v1/ConfigMap", namespace, "from-yaml").metadata.name;
new k8s.core.v1.ConfigMapPatch("patch", { metadata: { name: patched }, data: { added: "yes" } }, opts);

export const name = settings.metadata.name;
export const uid = settings.metadata.uid;
export const charted = fourth.resources.apply((resources) => resources.length);
