import { isObject, type JsonObject, listAt, stringAt, valueAt } from "../json.ts";
import { type Readiness, ready, waiting } from "./readiness.ts";

/** True when a Service chooses pods that must be there before it is of use: a headless one is answered by DNS alone. */
export function needsEndpoints(live: JsonObject): boolean {
  const selector = valueAt(live, ["spec", "selector"]);
  const hasSelector = isObject(selector) && Object.keys(selector).length > 0;
  return hasSelector && stringAt(live, "spec", "type") !== "ExternalName" && stringAt(live, "spec", "clusterIP") !== "None";
}

/** A Service is ready when a ready pod stands behind it and, for a load balancer, when it has an address. */
export function serviceReadiness(live: JsonObject, endpointSlices: readonly JsonObject[]): Readiness {
  if (stringAt(live, "spec", "type") === "LoadBalancer" && listAt(live, "status", "loadBalancer", "ingress").length === 0) {
    return waiting("waiting for the load balancer's address; check that the cluster has a load balancer for this service's class");
  }
  if (!needsEndpoints(live)) return ready;
  const endpoints = endpointSlices.flatMap((slice) => listAt(slice, "endpoints"));
  if (endpoints.some((endpoint) => valueAt(endpoint, ["conditions", "ready"]) !== false)) return ready;
  if (endpoints.length > 0) return waiting(`none of the ${endpoints.length} pods behind it is ready`);
  const selector = Object.entries(valueAt(live, ["spec", "selector"]) as JsonObject).map(([key, value]) => `${key}=${String(value)}`);
  return waiting(`no pod matches its selector (${selector.join(", ")})`);
}
