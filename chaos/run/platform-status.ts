/** What the runner needs of `./dsp status --json`, and the sightings that one reading gives. */
import { z } from "zod";
import type { Sighting } from "../check.ts";

const statusSchema = z.object({
  healthy: z.boolean(),
  reasons: z.array(z.string()),
  unknown: z.boolean(),
  sites: z.array(z.object({ name: z.string(), nodes: z.array(z.object({ name: z.string(), ready: z.boolean() })) })),
  postgres: z.object({ desired: z.number(), instances: z.array(z.object({ name: z.string(), role: z.string(), ready: z.boolean() })) }),
  redis: z.object({
    primary: z.string().nullable(),
    desired: z.number(),
    instances: z.array(z.object({ name: z.string(), role: z.string(), linked: z.boolean().nullable() })),
  }),
  edge: z.object({
    virtualIp: z.string().nullable(),
    desired: z.number(),
    instances: z.array(z.object({ name: z.string(), ready: z.boolean(), holdsAddress: z.boolean().nullable() })),
  }),
  services: z.array(z.object({ name: z.string(), ready: z.number(), desired: z.number() })),
  operators: z.array(z.object({ name: z.string(), ready: z.number(), desired: z.number() })),
});

export type StatusReading = z.infer<typeof statusSchema>;

/** @throws Error when it is no status of this platform */
export function parseStatus(status: unknown): StatusReading {
  return statusSchema.parse(status);
}

function share(ready: number, desired: number): string {
  return `${ready}/${desired}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((left, right) => left + right, 0);
}

/** One sighting for each holder; two at the same moment are two holders. */
function holders(atMs: number, role: Sighting["role"], names: readonly string[]): Sighting[] {
  return names.length === 0 ? [{ atMs, role, holder: null }] : names.map((holder) => ({ atMs, role, holder }));
}

/** Who held what at this reading; nothing where the reading learned nothing. */
export function sightingsOf(status: StatusReading, atMs: number): Sighting[] {
  if (status.unknown) return [];
  const { postgres, redis, edge, services, operators } = status;
  const nodes = status.sites.flatMap((site) => site.nodes);
  const ready = [
    postgres.instances.filter((instance) => instance.ready && instance.role !== "unknown").length,
    redis.instances.filter((instance) => instance.role !== "unknown" && instance.linked !== false).length,
    edge.instances.filter((instance) => instance.ready).length,
    ...[...services, ...operators].map((part) => Math.min(part.ready, part.desired)),
  ];
  const desired = [postgres, redis, edge, ...services, ...operators].map((part) => part.desired);
  const named = (instances: readonly { name: string }[]) => instances.map(({ name }) => name);
  return [
    ...holders(atMs, "postgres-primary", named(postgres.instances.filter(({ role }) => role === "primary"))),
    ...holders(atMs, "redis-primary", redis.primary === null ? [] : [redis.primary]),
    ...(edge.virtualIp === null
      ? []
      : holders(atMs, "virtual-ip", named(edge.instances.filter(({ holdsAddress }) => holdsAddress === true)))),
    { atMs, role: "nodes-ready", holder: share(nodes.filter((node) => node.ready).length, nodes.length) },
    { atMs, role: "pods-ready", holder: share(sum(ready), sum(desired)) },
  ];
}
