import { type JsonObject, stringAt } from "../json.ts";
import { failed, type Readiness, ready, waiting } from "./readiness.ts";

/**
 * A PersistentVolumeClaim is ready when it is bound. One of a storage class that binds at the first use is ready at once: its first pod
 * comes later. `bindingMode` is its storage class's.
 */
export function claimReadiness(live: JsonObject, bindingMode: string | undefined): Readiness {
  const phase = stringAt(live, "status", "phase");
  if (phase === "Bound") return ready;
  if (phase === "Lost") return failed("the volume of this claim is lost");
  if (bindingMode === "WaitForFirstConsumer") return ready;
  const storageClass = stringAt(live, "spec", "storageClassName");
  return waiting(`the claim is ${phase ?? "new"}, waiting for a volume${storageClass ? ` of storage class ${storageClass}` : ""}`);
}

/** A PersistentVolume is ready when it can be claimed or is. */
export function volumeReadiness(live: JsonObject): Readiness {
  const phase = stringAt(live, "status", "phase");
  if (phase === "Available" || phase === "Bound" || phase === "Released") return ready;
  return phase === "Failed"
    ? failed(stringAt(live, "status", "message") ?? "the volume failed")
    : waiting(`the volume is ${phase ?? "new"}`);
}
