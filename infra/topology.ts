/** What the operator of the platform decides; everything else follows. */
export interface TopologySettings {
  /** Zone values (label topology.kubernetes.io/zone) of the two sites and the witness. */
  sites: { a: string; b: string; witness: string };
  /** Pods of each service in each of the two sites. */
  replicasPerSite: number;
  /** PostgreSQL instances in each of the two sites; the witness always has one. */
  instancesPerSite: number;
}

/** A zone and what it carries. */
export type Placement = Readonly<Record<string, number>>;

/** One element of the platform: where its members stand and how many must be left for it to go on working. */
export interface Element {
  name: string;
  placement: Placement;
  /** Members that must survive any single loss. */
  quorum: number;
  /** Whether two members may share a node. */
  sharesNodes: boolean;
}

export interface Topology {
  sites: readonly [string, string];
  witness: string;
  zones: readonly [string, string, string];
  controlPlanes: number;
  postgres: { instances: number; placement: Placement; synchronousStandbys: number };
  redis: { instances: number; placement: Placement; replicasToWrite: number; sentinelQuorum: number };
  operatorReplicas: number;
  edges: readonly string[];
  serviceReplicas: number;
  elements: readonly Element[];
}

/** The settings cannot give a platform that survives the loss of one site. Lists every reason. */
export class TopologyError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the topology cannot lose a site:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
    this.name = "TopologyError";
    this.problems = problems;
  }
}

/** More than half of `members`. */
export function majority(members: number): number {
  return Math.floor(members / 2) + 1;
}

/**
 * Derives every number of the platform from the settings and asserts the relations between them.
 * @throws TopologyError when a relation does not hold.
 */
export function deriveTopology(settings: TopologySettings): Topology {
  const { a, b, witness } = settings.sites;
  const perSite = settings.instancesPerSite;
  const oneEach: Placement = { [a]: 1, [b]: 1, [witness]: 1 };
  const postgres = {
    instances: 2 * perSite + 1,
    placement: { [a]: perSite, [b]: perSite, [witness]: 1 },
    synchronousStandbys: perSite,
  };
  const redis = { instances: 3, placement: oneEach, replicasToWrite: 1, sentinelQuorum: majority(3) };
  const bothSites: Placement = { [a]: 1, [b]: 1 };
  const services: Placement = { [a]: settings.replicasPerSite, [b]: settings.replicasPerSite };
  const elements: Element[] = [
    { name: "etcd", placement: oneEach, quorum: majority(3), sharesNodes: false },
    // A primary and every standby it must wait for: fewer, and writes hang.
    { name: "postgres", placement: postgres.placement, quorum: 1 + postgres.synchronousStandbys, sharesNodes: false },
    { name: "redis", placement: oneEach, quorum: 1 + redis.replicasToWrite, sharesNodes: false },
    { name: "sentinel", placement: oneEach, quorum: redis.sentinelQuorum, sharesNodes: false },
    // Two votes move the PostgreSQL primary.
    { name: "watcher", placement: oneEach, quorum: majority(3), sharesNodes: false },
    { name: "dns", placement: oneEach, quorum: 1, sharesNodes: false },
    { name: "operator", placement: bothSites, quorum: 1, sharesNodes: false },
    { name: "edge", placement: bothSites, quorum: 1, sharesNodes: false },
    { name: "service", placement: services, quorum: settings.replicasPerSite, sharesNodes: true },
  ];
  const topology: Topology = {
    sites: [a, b],
    witness,
    zones: [a, b, witness],
    controlPlanes: 3,
    postgres,
    redis,
    operatorReplicas: 2,
    edges: [a, b],
    serviceReplicas: 2 * settings.replicasPerSite,
    elements,
  };
  const problems = topologyProblems(topology);
  if (problems.length > 0) throw new TopologyError(problems);
  return topology;
}

/** Every relation of the topology that does not hold, in words. */
export function topologyProblems(topology: Topology): string[] {
  const problems: string[] = [];
  if (new Set(topology.zones).size !== 3) problems.push("the two sites and the witness must be three different zones");
  const { instances, synchronousStandbys, placement } = topology.postgres;
  if (synchronousStandbys < 1) problems.push("PostgreSQL needs at least one synchronous standby");
  for (const zone of topology.zones) {
    // A commit is on 1 + synchronousStandbys instances: were they all in one zone, losing it would lose the commit.
    if ((placement[zone] ?? 0) > synchronousStandbys) {
      problems.push(
        `${zone} holds ${placement[zone]} PostgreSQL instances: a commit on ${1 + synchronousStandbys} of ${instances} could be lost with it`,
      );
    }
  }
  for (const element of topology.elements) {
    for (const zone of topology.zones) {
      const left = members(element) - (element.placement[zone] ?? 0);
      if (left < element.quorum) problems.push(`${element.name}: ${left} left without ${zone}, ${element.quorum} needed`);
    }
  }
  return problems;
}

/** Number of members of an element, over all zones. */
export function members(element: Element): number {
  return Object.values(element.placement).reduce((sum, count) => sum + count, 0);
}
