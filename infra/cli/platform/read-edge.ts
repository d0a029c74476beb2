import { readFileSync } from "node:fs";
import { request } from "node:https";
import type { V1Pod } from "@kubernetes/client-node";
import type { KubernetesApi } from "./kubernetes-api.ts";
import type { EdgeInstanceStatus, EdgeStatus } from "./platform-status.ts";
import { isReady } from "./read-postgres.ts";

const answerTimeoutMs = 3_000;

/** Does the public address answer, checked with the platform's own certificate authority? */
export async function fhirAnswers(publicUrl: string, caFile: string): Promise<boolean> {
  let ca: Buffer;
  try {
    ca = readFileSync(caFile);
  } catch {
    return false;
  }
  return new Promise((resolve) => {
    const asked = request(`${publicUrl}/metadata`, { ca, agent: false, signal: AbortSignal.timeout(answerTimeoutMs) }, (response) => {
      response.resume();
      response.on("error", () => resolve(false));
      response.on("end", () => resolve(response.statusCode === 200));
    });
    asked.on("error", () => resolve(false));
    asked.end();
  });
}

async function holdsAddress(api: KubernetesApi, pod: V1Pod, virtualIp: string): Promise<boolean | null> {
  const target = { namespace: pod.metadata?.namespace ?? "", pod: pod.metadata?.name ?? "", container: "keepalived" };
  const addresses = await api.exec(target, ["ip", "-4", "-o", "address", "show"]).catch(() => undefined);
  return addresses === undefined ? null : addresses.includes(` ${virtualIp}/`);
}

export async function readEdge(
  api: KubernetesApi,
  desired: number,
  pods: readonly V1Pod[],
  siteOf: (pod: V1Pod) => string,
  address: { virtualIp: string | undefined; publicUrl: string; caFile: string },
): Promise<EdgeStatus> {
  const edgePods = pods.filter((pod) => pod.spec?.containers.some(({ name }) => name === "haproxy"));
  const [answers, instances] = await Promise.all([
    fhirAnswers(address.publicUrl, address.caFile),
    Promise.all(
      edgePods.map(
        async (pod): Promise<EdgeInstanceStatus> => ({
          name: pod.metadata?.name ?? "",
          site: siteOf(pod),
          node: pod.spec?.nodeName ?? "",
          ready: isReady(pod),
          holdsAddress: address.virtualIp === undefined ? null : await holdsAddress(api, pod, address.virtualIp),
        }),
      ),
    ),
  ]);
  instances.sort((left, right) => left.site.localeCompare(right.site));
  const holder = instances.find((instance) => instance.holdsAddress === true);
  return { virtualIp: address.virtualIp ?? null, holder: holder?.name ?? null, desired, instances, answers };
}
