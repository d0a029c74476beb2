import { writeFileSync } from "node:fs";
import { setPriority } from "node:os";

/**
 * Whose turn it is where the processor is short: by the group of its session, where the kernel makes one, and for itself. Without the right to
 * it a process keeps what it has.
 * @param processId the leader of a session @param nice -20, before everybody, to 19
 */
export function givePriority(processId: number | undefined, nice: number): void {
  if (processId === undefined) return;
  for (const attempt of [() => setPriority(processId, nice), () => writeFileSync(`/proc/${processId}/autogroup`, String(nice))]) {
    try {
      attempt();
    } catch {
      // Not root, or no such group.
    }
  }
}
