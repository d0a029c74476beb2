/** Why a drill did not come to a verdict by its checks alone. */
import { FaultNotPossible } from "../fault.ts";
import type { DrillVerdict } from "./outcome.ts";

/** The platform or the load is not fit to begin. Nothing has been broken. */
export class NotFit extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NotFit";
  }
}

/** Making the fault failed; what it did of it is healed. */
export class InjectionFailed extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "InjectionFailed";
  }
}

/** Too many requests failed: the drill is stopped and healed. */
export class BudgetExceeded extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BudgetExceeded";
  }
}

export interface Problem {
  verdict: Exclude<DrillVerdict, "valid">;
  text: string;
}

export function problemOf(failure: unknown): Problem {
  const text = failure instanceof Error ? failure.message : String(failure);
  if (failure instanceof BudgetExceeded) return { verdict: "invalid", text };
  if (failure instanceof FaultNotPossible || failure instanceof NotFit || failure instanceof InjectionFailed)
    return { verdict: "not run", text };
  return { verdict: "unknown", text };
}
