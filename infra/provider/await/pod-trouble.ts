import { isObject, type Json, type JsonObject, listAt, numberAt, stringAt, valueAt } from "../json.ts";
import { conditionOf } from "./readiness.ts";

/** Waiting reasons that are no trouble: every container passes through them. */
const ordinaryReasons = new Set(["ContainerCreating", "PodInitializing"]);

/** Why pods are not ready, one sentence for each different trouble; the pods it concerns are named or counted. */
export function podTroubles(pods: readonly JsonObject[]): string[] {
  const byTrouble = new Map<string, string[]>();
  for (const pod of pods) {
    if (stringAt(pod, "metadata", "deletionTimestamp")) continue;
    const trouble = troubleOf(pod);
    if (trouble) byTrouble.set(trouble, [...(byTrouble.get(trouble) ?? []), stringAt(pod, "metadata", "name") ?? "?"]);
  }
  return [...byTrouble].map(
    ([trouble, names]) => `${names.length === 1 ? `pod ${names[0]}` : `${names.length} pods (${names[0]}, …)`}: ${trouble}`,
  );
}

/** What keeps one pod from being ready; undefined when it is ready or on its way. */
export function troubleOf(pod: JsonObject): string | undefined {
  const scheduled = conditionOf(pod, "PodScheduled");
  if (scheduled?.status === "False") return `unschedulable: ${scheduled.message || scheduled.reason}`;
  if (stringAt(pod, "status", "phase") === "Failed") {
    return `failed: ${stringAt(pod, "status", "message") ?? stringAt(pod, "status", "reason") ?? lastExits(pod) ?? "see its logs"}`;
  }
  const containers = [...listAt(pod, "status", "initContainerStatuses"), ...listAt(pod, "status", "containerStatuses")];
  for (const container of containers) {
    const trouble = containerTrouble(container);
    if (trouble) return trouble;
  }
  const notReady = containers.filter((container) => isRunningUnready(container)).map((container) => stringAt(container, "name"));
  return notReady.length > 0 ? `running, but not ready: ${notReady.join(", ")} (see the readiness probe and the logs)` : undefined;
}

function containerTrouble(container: Json): string | undefined {
  const name = `container ${stringAt(container, "name") ?? "?"}`;
  const waitingState = valueAt(container, ["state", "waiting"]);
  const reason = stringAt(waitingState, "reason");
  const message = stringAt(waitingState, "message");
  if (reason === "CrashLoopBackOff") {
    const restarts = numberAt(container, "restartCount") ?? 0;
    return `${name} crashes again and again (CrashLoopBackOff, ${restarts} restarts): ${describeExit(valueAt(container, ["lastState", "terminated"])) ?? "see its logs"}`;
  }
  if (reason === "ImagePullBackOff" || reason === "ErrImagePull" || reason === "InvalidImageName" || reason === "ErrImageNeverPull") {
    return `${name}: cannot pull image ${stringAt(container, "image") ?? ""} (${reason})${message ? `: ${message}` : ""}`;
  }
  if (reason && !ordinaryReasons.has(reason)) return `${name}: ${reason}${message ? `: ${message}` : ""}`;
  const ended = valueAt(container, ["state", "terminated"]);
  if (isObject(ended) && (numberAt(ended, "exitCode") ?? 0) !== 0) return `${name} ended: ${describeExit(ended) ?? ""}`;
  return undefined;
}

function describeExit(ended: Json | undefined): string | undefined {
  if (!isObject(ended)) return undefined;
  const message = stringAt(ended, "message")?.trim();
  return `${stringAt(ended, "reason") ?? "ended"}, exit code ${numberAt(ended, "exitCode") ?? "?"}${message ? `: ${message.slice(-500)}` : ""}`;
}

function lastExits(pod: JsonObject): string | undefined {
  const exits = listAt(pod, "status", "containerStatuses").map((container) => describeExit(valueAt(container, ["state", "terminated"])));
  return exits.find((exit) => exit !== undefined);
}

function isRunningUnready(container: Json): boolean {
  return (
    isObject(valueAt(container, ["state", "running"])) &&
    valueAt(container, ["ready"]) === false &&
    valueAt(container, ["started"]) === true
  );
}
