import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { type Secrets, secretsSchema } from "./secrets/shape.ts";
import { serviceNames } from "./services.ts";
import { cluster } from "./stacks/cluster.ts";
import type { StackKind } from "./stacks/kind.ts";
import { lab } from "./stacks/lab.ts";
import { issuerOf } from "./token-issuer.ts";
import { weaknesses } from "./weakness.ts";

const kinds: Record<StackKind["kind"], StackKind> = { lab, cluster };

const quantity = z.string().regex(/^\d+(\.\d+)?(m|Ki|Mi|Gi|Ti)?$/, "must be a Kubernetes quantity such as 1Gi");
const zone = z
  .string()
  .regex(/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/, "must be a value of the label topology.kubernetes.io/zone");
const image = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._/:-]*(:[\w][\w.-]{0,127}|@sha256:[0-9a-f]{64})$/, "must be an image with a tag or digest");
const address = z.ipv4("must be an IPv4 address");
const hostAndPort = z.string().regex(/^\d+\.\d+\.\d+\.\d+:\d+$/, "must be an IPv4 address and a port, such as 172.28.0.4:10256");

const edgeSchema = z.strictObject({
  mode: z.enum(["virtual-ip", "load-balancer"]).optional(),
  virtualIp: address.optional(),
  prefixLength: z.int().min(8).max(32).default(16),
  /** Where the virtual IP goes; empty: on the interface that has the node's own address. */
  interface: z.string().max(15).default(""),
  routerId: z.int().min(1).max(255).default(51),
  /** Addresses of the edge nodes, one a site. */
  peers: z.array(address).optional(),
  /** Addresses that show a site alive (by zone), such as its kubelets; an edge that reaches no other site gives the virtual IP up. */
  voters: z.record(z.string(), z.array(hostAndPort)).default({}),
  loadBalancerClass: z.string().min(1).optional(),
  loadBalancerAnnotations: z.record(z.string(), z.string()).default({}),
});

const settingsSchema = z.strictObject({
  kind: z.enum(["lab", "cluster"], "must be lab or cluster"),
  kubeconfig: z.string().min(1).optional(),
  context: z.string().min(1, "must name a context of the kubeconfig"),
  sites: z.strictObject({ a: zone, b: zone, witness: zone }).optional(),
  images: z.strictObject({ postgres: image, redis: image, edge: image, operator: image, services: image }),
  operatorManifest: z.string().min(1),
  storageClass: z.string().min(1).optional(),
  storageSize: quantity.optional(),
  edge: edgeSchema.prefault({}),
  publicUrl: z.url({ protocol: /^https$/, error: "must be an https URL such as https://dsp.example.org/fhir" }),
  replicasPerSite: z.coerce.number().int().min(1).max(20).default(2),
  instancesPerSite: z.coerce.number().int().min(1).max(2).default(1),
  postgres: z
    .strictObject({
      sharedBuffers: z.string().regex(/^\d+(kB|MB|GB)$/, "must be a PostgreSQL size such as 256MB"),
      memory: quantity,
      memoryRequest: quantity,
      cpuRequest: quantity,
      maxConnections: z.int().min(20).max(2000),
      parameters: z.record(z.string(), z.string()),
    })
    .partial()
    .prefault({}),
  /** Copies of PostgreSQL, in each of the two sites. */
  backup: z
    .strictObject({
      schedule: z.string().regex(/^$|^\S+( \S+){4}$/, 'must be five fields of cron, in UTC, such as "30 2 * * *", or empty'),
      keep: z.int().min(1).max(400),
      size: z.string().regex(/^\d+(Mi|Gi|Ti)$/, "must be a size such as 20Gi"),
    })
    .partial()
    .prefault({}),
  /** Inside networks, besides the Internet, that the platform's notifications may go to; receivers there have certificates of its own authority. */
  webhooks: z.strictObject({ allowedNetworks: z.array(z.cidrv4("must be IPv4 networks such as 172.28.0.1/32")).default([]) }).prefault({}),
  token: z.strictObject({ issuer: z.string().min(1).optional(), audience: z.string().min(1).default("dsp") }).prefault({}),
  /** Which of the platform's services run; the record always does. */
  services: z
    .array(z.enum(serviceNames))
    .refine((names) => names.includes("record"), "must name record: the others stand on it")
    .default([...serviceNames]),
  seed: z.stringbool().optional(),
  networkPolicyEnforced: z.stringbool().optional(),
  /** Whether drills may break this platform; its namespace says so. */
  drills: z.stringbool().optional(),
  /** People depend on it: a drill wants the stack's name typed. */
  production: z.stringbool().optional(),
  /** A mistake made on purpose, for the test of the drills. */
  weakness: z.enum(weaknesses).optional(),
  secrets: secretsSchema,
});

type RawSettings = z.infer<typeof settingsSchema>;

/** Where the edge stands: behind an address the nodes hold themselves, or behind the cluster's load balancer. */
export type EdgeSettings =
  | {
      mode: "virtual-ip";
      virtualIp: string;
      prefixLength: number;
      interface: string;
      routerId: number;
      peers: string[];
      voters: Record<string, string[]>;
    }
  | { mode: "load-balancer"; loadBalancerClass: string | undefined; loadBalancerAnnotations: Record<string, string> };

/** Settings that are on or off, with a default of the stack's kind. */
type Switches = "seed" | "networkPolicyEnforced" | "drills" | "production";

/** A stack's settings: validated, completed with the defaults of its kind. Secret values are plain here and secret outputs in the program. */
export interface Settings extends Omit<RawSettings, "edge" | "sites" | "postgres" | "backup" | "storageSize" | "token" | Switches> {
  sites: { a: string; b: string; witness: string };
  edge: EdgeSettings;
  postgres: StackKind["postgres"] & { parameters: Record<string, string> };
  backup: StackKind["backup"];
  storageSize: string;
  token: { issuer: string; audience: string };
  seed: boolean;
  networkPolicyEnforced: boolean;
  drills: boolean;
  rebuildAfterS: number;
  production: boolean;
}

