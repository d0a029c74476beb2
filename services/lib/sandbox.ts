import type { Principal } from "./principal.ts";

/** How the ids of a vendor's trial begin: its organisation is `sandbox-1a2b3c4d`, its synthetic patients are `sandbox-1a2b3c4d-anna`. */
const prefix = "sandbox-";

/** The trial that a software belongs to; it touches nothing beyond. Undefined for everybody else. */
export function sandboxOf({ role, organizationId }: Pick<Principal, "role" | "organizationId">): string | undefined {
  return role === "system" && organizationId?.startsWith(prefix) ? organizationId : undefined;
}

/** Whether a patient is one of the trial's own. */
export function isOfSandbox(sandbox: string, patientId: string): boolean {
  return patientId.startsWith(`${sandbox}-`);
}
