import { fhirError } from "../../lib/operation-outcome.ts";

/** Where a referral stands: FHIR's Task.status, of which this life cycle uses a part. */
export const referralStatuses = [
  "requested",
  "received",
  "accepted",
  "rejected",
  "in-progress",
  "completed",
  "failed",
  "cancelled",
] as const;
export type ReferralStatus = (typeof referralStatuses)[number];
export type ReferralSide = "sender" | "recipient";

/** From where to where, and whose move it is. */
const moves: Record<ReferralStatus, Partial<Record<ReferralStatus, ReferralSide>>> = {
  requested: { received: "recipient", accepted: "recipient", rejected: "recipient", cancelled: "sender" },
  received: { accepted: "recipient", rejected: "recipient", cancelled: "sender" },
  accepted: { "in-progress": "recipient", rejected: "recipient", cancelled: "sender" },
  "in-progress": { completed: "recipient", failed: "recipient" },
  completed: {},
  failed: {},
  rejected: {},
  cancelled: {},
};

function isStatus(text: string): text is ReferralStatus {
  return (referralStatuses as readonly string[]).includes(text);
}

/** What may follow, for one side. */
export function nextStatuses(from: string, sides: readonly ReferralSide[]): ReferralStatus[] {
  const possible = isStatus(from) ? moves[from] : {};
  return referralStatuses.filter((to) => {
    const mover = possible[to];
    return mover !== undefined && sides.includes(mover);
  });
}

/**
 * Whether a referral may go on so.
 * @throws FhirError 422 for a status outside the life cycle, 409 for one that cannot follow, 403 when it is the other side's move
 */
export function checkMove(from: string, to: string, sides: readonly ReferralSide[]): ReferralStatus {
  const expression = "Task.status";
  if (!isStatus(to)) {
    throw fhirError(422, "value", `A referral is ${referralStatuses.join(", ")}; not ${to}`, { expression });
  }
  const possible = isStatus(from) ? moves[from] : {};
  const mover = possible[to];
  if (mover === undefined) {
    const follow = Object.keys(possible);
    const ways = follow.length > 0 ? `what can follow is ${follow.join(", ")}` : "nothing can follow";
    throw fhirError(409, "conflict", `This referral is ${from}; it cannot become ${to}: ${ways}`, { expression });
  }
  if (!sides.includes(mover)) {
    const who = mover === "sender" ? "who asked for it" : "whom it was sent to";
    throw fhirError(403, "forbidden", `Only ${who} can make a referral ${to}`, { expression });
  }
  return to;
}

/** What becomes of the request when its task ends. */
export function requestStatus(task: ReferralStatus): "active" | "completed" | "revoked" {
  if (task === "completed") return "completed";
  return task === "rejected" || task === "cancelled" || task === "failed" ? "revoked" : "active";
}
