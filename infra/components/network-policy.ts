import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { names } from "./names.ts";

export interface NetworkPoliciesArgs {
  /** Where requests come from: the edge nodes' own addresses (edge on the node's network), or the edge's pods. */
  edge: { nodeAddresses: readonly string[] } | "pods";
  /** Services that show operators how every pod stands. */
  watching: readonly string[];
  /** Services that reach addresses outside the cluster. */
  reachOutside: readonly string[];
  after: pulumi.Input<pulumi.Resource>[];
}

type Spec = k8s.types.input.networking.v1.NetworkPolicySpec;
type Peer = k8s.types.input.networking.v1.NetworkPolicyPeer;

const component = (name: string) => ({ "app.kubernetes.io/component": name });
const postgresPods = { "cnpg.io/cluster": names.postgresCluster };
const ports = (...numbers: number[]) => numbers.map((port) => ({ protocol: "TCP", port }));
const dns = [53].flatMap((port) => [
  { protocol: "UDP", port },
  { protocol: "TCP", port },
]);
const pods = (matchLabels: Record<string, string>): Peer => ({ podSelector: { matchLabels } });
const namespacePods = (namespace: string, matchLabels: Record<string, string> = {}): Peer => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
  podSelector: { matchLabels },
});
const addressPeers = (addresses: readonly string[]): Peer[] => addresses.map((address) => ({ ipBlock: { cidr: `${address}/32` } }));
/** API servers stand on addresses the program does not know: any address, these ports. */
const apiServerPorts = ports(443, 6443);

/** Nothing may talk but what is named here. Written in every cluster; a pod network without a policy engine does not enforce them. */
export class NetworkPolicies extends pulumi.ComponentResource {
  readonly resources: k8s.networking.v1.NetworkPolicy[] = [];
  private readonly after: pulumi.Input<pulumi.Resource>[];

  constructor(name: string, args: NetworkPoliciesArgs, opts: pulumi.ComponentResourceOptions) {
    super("dsp:platform:NetworkPolicies", name, {}, opts);
    this.after = args.after;
    this.defaults(names.namespace);
    this.postgres();
    this.redis();
    this.services(args);
    this.watchers(args);
    this.policy(names.namespace, names.backup, {
      podSelector: { matchLabels: component(names.backup) },
      policyTypes: ["Egress"],
      egress: [{ to: [pods(postgresPods)], ports: ports(5432) }],
    });
    if (args.edge === "pods") this.edge();
    this.registerOutputs({});
  }

  /** Nothing in, nothing out but questions to the cluster's DNS. */
  private defaults(namespace: string): void {
    this.policy(namespace, "default-deny", { podSelector: {}, policyTypes: ["Ingress", "Egress"] });
    this.policy(namespace, "allow-dns", {
      podSelector: {},
      policyTypes: ["Egress"],
      egress: [{ to: [namespacePods("kube-system", { "k8s-app": "kube-dns" })], ports: dns }],
    });
  }

  private postgres(): void {
    this.policy(names.namespace, "postgres", {
      podSelector: { matchLabels: postgresPods },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        {
          from: [pods(component("service")), pods(component("seed")), pods(component("watcher")), pods(component(names.backup))],
          ports: ports(5432),
        },
        { from: [pods(postgresPods)], ports: ports(5432, 8000) },
        { from: [namespacePods(names.operatorNamespace)], ports: ports(5432, 8000) },
      ],
      egress: [{ to: [pods(postgresPods)], ports: ports(5432, 8000) }, { ports: apiServerPorts }],
    });
  }

  private redis(): void {
    const redisPorts = ports(6379, 26379);
    this.policy(names.namespace, "redis", {
      podSelector: { matchLabels: component("cache") },
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: [pods(component("service")), pods(component("seed")), pods(component("cache"))], ports: redisPorts }],
      egress: [{ to: [pods(component("cache"))], ports: redisPorts }],
    });
  }

  private services(args: NetworkPoliciesArgs): void {
    const edge: Peer[] =
      args.edge === "pods" ? [namespacePods(names.edgeNamespace, component("edge"))] : addressPeers(args.edge.nodeAddresses);
    const toServices = { to: [pods(component("service"))], ports: ports(8443) };
    const toStores: Spec["egress"] = [
      { to: [pods(postgresPods)], ports: ports(5432) },
      { to: [pods(component("cache"))], ports: ports(6379, 26379) },
    ];
    this.policy(names.namespace, "service", {
      podSelector: { matchLabels: component("service") },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        { from: edge, ports: ports(8443, 9090) },
        { from: [pods(component("service")), pods(component("seed"))], ports: ports(8443) },
      ],
      egress: [...toStores, toServices],
    });
    for (const name of args.watching) {
      const watching = { "app.kubernetes.io/name": name, ...component("service") };
      this.policy(names.namespace, `${name}-watching`, {
        podSelector: { matchLabels: watching },
        policyTypes: ["Egress"],
        egress: [
          { to: [pods(component("service"))], ports: ports(9090) },
          { to: [pods(component("watcher"))], ports: ports(8443) },
        ],
      });
      this.policy(names.namespace, `watched-by-${name}`, {
        podSelector: { matchExpressions: [{ key: "app.kubernetes.io/component", operator: "In", values: ["service", "watcher"] }] },
        policyTypes: ["Ingress"],
        ingress: [{ from: [pods(watching)], ports: ports(8443, 9090) }],
      });
    }
    for (const name of args.reachOutside) {
      // Notifications go where their receivers are; the service itself refuses addresses of inside networks.
      this.policy(names.namespace, `${name}-outside`, {
        podSelector: { matchLabels: { "app.kubernetes.io/name": name, ...component("service") } },
        policyTypes: ["Egress"],
        egress: [{ to: [{ ipBlock: { cidr: "0.0.0.0/0" } }], ports: ports(443) }],
      });
    }
    this.policy(names.namespace, "seed", {
      podSelector: { matchLabels: component("seed") },
      policyTypes: ["Egress"],
      egress: [...toStores, toServices],
    });
  }

  /** Their node's kubelet probes them: what comes from a pod's own node, no policy holds off. */
  private watchers(args: NetworkPoliciesArgs): void {
    const edge: Peer[] = args.edge === "pods" ? [] : addressPeers(args.edge.nodeAddresses);
    this.policy(names.namespace, "watcher", {
      podSelector: { matchLabels: component("watcher") },
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: [pods(component("watcher")), ...edge], ports: ports(8443) }],
      egress: [
        { to: [pods(postgresPods)], ports: ports(5432) },
        { to: [pods(component("watcher"))], ports: ports(8443) },
        { ports: apiServerPorts },
      ],
    });
  }

  /** Pods of the edge; where it stands on the node's own network, no policy reaches it. */
  private edge(): void {
    this.defaults(names.edgeNamespace);
    this.policy(names.edgeNamespace, "edge", {
      podSelector: { matchLabels: component("edge") },
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ ports: ports(8080, 8443) }],
      egress: [{ to: [namespacePods(names.namespace, component("service"))], ports: ports(8443, 9090) }],
    });
  }

  private policy(namespace: string, name: string, spec: Spec): void {
    const labels = { "app.kubernetes.io/part-of": "dsp" };
    const args = { metadata: { name, namespace, labels }, spec };
    this.resources.push(new k8s.networking.v1.NetworkPolicy(`${namespace}/${name}`, args, { parent: this, dependsOn: this.after }));
  }
}
