import type { Check, CheckInput } from "../check.ts";

/** One element may be lost because another of its kind is there: a fault within the drill's tolerance must leave one of each. */
export const spares: Check = {
  name: "spares",
  title: "Of everything that is lost another one is left",
  judge({ faults }: CheckInput) {
    const losses = faults.flatMap((fault) => fault.losses.map((loss) => ({ ...loss, fault: fault.name })));
    const gone = losses.filter(({ left }) => left === 0);
    const figures = { kindsHit: losses.length, kindsGone: gone.length };
    const findings = gone.map(({ kind, lost, fault }) => `${fault} took ${lost} of ${kind}, and none was left`);
    return { verdict: gone.length > 0 ? "invalid" : "valid", figures, findings };
  },
};
