import type { Check, CheckInput, FaultRecord, Sighting } from "../check.ts";
import { apiStore } from "./durability.ts";
import { groupBy, nameOf, shorten } from "./operations.ts";

/**
 * While a fault lasts, and shortly after, an instance that was cut off or frozen may still call itself primary; it cannot acknowledge
 * then, and whether it did is told by the history. At any other time two that call themselves primary are two too many.
 */
const aftershockMs = 30_000;

function inAftershock(atMs: number, faults: readonly FaultRecord[]): boolean {
  return faults.some(
    ({ injectedMs, healedMs }) => atMs >= injectedMs && (healedMs === undefined || atMs <= Math.max(injectedMs, healedMs) + aftershockMs),
  );
}

/** Acknowledgements that only two primaries can give: the same version of a record to two writes. */
function findDivergence({ history }: CheckInput): string[] {
  const acknowledged = history.filter(
    ({ outcome, kind, resource, version }) =>
      outcome === "ok" && (kind === "create" || kind === "update") && resource !== undefined && version !== undefined,
  );
  return [...groupBy(acknowledged, ({ resource, version }) => `${resource} version ${version}`)].flatMap(([what, writes]) =>
    writes.length > 1 ? [`${what} was acknowledged ${writes.length} times: ${writes.map(nameOf).join(" and ")}`] : [],
  );
}

/** Instances that hold different values as the same version. */
function findDisagreement({ aftermath }: CheckInput): string[] {
  const all = Object.entries(aftermath.stores)
    .filter(([name]) => name !== apiStore)
    .flatMap(([name, stored]) => stored.map((write) => ({ name, ...write })));
  return [...groupBy(all, ({ resource, version }) => `${resource} version ${version}`)].flatMap(([what, writes]) => {
    const values = groupBy(writes, ({ value }) => value);
    const told = [...values].map(([value, holders]) => `"${value}" in ${holders.map(({ name }) => name).join(", ")}`);
    return values.size > 1 ? [`${what} is ${told.join(" and ")}`] : [];
  });
}

interface TwoSeen {
  role: Sighting["role"];
  atMs: number;
  holders: string[];
}

function findTwo(sightings: readonly Sighting[]): TwoSeen[] {
  const primaries = sightings.filter(({ role, holder }) => (role === "postgres-primary" || role === "redis-primary") && holder !== null);
  return [...groupBy(primaries, ({ role, atMs }) => `${role} ${atMs}`).values()].flatMap((group): TwoSeen[] => {
    const holders = [...new Set(group.map(({ holder }) => holder ?? ""))];
    const [first] = group;
    return first !== undefined && holders.length > 1 ? [{ role: first.role, atMs: first.atMs, holders }] : [];
  });
}

export const splitBrain: Check = {
  name: "split-brain",
  title: "Never two primaries that acknowledge",
  judge(input: CheckInput) {
    const diverged = [...findDivergence(input), ...findDisagreement(input)];
    const two = findTwo(input.sightings);
    const undue = two.filter(({ atMs }) => !inAftershock(atMs, input.faults));
    const figures = { diverged: diverged.length, twoSeenTimes: two.length, twoSeenUndulyTimes: undue.length };
    const seen = undue.map(
      ({ role, holders, atMs }) =>
        `${holders.join(" and ")} both were ${role} ${((atMs - input.steadyEndMs) / 1_000).toFixed(1)} s after the steady phase, while no fault explains it`,
    );
    const findings = [...diverged, ...seen];
    if (findings.length > 0) return { verdict: "invalid", figures, findings: shorten(findings) };
    if (!input.history.some(({ outcome }) => outcome === "ok"))
      return { verdict: "unknown", figures, findings: ["nothing was acknowledged"] };
    return { verdict: "valid", figures, findings: [] };
  },
};
