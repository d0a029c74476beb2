import { expect, it } from "vitest";
import type { JsonObject } from "../json.ts";
import { definitionReadiness } from "./definition.ts";
import { ownedBy } from "./owned-pods.ts";
import { podTroubles, troubleOf } from "./pod-trouble.ts";
import { serviceReadiness } from "./service.ts";
import { claimReadiness } from "./storage.ts";
import { parseWaitFor } from "./wait-for.ts";
import { daemonSetReadiness, deploymentReadiness, jobReadiness, podReadiness, statefulSetReadiness } from "./workloads.ts";

const at = (spec: JsonObject, status: JsonObject, generation = 2): JsonObject => ({
  metadata: { generation },
  spec,
  status: { observedGeneration: 2, ...status },
});

it("a Deployment is ready when only new replicas are left and available", () => {
  const replicas = (updatedReplicas: number, total: number, availableReplicas: number, more: JsonObject = {}) =>
    deploymentReadiness(at({ replicas: 2 }, { updatedReplicas, replicas: total, availableReplicas, ...more }));
  expect(replicas(2, 2, 2)).toEqual({ state: "ready" });
  expect(replicas(1, 3, 2)).toEqual({ state: "waiting", message: "1 of 2 replicas updated" });
  expect(replicas(2, 3, 2)).toEqual({ state: "waiting", message: "1 old replicas are still to end" });
  expect(replicas(2, 2, 1)).toEqual({ state: "waiting", message: "1 of 2 replicas available" });
  expect(deploymentReadiness(at({ replicas: 0 }, {}))).toEqual({ state: "ready" });
  expect(deploymentReadiness(at({ replicas: 0 }, {}, 3))).toMatchObject({ state: "waiting", message: /begin/ });
  const late = { conditions: [{ type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "too long" }] };
  expect(replicas(2, 2, 1, late)).toMatchObject({ state: "failed", message: expect.stringContaining("too long") });
});

it("a StatefulSet honours its partition and OnDelete", () => {
  const status = { readyReplicas: 3, updatedReplicas: 1, replicas: 3 };
  expect(statefulSetReadiness(at({ replicas: 3 }, status))).toMatchObject({ state: "waiting" });
  expect(
    statefulSetReadiness(at({ replicas: 3, updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 2 } } }, status)).state,
  ).toBe("ready");
  expect(statefulSetReadiness(at({ replicas: 3, updateStrategy: { type: "OnDelete" } }, status)).state).toBe("ready");
  expect(statefulSetReadiness(at({ replicas: 3 }, { readyReplicas: 2, updatedReplicas: 3 }))).toEqual({
    state: "waiting",
    message: "2 of 3 replicas ready",
  });
});

it("a DaemonSet is ready when every wanted node is", () => {
  expect(daemonSetReadiness(at({}, { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 }))).toEqual({
    state: "waiting",
    message: "1 of 2 nodes available",
  });
  expect(daemonSetReadiness(at({}, { desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 })).state).toBe("ready");
});

it("a Job and a Pod end well or badly", () => {
  const condition = (type: string) => ({
    status: { conditions: [{ type, status: "True", reason: "BackoffLimitExceeded", message: "enough" }] },
  });
  expect(jobReadiness(condition("Complete")).state).toBe("ready");
  expect(jobReadiness(condition("Failed"))).toEqual({ state: "failed", message: "the job failed: BackoffLimitExceeded: enough" });
  expect(jobReadiness({ spec: { suspend: true } }).state).toBe("ready");
  expect(jobReadiness({ spec: { completions: 3 }, status: { succeeded: 1, failed: 2 } })).toEqual({
    state: "waiting",
    message: "1 of 3 completions, 2 failed pods",
  });
  expect(podReadiness({ status: { phase: "Failed", reason: "Evicted" } })).toEqual({ state: "failed", message: "the pod failed: Evicted" });
});

