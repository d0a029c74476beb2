import type { Check, CheckInput, StoredWrite } from "../check.ts";
import type { Operation } from "../history.ts";
import { groupBy, isWrite, nameOf, shorten } from "./operations.ts";

/** The store that is the API itself: it shows the current version of each resource, the instances hold all of them. */
export const apiStore = "api";

function keyOf({ resource, version }: { resource?: string | undefined; version?: number | undefined }): string {
  return `${resource} version ${version}`;
}

/** What one store says about an acknowledged write; undefined when it is there, once. */
function whyLost(operation: Operation, stored: readonly StoredWrite[] | undefined): string | undefined {
  if (stored === undefined) return "is not there";
  if (stored.every(({ value }) => value !== operation.value)) return `holds "${stored[0]?.value}" in its place`;
  return undefined;
}

function findLost(acknowledged: readonly Operation[], name: string, stored: readonly StoredWrite[]): [Operation, string][] {
  const byVersion = groupBy(stored, keyOf);
  const byResource = groupBy(stored, ({ resource }) => resource);
  return acknowledged.flatMap((operation): [Operation, string][] => {
    const current = name === apiStore ? byResource.get(operation.resource ?? "") : undefined;
    // A later version took its place in what the API shows; that version is judged for itself.
    if (current?.some(({ version }) => version > (operation.version ?? 0))) return [];
    const why = whyLost(operation, byVersion.get(keyOf(operation)));
    return why === undefined ? [] : [[operation, `${name}: ${nameOf(operation)} was acknowledged as ${keyOf(operation)} and ${why}`]];
  });
}

interface Loss {
  lost: Map<Operation, string>;
  doubled: Map<string, string>;
  /** Values of refused writes, and values that nobody sent. */
  wrongful: Map<string, string>;
}

function judgeStore(writes: readonly Operation[], name: string, stored: readonly StoredWrite[], loss: Loss): void {
  const acknowledged = writes.filter(({ outcome }) => outcome === "ok");
  for (const [operation, text] of findLost(acknowledged, name, stored)) if (!loss.lost.has(operation)) loss.lost.set(operation, text);
  const writers = new Map(writes.map((operation) => [operation.value, operation]));
  for (const [value, places] of groupBy(stored, (each) => each.value)) {
    const writer = writers.get(value);
    const where = places.map(keyOf).join(" and ");
    if (places.length > 1 && !loss.doubled.has(value))
      loss.doubled.set(value, `${name}: "${value}" is there ${places.length} times: ${where}`);
    if (writer?.outcome === "refused")
      loss.wrongful.set(value, `${name}: ${nameOf(writer)} was refused (HTTP ${writer.status}) and is there: ${where}`);
    if (writer === undefined) loss.wrongful.set(value, `${name}: ${where} holds "${value}", which nobody wrote`);
  }
}

/** An acknowledged write is present exactly once wherever it counts; a refused one is nowhere; an unknown outcome may be either. */
export const durability: Check = {
  name: "durability",
  title: "No acknowledged write is lost, none is doubled",
  judge({ history, aftermath }: CheckInput) {
    const writes = history.filter(isWrite);
    const stores = Object.entries(aftermath.stores);
    const loss: Loss = { lost: new Map(), doubled: new Map(), wrongful: new Map() };
    for (const [name, stored] of stores) judgeStore(writes, name, stored, loss);
    const nameless = writes.filter(
      ({ outcome, resource, version }) => outcome === "ok" && (resource === undefined || version === undefined),
    );
    const values = new Set(stores.flatMap(([, stored]) => stored.map(({ value }) => value)));
    const open = writes.filter(({ outcome }) => outcome === "failed");
    const figures = {
      acknowledged: writes.filter(({ outcome }) => outcome === "ok").length,
      lost: loss.lost.size,
      doubled: loss.doubled.size,
      wrongful: loss.wrongful.size,
      unknownOutcome: open.length,
      unknownDone: open.filter(({ value }) => value !== undefined && values.has(value)).length,
      stores: stores.length,
    };
    const findings = [...loss.lost.values(), ...loss.doubled.values(), ...loss.wrongful.values()];
    if (findings.length > 0) return { verdict: "invalid", figures, findings: shorten(findings) };
    const instances = stores.filter(([name]) => name !== apiStore).length;
    const blind = [
      ...(instances === 0 ? ["no PostgreSQL instance could be read"] : []),
      ...(aftermath.stores[apiStore] === undefined ? ["the API could not be read"] : []),
      ...(figures.acknowledged === 0 ? ["no write was acknowledged"] : []),
      ...(nameless.length > 0 ? [`${nameless.length} acknowledged writes do not say what they wrote`] : []),
    ];
    return { verdict: blind.length > 0 ? "unknown" : "valid", figures, findings: blind };
  },
};
