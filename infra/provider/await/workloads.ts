import { type JsonObject, numberAt, stringAt, valueAt } from "../json.ts";
import { conditionOf, explainCondition, failed, isObserved, type Readiness, ready, waiting } from "./readiness.ts";

/** A Deployment is ready when its rollout is complete: all replicas are of the latest template and available, no old ones are left. */
export function deploymentReadiness(live: JsonObject): Readiness {
  if (!isObserved(live)) return waiting("waiting for the rollout to begin");
  const progressing = conditionOf(live, "Progressing");
  if (progressing?.reason === "ProgressDeadlineExceeded") return failed(`the rollout does not progress: ${progressing.message}`);
  const wanted = numberAt(live, "spec", "replicas") ?? 1;
  const updated = numberAt(live, "status", "updatedReplicas") ?? 0;
  const total = numberAt(live, "status", "replicas") ?? 0;
  const available = numberAt(live, "status", "availableReplicas") ?? 0;
  const failure = conditionOf(live, "ReplicaFailure");
  const why = failure?.status === "True" ? ` (${explainCondition(failure)})` : "";
  if (valueAt(live, ["spec", "paused"]) === true) return ready;
  if (updated < wanted) return waiting(`${updated} of ${wanted} replicas updated${why}`);
  if (total > updated) return waiting(`${total - updated} old replicas are still to end`);
  if (available < wanted) return waiting(`${available} of ${wanted} replicas available${why}`);
  return ready;
}

/** A StatefulSet is ready when every replica is of the latest revision and ready; a partition or OnDelete leaves older ones alone. */
export function statefulSetReadiness(live: JsonObject): Readiness {
  if (!isObserved(live)) return waiting("waiting for the rollout to begin");
  const wanted = numberAt(live, "spec", "replicas") ?? 1;
  const readyReplicas = numberAt(live, "status", "readyReplicas") ?? 0;
  const updated = numberAt(live, "status", "updatedReplicas") ?? 0;
  const isRolling = (stringAt(live, "spec", "updateStrategy", "type") ?? "RollingUpdate") === "RollingUpdate";
  const partition = numberAt(live, "spec", "updateStrategy", "rollingUpdate", "partition") ?? 0;
  if (isRolling && updated < wanted - partition)
    return waiting(`${updated} of ${wanted - partition} replicas updated, ${readyReplicas} ready`);
  if (readyReplicas < wanted) return waiting(`${readyReplicas} of ${wanted} replicas ready`);
  const total = numberAt(live, "status", "replicas") ?? 0;
  return total > wanted ? waiting(`${total - wanted} replicas are still to end`) : ready;
}

/** A DaemonSet is ready when each node that should run a pod of it runs an available one of the latest template. */
export function daemonSetReadiness(live: JsonObject): Readiness {
  if (!isObserved(live)) return waiting("waiting for the rollout to begin");
  const wanted = numberAt(live, "status", "desiredNumberScheduled") ?? 0;
  const updated = numberAt(live, "status", "updatedNumberScheduled") ?? 0;
  const available = numberAt(live, "status", "numberAvailable") ?? 0;
  const isRolling = (stringAt(live, "spec", "updateStrategy", "type") ?? "RollingUpdate") === "RollingUpdate";
  if (isRolling && updated < wanted) return waiting(`${updated} of ${wanted} nodes updated`);
  return available < wanted ? waiting(`${available} of ${wanted} nodes available`) : ready;
}

/** A ReplicaSet or ReplicationController is ready when all its replicas are. */
export function replicaSetReadiness(live: JsonObject): Readiness {
  if (!isObserved(live)) return waiting("waiting for its controller");
  const wanted = numberAt(live, "spec", "replicas") ?? 1;
  const available = numberAt(live, "status", "availableReplicas") ?? 0;
  return available < wanted ? waiting(`${available} of ${wanted} replicas available`) : ready;
}

/** A Job is ready when it is complete, or suspended. */
export function jobReadiness(live: JsonObject): Readiness {
  if (conditionOf(live, "Complete")?.status === "True") return ready;
  if (valueAt(live, ["spec", "suspend"]) === true) return ready;
  const failure = conditionOf(live, "Failed");
  if (failure?.status === "True") return failed(`the job failed: ${explainCondition(failure)}`);
  const wanted = numberAt(live, "spec", "completions") ?? 1;
  const succeeded = numberAt(live, "status", "succeeded") ?? 0;
  const failures = numberAt(live, "status", "failed") ?? 0;
  return waiting(`${succeeded} of ${wanted} completions${failures > 0 ? `, ${failures} failed pods` : ""}`);
}

/** A Pod is ready when its condition says so, or when it has ended well. */
export function podReadiness(live: JsonObject): Readiness {
  const phase = stringAt(live, "status", "phase");
  if (phase === "Succeeded") return ready;
  if (phase === "Failed")
    return failed(`the pod failed: ${stringAt(live, "status", "message") ?? stringAt(live, "status", "reason") ?? "see its logs"}`);
  return conditionOf(live, "Ready")?.status === "True" ? ready : waiting(`the pod is ${phase ?? "not scheduled"} and not ready`);
}
