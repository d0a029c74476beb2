import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Dependencies } from "./chart.ts";
import { names } from "./names.ts";
import { type KubernetesObject, type OperatorShape, shapeOperator } from "./operator-manifest.ts";

export interface OperatorArgs extends OperatorShape {
  /** CloudNativePG's release manifest. */
  manifest: readonly KubernetesObject[];
  after: Dependencies;
}

/** The CloudNativePG operator from its own release manifest, twice over the two sites. */
export class Operator extends pulumi.ComponentResource {
  /** What a PostgreSQL cluster waits for: the operator runs and its webhooks answer. */
  readonly ready: pulumi.Output<pulumi.Resource[]>;

  constructor(name: string, args: OperatorArgs, opts: pulumi.ComponentResourceOptions) {
    super("dsp:platform:Operator", name, {}, opts);
    const { definitions, rest } = shapeOperator(args.manifest, args);
    const first = this.group(`${name}-definitions`, definitions, []);
    const namespace = this.group(`${name}-namespace`, rest.filter(isNamespace), []);
    const resources = this.group(
      `${name}-resources`,
      rest.filter((object) => !isNamespace(object)),
      [first, namespace, ...args.after],
    );
    const budget = new k8s.policy.v1.PodDisruptionBudget(
      `${name}-budget`,
      {
        metadata: { name: "cnpg-controller-manager", namespace: names.operatorNamespace, labels: { "app.kubernetes.io/part-of": "dsp" } },
        spec: { maxUnavailable: 1, selector: { matchLabels: { "app.kubernetes.io/name": "cloudnative-pg" } } },
      },
      { parent: this, dependsOn: namespace },
    );
    this.ready = pulumi.all([resources, first]).apply(([made, definitionsMade]) => [...made, ...definitionsMade, budget]);
    this.registerOutputs({});
  }

  private group(name: string, objects: readonly KubernetesObject[], after: Dependencies): pulumi.Output<pulumi.Resource[]> {
    const dependsOn = pulumi.all(after).apply((lists) => lists.flat());
    const wait = (_object: unknown, childOpts: pulumi.CustomResourceOptions) => {
      childOpts.dependsOn = dependsOn;
    };
    const group = new k8s.yaml.ConfigGroup(name, { objs: structuredClone([...objects]), transformations: [wait] }, { parent: this });
    return group.resources.apply((made) => Object.values(made));
  }
}

function isNamespace(object: KubernetesObject): boolean {
  return object.kind === "Namespace";
}