/** The settings as the program uses them. */
export interface PlatformSettings extends Omit<Settings, "secrets"> {
  secrets: pulumi.Output<Secrets>;
}

/** The stack's settings are wrong: every problem, in plain words. */
export class ConfigError extends pulumi.RunError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `the stack's settings have ${problems.length} problem${problems.length === 1 ? "" : "s"}:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`,
    );
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/**
 * Reads the stack's settings, the only place that does.
 * @throws ConfigError with every problem at once.
 */
export function readSettings(): PlatformSettings {
  const prefix = "dsp:";
  const raw = Object.fromEntries(
    Object.entries(pulumi.runtime.allConfig())
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
  const { secrets, ...settings } = parseSettings(raw);
  return { ...settings, secrets: pulumi.secret(secrets) };
}

/**
 * Validates settings as Pulumi stores them: texts, with JSON for lists and objects.
 * @throws ConfigError with every problem at once.
 */
export function parseSettings(raw: Readonly<Record<string, string>>): Settings {
  const parsed = settingsSchema.safeParse(decode(raw));
  const kind = kinds[raw.kind as StackKind["kind"]];
  const problems = parsed.success ? [] : parsed.error.issues.map(inPlainWords);
  if (kind) problems.push(...relationProblems(kind, raw));
  if (!parsed.success || !kind || problems.length > 0) throw new ConfigError([...new Set(problems)]);
  return complete(kind, parsed.data);
}

/** Relations between settings that a kind of stack asks for; checked also when a single setting is wrong, so that all is said at once. */
function relationProblems(kind: StackKind, raw: Readonly<Record<string, string>>): string[] {
  const problems: string[] = [];
  const decoded = decode(raw);
  const edge = edgeSchema.safeParse(decoded.edge ?? {});
  if (raw.weakness !== undefined && kind.kind !== "lab")
    problems.push("dsp:weakness is for the lab alone: it breaks what the platform promises");
  const allowed = (decoded.webhooks as { allowedNetworks?: unknown } | undefined)?.allowedNetworks;
  const production = z.stringbool().safeParse(raw.production ?? String(kind.production));
  if (production.data !== false && Array.isArray(allowed) && allowed.length > 0)
    problems.push("dsp:webhooks.allowedNetworks is for labs and tests: in production notifications go to the Internet alone");
  if (!kind.sites && raw.sites === undefined) problems.push("dsp:sites is missing: the zones of site a, site b and the witness");
  const sites = (decoded.sites ?? kind.sites) as Partial<Record<"a" | "b" | "witness", string>> | undefined;
  if (sites && typeof sites === "object" && new Set([sites.a, sites.b, sites.witness]).size !== 3) {
    problems.push("dsp:sites must name three different zones");
  }
  if (!edge.success) return problems;
  if ((edge.data.mode ?? kind.edgeMode) === "load-balancer") return problems;
  if (edge.data.virtualIp === undefined)
    problems.push("dsp:edge.virtualIp is missing: mode virtual-ip needs the address the two edges share");
  if (edge.data.peers?.length !== 2) problems.push("dsp:edge.peers must be the two edge nodes' addresses, site a first");
  if (edge.data.virtualIp && edge.data.peers?.includes(edge.data.virtualIp))
    problems.push("dsp:edge.virtualIp must be no node's own address");
  return problems;
}

function complete(kind: StackKind, parsed: RawSettings): Settings {
  return {
    ...parsed,
    sites: (parsed.sites ?? kind.sites) as Settings["sites"],
    edge: completeEdge(kind, parsed.edge),
    storageClass: parsed.storageClass ?? kind.storageClass,
    storageSize: parsed.storageSize ?? kind.storageSize,
    token: { ...parsed.token, issuer: parsed.token.issuer ?? issuerOf(parsed.publicUrl) },
    backup: { ...kind.backup, ...parsed.backup },
    postgres: { ...kind.postgres, parameters: {}, ...parsed.postgres },
    seed: parsed.seed ?? kind.seed,
    networkPolicyEnforced: parsed.networkPolicyEnforced ?? kind.networkPolicyEnforced,
    drills: parsed.drills ?? kind.drills,
    rebuildAfterS: kind.rebuildAfterS,
    production: parsed.production ?? kind.production,
  };
}

function completeEdge(kind: StackKind, edge: RawSettings["edge"]): EdgeSettings {
  const { mode = kind.edgeMode, loadBalancerClass, loadBalancerAnnotations, virtualIp, peers, ...network } = edge;
  if (mode === "load-balancer") return { mode, loadBalancerClass, loadBalancerAnnotations };
  return { mode, ...network, virtualIp: virtualIp as string, peers: peers as string[] };
}

/** Pulumi hands every value over as text; objects and lists as JSON. */
function decode(raw: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(raw).map(([key, value]) => [key, /^\s*[[{]/.test(value) ? parseJson(value) : value]));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function inPlainWords(issue: z.core.$ZodIssue): string {
  const key = `dsp:${issue.path.join(".")}`;
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((name) => `dsp:${[...issue.path, name].join(".")} is no setting of this platform`).join("\n  - ");
  }
  // A secret's value must not come back in a message: only its name and what is missing.
  if (issue.path[0] === "secrets") return `${key} is missing or not usable: make the secrets with ./dsp secrets make`;
  if (issue.code === "invalid_type" && /received undefined/.test(issue.message)) return `${key} is missing`;
  return `${key} ${issue.message.replace(/^Invalid (input|option): /, "is wrong: ")}`;
}