it("a Service needs ready endpoints only when it chooses pods", () => {
  const service = (spec: JsonObject) => ({ spec });
  expect(serviceReadiness(service({ selector: { a: "b" } }), [])).toEqual({
    state: "waiting",
    message: "no pod matches its selector (a=b)",
  });
  expect(serviceReadiness(service({ selector: { a: "b" } }), [{ endpoints: [{ conditions: { ready: false } }] }])).toMatchObject({
    state: "waiting",
  });
  expect(serviceReadiness(service({ selector: { a: "b" } }), [{ endpoints: [{ conditions: {} }] }]).state).toBe("ready");
  expect(serviceReadiness(service({ selector: { a: "b" }, clusterIP: "None" }), []).state).toBe("ready");
  expect(serviceReadiness(service({ type: "ExternalName" }), []).state).toBe("ready");
});

it("a claim waits for its volume unless its class waits for the first pod", () => {
  expect(claimReadiness({ status: { phase: "Pending" } }, "WaitForFirstConsumer").state).toBe("ready");
  expect(claimReadiness({ status: { phase: "Pending" } }, "Immediate").state).toBe("waiting");
  expect(claimReadiness({ status: { phase: "Lost" } }, undefined).state).toBe("failed");
});

it("a definition is ready when established and fails when its names are taken", () => {
  const definition = (conditions: JsonObject[]) => ({ status: { conditions } });
  expect(definitionReadiness(definition([{ type: "Established", status: "True" }])).state).toBe("ready");
  expect(definitionReadiness(definition([{ type: "NamesAccepted", status: "False", message: "taken" }])).state).toBe("failed");
});

it("waits for conditions and values, all of a list", () => {
  const live = {
    metadata: { generation: 2 },
    status: { phase: "Up", conditions: [{ type: "Ready", status: "False", reason: "Why", message: "not yet" }] },
  };
  expect(parseWaitFor("condition=Ready")(live)).toEqual({
    state: "waiting",
    message: "waiting for condition Ready=True: it is False (Why: not yet)",
  });
  expect(parseWaitFor("condition=Ready=False")(live).state).toBe("ready");
  expect(parseWaitFor("jsonpath={.status.phase}=Up")(live).state).toBe("ready");
  expect(parseWaitFor("jsonpath={.status.ip}")(live)).toEqual({ state: "waiting", message: "waiting for {.status.ip}: there is none yet" });
  expect(parseWaitFor('["condition=Ready=False", "jsonpath={.status.ip}"]')(live).state).toBe("waiting");
  const old = { ...live, status: { conditions: [{ type: "Ready", status: "True", observedGeneration: 1 }] } };
  expect(parseWaitFor("condition=Ready")(old).state).toBe("waiting");
  for (const wrong of ["Ready", "[]", "[1]", "jsonpath=.status", "condition="])
    expect(() => parseWaitFor(wrong)).toThrow(/pulumi\.com\/waitFor/);
});

it("tells a pod's trouble, once for all pods that share it", () => {
  const pod = (name: string, status: JsonObject): JsonObject => ({ metadata: { name }, status });
  const pulling = { containerStatuses: [{ name: "c", image: "i", state: { waiting: { reason: "ErrImagePull", message: "denied" } } }] };
  expect(podTroubles([pod("a", pulling), pod("b", pulling)])).toEqual([
    "2 pods (a, …): container c: cannot pull image i (ErrImagePull): denied",
  ]);
  expect(troubleOf(pod("a", { containerStatuses: [{ name: "c", state: { waiting: { reason: "ContainerCreating" } } }] }))).toBeUndefined();
  expect(troubleOf(pod("a", { containerStatuses: [{ name: "c", started: true, ready: false, state: { running: {} } }] }))).toMatch(
    /running, but not ready: c/,
  );
  expect(troubleOf(pod("a", { initContainerStatuses: [{ name: "i", state: { terminated: { exitCode: 2, reason: "Error" } } }] }))).toBe(
    "container i ended: Error, exit code 2",
  );
});

it("finds the pods an object owns through its workloads", () => {
  const object = (uid: string, owner: string): JsonObject => ({ metadata: { uid, ownerReferences: [{ uid: owner }] } });
  const workloads = [object("replicas", "deployment"), object("deployment", "custom"), object("other", "somebody")];
  const pods = [object("a", "custom"), object("b", "replicas"), object("c", "other")];
  expect(ownedBy("custom", workloads, pods).map((pod) => (pod.metadata as JsonObject).uid)).toEqual(["a", "b"]);
});
