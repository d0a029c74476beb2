import { readFile } from "node:fs/promises";
import { parseAllDocuments } from "yaml";
import { names } from "./names.ts";

/** A Kubernetes object as a manifest gives it. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  spec?: Record<string, unknown>;
}

/** How the operator is run here. */
export interface OperatorShape {
  image: string;
  imagePullPolicy: "IfNotPresent" | "Always";
  replicas: number;
  /** The zones it may stand in, one replica in each. */
  zones: readonly string[];
  priorityClassName: string;
}

interface Deployment extends KubernetesObject {
  spec: { replicas: number; strategy?: unknown; template: { spec: PodSpec } };
}

interface PodSpec extends Record<string, unknown> {
  containers: Container[];
}

interface Container extends Record<string, unknown> {
  image: string;
  args: string[];
  env: { name: string; value?: string }[];
}

/**
 * Reads CloudNativePG's release manifest from a file or an https address.
 * @throws when it cannot be read, is no YAML or has no operator in it.
 */
export async function loadManifest(source: string): Promise<KubernetesObject[]> {
  const text = /^https?:/.test(source) ? await download(source) : await readFile(source, "utf8");
  const objects = parseAllDocuments(text)
    .map((document) => {
      if (document.errors.length > 0) throw new Error(`dsp:operatorManifest (${source}) is no YAML: ${document.errors[0]?.message}`);
      return document.toJS() as KubernetesObject | null;
    })
    .filter((object) => object !== null);
  if (!objects.some(isDeployment))
    throw new Error(`dsp:operatorManifest (${source}) has no Deployment: it must be CloudNativePG's release manifest`);
  return objects;
}

async function download(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  if (!response.ok) throw new Error(`dsp:operatorManifest: ${url} answered ${response.status} ${response.statusText}`);
  return await response.text();
}

/** Splits the manifest into definitions, which come first, and the rest, with the operator as it is to run here. Changes nothing given. */
export function shapeOperator(
  manifest: readonly KubernetesObject[],
  shape: OperatorShape,
): { definitions: KubernetesObject[]; rest: KubernetesObject[] } {
  const definitions = manifest.filter((object) => object.kind === "CustomResourceDefinition").map(withoutDescriptions);
  const rest = manifest
    .filter((object) => object.kind !== "CustomResourceDefinition")
    .map((object) => {
      if (isDeployment(object)) return shapeDeployment(object, shape);
      if (object.kind === "Namespace") return restrict(object);
      return object;
    });
  return { definitions, rest };
}

/**
 * A definition without its schema's prose: two thirds of its size, which every preview and the stack's state would carry. What is
 * accepted stays the same; `kubectl explain` says less.
 */
function withoutDescriptions(definition: KubernetesObject): KubernetesObject {
  return stripProse(definition, false) as KubernetesObject;
}

function stripProse(value: unknown, namesProperties: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => stripProse(item, false));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      // Under `properties` a key is a field's name, and a field may be called "description".
      .filter(([key, content]) => namesProperties || key !== "description" || typeof content !== "string")
      .map(([key, content]) => [key, stripProse(content, key === "properties" && !namesProperties)]),
  );
}

function isDeployment(object: KubernetesObject): object is Deployment {
  return object.kind === "Deployment";
}

/** The operator's pods already are what Pod Security "restricted" asks for. */
function restrict(namespace: KubernetesObject): KubernetesObject {
  const labels = { ...namespace.metadata.labels, "app.kubernetes.io/part-of": "dsp", "pod-security.kubernetes.io/enforce": "restricted" };
  return { ...namespace, metadata: { ...namespace.metadata, labels } };
}

function shapeDeployment(deployment: Deployment, shape: OperatorShape): Deployment {
  const pod = deployment.spec.template.spec;
  const selector = { matchLabels: { "app.kubernetes.io/name": "cloudnative-pg" } };
  const shaped: PodSpec = {
    ...pod,
    containers: pod.containers.map((container) => shapeContainer(container, shape)),
    priorityClassName: shape.priorityClassName,
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: "topology.kubernetes.io/zone", operator: "In", values: [...shape.zones] }] }],
        },
      },
    },
    // Counted for each revision: one replica a site, also while an upgrade runs.
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: "topology.kubernetes.io/zone",
        whenUnsatisfiable: "DoNotSchedule",
        labelSelector: selector,
        matchLabelKeys: ["pod-template-hash"],
      },
    ],
    tolerations: ["unreachable", "not-ready"].map((taint) => ({
      key: `node.kubernetes.io/${taint}`,
      operator: "Exists",
      effect: "NoExecute",
      tolerationSeconds: 2,
    })),
  };
  return {
    ...deployment,
    metadata: { ...deployment.metadata, namespace: names.operatorNamespace },
    spec: {
      ...deployment.spec,
      replicas: shape.replicas,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: { ...deployment.spec.template, spec: shaped },
    },
  };
}

/** Quick to take over from a lost leader (4/3 s), and to leave an API server that has gone silent (2 s; Go's default is 45). */
function shapeContainer(container: Container, shape: OperatorShape): Container {
  return {
    ...container,
    image: shape.image,
    imagePullPolicy: shape.imagePullPolicy,
    args: [...container.args, "--leader-lease-duration=4", "--leader-renew-deadline=3"],
    env: [
      ...container.env.map((variable) =>
        variable.name === "OPERATOR_IMAGE_NAME" ? { name: variable.name, value: shape.image } : variable,
      ),
      { name: "HTTP2_READ_IDLE_TIMEOUT_SECONDS", value: "2" },
      { name: "HTTP2_PING_TIMEOUT_SECONDS", value: "2" },
      // Given to the instances: a standby leaves a silent primary's connection after this.
      { name: "STANDBY_TCP_USER_TIMEOUT", value: "2000" },
    ],
    // The release's limit of a tenth of a core slows the very moment it is there for.
    resources: { requests: { cpu: "50m", memory: "100Mi" }, limits: { memory: "256Mi" } },
  };
}
