import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { names } from "./names.ts";

export interface NamespacesArgs {
  /** The edge holds a node's address and ports where it makes the virtual IP itself; else it is as restricted as the rest. */
  edgePrivileged: boolean;
  /** Drills may break what stands here: the platform's namespace says so, and a drill asks it. */
  drills: boolean;
}

/** Whoever drills refuses a platform without it. */
const drillsLabel = { "dsp.platform/drills": "allowed" };

/** The namespaces with their Pod Security level, and the order in which pods give way. */
export class Namespaces extends pulumi.ComponentResource {
  readonly platform: k8s.core.v1.Namespace;
  readonly edge: k8s.core.v1.Namespace;
  readonly priorities: k8s.scheduling.v1.PriorityClass[];

  constructor(name: string, args: NamespacesArgs, opts: pulumi.ComponentResourceOptions) {
    super("dsp:platform:Namespaces", name, {}, opts);
    this.platform = this.namespace(names.namespace, "restricted", args.drills ? drillsLabel : {});
    this.edge = this.namespace(names.edgeNamespace, args.edgePrivileged ? "privileged" : "restricted");
    this.priorities = [
      this.priority(names.priority.data, 1_000_000, "PostgreSQL and Redis: the last to give way"),
      this.priority(names.priority.edge, 900_000, "The edge: without it nobody reaches anything"),
      this.priority(names.priority.service, 500_000, "The services: each site has enough for all"),
    ];
    this.registerOutputs({});
  }

  private namespace(name: string, level: "restricted" | "privileged", more: Record<string, string> = {}): k8s.core.v1.Namespace {
    const security = Object.fromEntries(["enforce", "audit", "warn"].map((mode) => [`pod-security.kubernetes.io/${mode}`, level]));
    return new k8s.core.v1.Namespace(
      name,
      { metadata: { name, labels: { "app.kubernetes.io/part-of": "dsp", ...security, ...more } } },
      { parent: this },
    );
  }

  private priority(name: string, value: number, description: string): k8s.scheduling.v1.PriorityClass {
    return new k8s.scheduling.v1.PriorityClass(
      name,
      { metadata: { name, labels: { "app.kubernetes.io/part-of": "dsp" } }, value, globalDefault: false, description },
      { parent: this },
    );
  }
}
