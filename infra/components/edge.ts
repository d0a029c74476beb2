import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { allOf, type Dependencies, ownChart } from "./chart.ts";
import { names } from "./names.ts";

/** The two ways the edges are reached. */
export type EdgeReach =
  | {
      mode: "virtual-ip";
      virtualIp: string;
      prefixLength: number;
      interface: string;
      routerId: number;
      peers: readonly string[];
      voters: Readonly<Record<string, readonly string[]>>;
    }
  | { mode: "load-balancer"; loadBalancerClass: string | undefined; loadBalancerAnnotations: Readonly<Record<string, string>> };

/** A path of the public address and the service behind it. */
export interface Route {
  service: string;
  path: string;
  /** Pods of it that run at most at once, an upgrade's surplus included. */
  podsMax: number;
}

export interface EdgeArgs {
  sites: readonly [string, string];
  image: string;
  reach: EdgeReach;
  routes: readonly Route[];
  /** Where a browser that asks for `/` is sent. */
  home: string;
  secretsChecksum: pulumi.Input<string>;
  /** Values that a weakened platform has otherwise, for the test of the drills. */
  weakened: Record<string, unknown>;
  after: Dependencies;
}

/** The edge: HAProxy in both sites, with a virtual IP of their own or behind the cluster's load balancer. Changed one site after the other. */
export class Edge extends pulumi.ComponentResource {
  readonly ready: pulumi.Output<pulumi.Resource[]>;

  constructor(name: string, args: EdgeArgs, opts: pulumi.ComponentResourceOptions) {
    if (args.routes.length === 0) throw new Error("an edge needs at least one route");
    super("dsp:platform:Edge", name, {}, opts);
    const [first, second] = args.sites;
    const firstReady = allOf(this.site(first, 0, args, args.after));
    const secondReady = allOf(this.site(second, 1, args, [...args.after, firstReady]));
    this.ready = pulumi.all([firstReady, secondReady]).apply((both) => both.flat());
    this.registerOutputs({});
  }

  private site(site: string, index: number, args: EdgeArgs, after: Dependencies): k8s.helm.v3.Chart {
    return ownChart(
      `edge-${site}`,
      {
        chart: "edge",
        namespace: names.edgeNamespace,
        after,
        values: {
          image: args.image,
          priorityClassName: names.priority.edge,
          site,
          mode: args.reach.mode,
          certificateSecret: names.edgeCertificate,
          serviceCaSecret: names.serviceCa,
          home: args.home,
          secretChecksum: args.secretsChecksum,
          services: args.routes.map((route) => ({
            name: route.service,
            namespace: names.namespace,
            port: 8443,
            checkPort: 9090,
            path: route.path,
            slots: 2 * route.podsMax,
            connectionsMax: 200,
          })),
          ...reachValues(args.reach, site, index),
          ...args.weakened,
        },
      },
      { parent: this },
    );
  }
}

function reachValues(reach: EdgeReach, site: string, index: number): Record<string, unknown> {
  if (reach.mode === "load-balancer") {
    return {
      replicas: 2,
      loadBalancer: { create: index === 0, class: reach.loadBalancerClass ?? "", annotations: reach.loadBalancerAnnotations },
    };
  }
  const elsewhere = Object.entries(reach.voters)
    .filter(([zone]) => zone !== site)
    .flatMap(([, addresses]) => addresses);
  return {
    voters: elsewhere,
    watcher: { host: `${names.watcher}-${site}.${names.namespace}.svc`, port: 8443 },
    virtualIp: {
      address: reach.virtualIp,
      prefixLength: reach.prefixLength,
      interface: reach.interface,
      routerId: reach.routerId,
      peers: reach.peers,
      // High ones wait least before they take over: a 256th of the interval for each step below 256.
      priority: 250 - index,
    },
  };
}
