import type { LoopFigures } from "../k6.ts";
import type { ScenarioFigures } from "../measure.ts";
import { compareWithPeer } from "../measure.ts";

const loop: LoopFigures = {
  requests: 500,
  failed: 0,
  dropped: 0,
  byStandby: 0,
  seconds: 5,
  perSecond: 100,
  p50Ms: 8,
  p99Ms: 40,
  maxMs: 60,
};
const cpu = { serviceMs: 2, primaryMs: 1.5, standbysMs: 0.5, totalMs: 4 };

/** Figures of a scenario as a measurement might have brought them. */
export function madeFigures(scenario: string, more: Partial<ScenarioFigures> = {}): ScenarioFigures {
  return {
    ...{ scenario, title: scenario, resources: null, unitsPerSecond: 100, comparison: compareWithPeer(100, 25), users: 16 },
    closed: { ...loop, cpu },
    open: { ...loop, perSecond: 50, ratePerSecond: 50, cpu },
    ...more,
  };
}
