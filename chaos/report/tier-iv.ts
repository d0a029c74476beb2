/** docs/tier-iv.md: each requirement of Tier IV, what meets it here, the drill that proves it, and the last figure. */
import { markdownTable, whenAndWhere } from "./promise-table.ts";
import type { SessionFacts } from "./read-run.ts";
import { type DrillSummary, formatCount, formatMs, summarizePromises, summarizeRuns } from "./summary.ts";
import { budgetSeconds, yearlyBudget } from "./yearly-budget.ts";

interface Requirement {
  requirement: string;
  /** In the data centre's words the requirement is about power and cooling; here it is about what the record needs. */
  metBy: string;
  /** Names of the drills that prove it. */
  drills: readonly string[];
}

export const requirements: readonly Requirement[] = [
  {
    requirement: "Fault tolerance: one failure of any single element does not touch what is served",
    metBy: "Every element is there at least twice; after any loss a quorum of each is left (infra/topology.ts asserts it)",
    drills: ["service-pod-kill", "edge-kill", "redis-primary-kill", "primary-pod-kill", "node-kill"],
  },
  {
    requirement: "Compartments: one event in one building does not reach the other",
    metBy: "Two full sites and a witness; a commit is on disk in two of three buildings before it is acknowledged",
    drills: ["site-kill", "other-site-kill", "witness-site-kill"],
  },
  {
    requirement: "Several independent distribution paths, active at the same time",
    metBy:
      "An edge in each site, a virtual IP that either can hold, services in both sites at once, three API servers, and for each node its own way to them",
    drills: ["edge-cut-off", "edge-node-kill", "api-proxy-down", "site-cut-off-from-one"],
  },
  {
    requirement: "Capacity after any failure is still what is needed (N after any failure)",
    metBy: "Each site alone has pods enough for all load",
    drills: ["site-kill", "other-site-kill", "worker-kill"],
  },
  {
    requirement: "Concurrent maintenance: any element can be taken out on purpose without anybody noticing",
    metBy: "Pods drain before they leave; the primary is moved before its node is; parts are rolled one after another",
    drills: ["node-drain", "edge-node-drain", "switchover", "service-roll", "edge-roll", "redis-roll", "parameter-change"],
  },
  {
    requirement: "Autonomous response: a fault is found, contained and healed without a human hand",
    metBy: "Quorum commit, failover by votes of three sites, VRRP, Sentinel, and controllers that make anew what is gone",
    drills: ["primary-freeze", "disk-stalled", "disk-full", "fault-during-failover", "primary-kill-again"],
  },
  {
    requirement: "Continuous supply: nothing is interrupted while the other side takes over",
    metBy: "Requests wait inside the service while the primary moves, bounded in number and time, and then succeed, exactly once",
    drills: ["primary-pod-kill", "postmaster-crash", "postgres-backend-crash"],
  },
  {
    requirement: "Isolation: a part that is cut off does not go on as if it were the whole",
    metBy: "A primary that reaches no other building acknowledges nothing; an edge that reaches no other site gives the address up",
    drills: [
      "site-cut-off",
      "site-cut-off-outgoing",
      "site-cut-off-incoming",
      "primary-isolated",
      "redis-primary-cut-off",
      "virtual-ip-twice",
    ],
  },
  {
    requirement: "Independence of what is outside (utility power is an economic alternative, not a need)",
    metBy: "Images and tools are on every node before they are needed; no request asks anything outside the platform",
    drills: ["outside-unreachable", "dns-down", "api-servers-down", "operator-lost"],
  },
];

function proof(names: readonly string[], drills: readonly DrillSummary[]): string {
  const known = names.flatMap((name) => drills.find((drill) => drill.name === name) ?? []);
  const missing = names.filter((name) => !known.some((drill) => drill.name === name));
  const told = known.map(({ name, stall, failed, lost, verdict }) => {
    const figures = stall === undefined ? "" : `: worst ${formatMs(stall.worst)}, ${failed} failed, ${formatCount(lost)} lost`;
    return `\`${name}\` ${verdict}${figures}`;
  });
  return [...told, ...missing.map((name) => `\`${name}\` not in the last run`)].join("<br>");
}

function minutes(seconds: number | undefined): string {
  return seconds === undefined ? "not measured" : seconds < 60 ? `${seconds.toFixed(1)} s` : `${(seconds / 60).toFixed(1)} min`;
}

function budgetSection(drills: readonly DrillSummary[]): string[] {
  const budget = yearlyBudget(summarizePromises(drills));
  const rows = budget.rows.map(({ row, why, perYear, typicalS, worstS }) => [
    row,
    why,
    String(perYear),
    minutes(typicalS),
    minutes(worstS),
  ]);
  const verdict = budget.worstS <= budgetSeconds ? "within" : "over";
  const unmeasured = budget.unmeasured.length === 0 ? "" : ` Not measured, and so missing from both sums: ${budget.unmeasured.join("; ")}.`;
  return [
    "## A year",
    "",
    `99.995 % leaves ${(budgetSeconds / 60).toFixed(1)} minutes a year. How often each fault comes is an assumption, stated here to be argued with; what it costs is measured. A stall counts as if`,
    "nobody had been served while it lasted, although most requests were.",
    "",
    markdownTable(
      ["fault", "assumed", "a year", "at the median stall", "at the worst stall"],
      [...rows, ["**sum**", "", "", `**${minutes(budget.typicalS)}**`, `**${minutes(budget.worstS)}**`]],
    ),
    "",
    `At the worst stalls ever measured in that run the sum is ${verdict} the ${(budgetSeconds / 60).toFixed(1)} minutes.${unmeasured}`,
  ];
}

/** The whole document. */
export function makeTierIv(facts: SessionFacts): string {
  const drills = summarizeRuns(facts.runs);
  const rows = requirements.map(({ requirement, metBy, drills: names }) => [requirement, metBy, proof(names, drills)]);
  return [
    "# Tier IV, requirement by requirement",
    "",
    "<!-- Written by ./dsp drill report from the last run of all drills: change chaos/report/tier-iv.ts, not this file. -->",
    "",
    "The platform is built to and drilled against the Tier IV requirements. It carries no certificate: Tier IV is awarded to buildings, by others.",
    "What follows is what a building's requirement means for a platform in two of them, what meets it, and what the drill that breaks it last showed.",
    "",
    `Figures: \`./dsp drill all\`, ${whenAndWhere(facts)}, stack ${facts.session.stack}. A stall is the longest that one request of an open-loop client waited.`,
    "",
    "## Requirements",
    "",
    markdownTable(["requirement", "met by", "proved by, with the last figure"], rows),
    "",
    ...budgetSection(drills),
    "",
  ].join("\n");
}
