import type { Check, CheckInput, CheckResult } from "../check.ts";
import { largest } from "./operations.ts";

/** Nobody's hand: the platform itself is whole again in the time that the drill allows. */
export const redundancy: Check = {
  name: "redundancy",
  title: "Full redundancy comes back by itself",
  judge({ redundantMs, faults, steadyEndMs, endMs }: CheckInput): CheckResult {
    // A fault that was never healed, or heals as it is made, counts from when it was made.
    const overMs = largest([steadyEndMs, ...faults.map(({ injectedMs, healedMs }) => healedMs ?? injectedMs)]);
    const firstMs = faults.length > 0 ? Math.min(...faults.map(({ injectedMs }) => injectedMs)) : steadyEndMs;
    if (redundantMs === undefined) {
      const waitedS = Math.round((endMs - overMs) / 1_000);
      return {
        verdict: "invalid",
        figures: { waitedMs: Math.max(0, endMs - overMs) },
        findings: [`the platform was not whole again within its limit; the drill ended ${waitedS} s after the last fault was over`],
      };
    }
    return {
      verdict: "valid",
      figures: { redundantAfterHealMs: Math.max(0, redundantMs - overMs), redundantAfterFaultMs: Math.max(0, redundantMs - firstMs) },
      findings: [],
    };
  },
};
