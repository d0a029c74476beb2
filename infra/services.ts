/** One of the platform's services: its name is its PostgreSQL role and schema, its Deployment and its folder in services/. */
export interface ServiceSpec {
  name: string;
  /** Its path at the public address. */
  path: string;
  /** Connections that one pod may have to the PostgreSQL primary. */
  poolMax: number;
  /** What one pod of it needs of a processor at least, and its share where all want it. */
  cpuRequest: string;
  /** Whether it has synthetic data to sow: `services/<name>/seed.ts`. */
  seeds: boolean;
  /** Whether it signs tokens and knows the other services' keys. */
  isIssuer: boolean;
  /** Whether it calls other services, with a key of its own. */
  calls: boolean;
  /** Whether it shows operators how the platform stands: it asks every pod. */
  watches: boolean;
  /** Whether it reaches addresses outside the platform. */
  reachesOutside: boolean;
}

/** What most of them are. */
const ordinary = {
  poolMax: 3,
  cpuRequest: "80m",
  seeds: true,
  isIssuer: false,
  calls: true,
  watches: false,
  reachesOutside: false,
};

/** In the order in which a request's path is compared. */
export const platformServices: readonly ServiceSpec[] = [
  { ...ordinary, name: "record", path: "/fhir", poolMax: 10, cpuRequest: "200m", calls: false },
  { ...ordinary, name: "identity", path: "/identity", isIssuer: true },
  { ...ordinary, name: "registry", path: "/registry" },
  { ...ordinary, name: "exchange", path: "/exchange", reachesOutside: true },
  { ...ordinary, name: "portal", path: "/portal", seeds: false, watches: true },
];

export const serviceNames: readonly string[] = platformServices.map(({ name }) => name);

/** Connections that a pod makes besides those of its pool: it asks the instances how they are, and migrates. */
const watchingConnections = 2;

/** Connections that a service may have to an instance: those of all its pods, an upgrade's surplus included. */
export function connectionsOf(service: ServiceSpec, podsMax: number): number {
  return (service.poolMax + watchingConnections) * podsMax;
}
