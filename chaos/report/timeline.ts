/** One run as a picture: requests, failures and latency over time, the faults, and what moved where. */
import type { Sighting } from "../check.ts";
import type { Operation } from "../history.ts";
import { escapeMarkup } from "./escape-markup.ts";
import type { RunFacts } from "./read-run.ts";
import { formatMs } from "./summary.ts";
import { longestOperation } from "./telling-lines.ts";

const width = 960;
const left = 96;
const right = 12;
const rateHeight = 56;
const latencyHeight = 150;
const laneHeight = 18;
const gap = 10;
const bucketMs = 500;
const beforeMs = 8_000;
const afterMs = 3_000;
const latencyFloorMs = 2;
/** Wide enough to be seen. */
const faultWidthMin = 3;

const kinds = ["create", "update", "read", "search"] as const;
const ownerLanes = [
  ["postgres-primary", "PostgreSQL"],
  ["redis-primary", "Redis"],
  ["virtual-ip", "virtual IP"],
] as const;
const countLanes = [
  ["nodes-ready", "nodes ready"],
  ["pods-ready", "pods ready"],
] as const;

interface Frame {
  fromMs: number;
  toMs: number;
  /** Zero of the axis: the first fault. */
  zeroMs: number;
  x(atMs: number): number;
}

function frameOf(run: RunFacts): Frame {
  const injected = run.faults.flatMap(({ injectedMs }) => injectedMs ?? []);
  const zeroMs = injected.length > 0 ? Math.min(...injected) : (run.steadyEndMs ?? run.startedMs);
  const first = run.operations[0]?.dueMs ?? run.startedMs;
  const fromMs = Math.max(first, zeroMs - beforeMs);
  const ends = run.operations.reduce((latest, { endMs }) => Math.max(latest, endMs), zeroMs);
  const toMs = Math.max(ends, run.redundantMs ?? 0, ...run.faults.map(({ healedMs }) => healedMs ?? 0)) + afterMs;
  const scale = (width - left - right) / (toMs - fromMs);
  return { fromMs, toMs, zeroMs, x: (atMs) => Math.round((left + (Math.min(Math.max(atMs, fromMs), toMs) - fromMs) * scale) * 10) / 10 };
}

function label(y: number, text: string): string {
  return `<text class="label" x="${left - 8}" y="${y}">${escapeMarkup(text)}</text>`;
}

/** The fault's shade over all lanes, and its name in a strip of its own. */
function drawFaults(run: RunFacts, frame: Frame, height: number): { strip: string[]; shade: string[]; rows: number } {
  const made = run.faults.filter(({ injectedMs }) => injectedMs !== undefined);
  const strip = [label(13, made.length > 1 ? "faults" : "fault")];
  const shade: string[] = [];
  made.forEach(({ name, what, injectedMs, healedMs, evidence }, row) => {
    const from = frame.x(injectedMs ?? 0);
    const wide = Math.max(faultWidthMin, frame.x(healedMs ?? frame.toMs) - from);
    const y = row * laneHeight;
    const title = `${name}: ${what}${evidence === undefined ? "" : ` (${evidence})`}`;
    shade.push(`<rect class="shade" x="${from}" y="0" width="${wide}" height="${height}"/>`);
    strip.push(
      `<rect class="fault" x="${from}" y="${y + 2}" width="${wide}" height="${laneHeight - 4}" rx="2"><title>${escapeMarkup(title)}</title></rect>`,
    );
    const beyond = from > width * 0.7;
    strip.push(
      `<text class="${beyond ? "name end" : "name"}" x="${beyond ? from - 5 : from + wide + 5}" y="${y + 13}">${escapeMarkup(name)}</text>`,
    );
  });
  return { strip, shade, rows: Math.max(1, made.length) };
}

function drawRate(run: RunFacts, frame: Frame, top: number): string[] {
  const buckets = Math.ceil((frame.toMs - frame.fromMs) / bucketMs);
  const good = new Array<number>(buckets).fill(0);
  const failed = new Array<number>(buckets).fill(0);
  for (const { endMs, outcome } of run.operations) {
    const bucket = Math.floor((endMs - frame.fromMs) / bucketMs);
    const counts = outcome === "failed" ? failed : good;
    if (bucket >= 0 && bucket < buckets) counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  const most = Math.max(1, ...good.map((count, bucket) => count + (failed[bucket] ?? 0)));
  const bars = (counts: readonly number[], below: readonly number[]) =>
    counts
      .flatMap((count, bucket) => {
        if (count === 0) return [];
        const from = frame.x(frame.fromMs + bucket * bucketMs);
        const to = frame.x(frame.fromMs + (bucket + 1) * bucketMs);
        const bottom = top + rateHeight - ((below[bucket] ?? 0) / most) * rateHeight;
        const high = (count / most) * rateHeight;
        return [`M${from} ${bottom.toFixed(1)}V${(bottom - high).toFixed(1)}H${to}V${bottom.toFixed(1)}Z`];
      })
      .join("");
  const none = new Array<number>(buckets).fill(0);
  return [
    label(top + 11, "requests/s"),
    `<text class="scale" x="${left - 8}" y="${top + 25}">to ${Math.round((most * 1_000) / bucketMs)}</text>`,
    `<path class="good" d="${bars(good, none)}"/>`,
    `<path class="failed" d="${bars(failed, good)}"/>`,
    `<path class="axis" d="M${left} ${top + rateHeight}H${width - right}"/>`,
  ];
}

/** Logarithmic: a request of 5 ms and a stall of 20 s are both to be seen. */
function latencyScale(run: RunFacts, top: number): { y(ms: number): number; mostMs: number } {
  const most = run.operations.reduce((longest, { dueMs, endMs }) => Math.max(longest, endMs - dueMs), 0);
  const mostMs = Math.max(run.promise.stallBarMs * 1.3, most * 1.1, 1_000);
  const span = Math.log(mostMs / latencyFloorMs);
  const y = (ms: number) => top + latencyHeight - (Math.log(Math.max(ms, latencyFloorMs) / latencyFloorMs) / span) * latencyHeight;
  return { y, mostMs };
}

function dots(operations: readonly Operation[], frame: Frame, y: (ms: number) => number): string {
  return operations
    .filter(({ dueMs }) => dueMs >= frame.fromMs)
    .map(({ dueMs, endMs }) => `M${frame.x(dueMs)} ${y(endMs - dueMs).toFixed(1)}h0`)
    .join("");
}

function drawLatency(run: RunFacts, frame: Frame, top: number): string[] {
  const { y, mostMs } = latencyScale(run, top);
  // The lane's name stands where the topmost label would.
  const steps = [10, 100, 1_000, 10_000, 100_000].filter((ms) => ms < mostMs && y(ms) > top + 22);
  const grid = steps.flatMap((ms) => [
    `<path class="grid" d="M${left} ${y(ms).toFixed(1)}H${width - right}"/>`,
    `<text class="scale" x="${left - 8}" y="${(y(ms) + 3).toFixed(1)}">${escapeMarkup(formatMs(ms).replace(".0", ""))}</text>`,
  ]);
  const bounds = (
    [
      ["bar", run.promise.stallBarMs],
      ["goal", run.promise.stallGoalMs],
    ] as const
  ).flatMap(([name, ms]) => [
    `<path class="${name}" d="M${left} ${y(ms).toFixed(1)}H${width - right}"/>`,
    `<text class="bound end" x="${width - right}" y="${(y(ms) - 3).toFixed(1)}">${name} ${escapeMarkup(formatMs(ms))}</text>`,
  ]);
  const longest = longestOperation(run);
  const marked =
    longest === undefined
      ? []
      : [
          `<path class="longest" d="M${frame.x(longest.dueMs)} ${y(longest.endMs - longest.dueMs).toFixed(1)}H${frame.x(longest.endMs)}"><title>${escapeMarkup(
            `the longest: ${longest.kind} ${longest.n}, ${formatMs(longest.endMs - longest.dueMs)}`,
          )}</title></path>`,
        ];
  const served = run.operations.filter(({ outcome }) => outcome !== "failed");
  return [
    label(top + 11, "latency"),
    ...grid,
    ...bounds,
    ...kinds.map(
      (kind) =>
        `<path class="dot ${kind}" d="${dots(
          served.filter((operation) => operation.kind === kind),
          frame,
          y,
        )}"/>`,
    ),
    `<path class="dot lost" d="${dots(
      run.operations.filter(({ outcome }) => outcome === "failed"),
      frame,
      y,
    )}"/>`,
    ...marked,
    `<path class="axis" d="M${left} ${top + latencyHeight}H${width - right}"/>`,
  ];
}

interface Segment {
  fromMs: number;
  toMs: number;
  holder: string | null;
}

/** Readings of the same moment are one: two holders are `pg-1 + pg-2`. Equal neighbours are one segment. */
export function segmentsOf(sightings: readonly Sighting[], role: Sighting["role"], toMs: number): Segment[] {
  const readings = Map.groupBy(
    sightings.filter((sighting) => sighting.role === role),
    ({ atMs }) => atMs,
  );
  const segments: Segment[] = [];
  for (const [atMs, group] of [...readings].sort(([one], [other]) => one - other)) {
    const names = group.flatMap(({ holder }) => holder ?? []);
    const holder = names.length === 0 ? null : names.sort().join(" + ");
    const last = segments.at(-1);
    if (last !== undefined) last.toMs = atMs;
    if (last?.holder !== holder) segments.push({ fromMs: atMs, toMs, holder });
  }
  const last = segments.at(-1);
  if (last !== undefined) last.toMs = toMs;
  return segments;
}

function drawSegments(segments: readonly Segment[], frame: Frame, top: number, classOf: (segment: Segment) => string): string[] {
  return segments.flatMap((segment) => {
    const from = frame.x(segment.fromMs);
    const wide = frame.x(segment.toMs) - from;
    if (wide <= 0) return [];
    const text = segment.holder ?? "nobody";
    const fits = wide > text.length * 6 + 8;
    return [
      `<rect class="${classOf(segment)}" x="${from}" y="${top + 2}" width="${wide.toFixed(1)}" height="${laneHeight - 4}" rx="2"><title>${escapeMarkup(text)}</title></rect>`,
      ...(fits ? [`<text class="holder" x="${from + 5}" y="${top + 13}">${escapeMarkup(text)}</text>`] : []),
    ];
  });
}

function drawLanes(run: RunFacts, frame: Frame, top: number): { parts: string[]; height: number } {
  const parts: string[] = [];
  let y = top;
  for (const [role, title] of ownerLanes) {
    const segments = segmentsOf(run.sightings, role, frame.toMs);
    if (segments.length === 0) continue;
    const holders = [...new Set(segments.map(({ holder }) => holder))].filter((holder) => holder !== null);
    const classOf = ({ holder }: Segment) =>
      holder === null ? "nobody" : holder.includes(" + ") ? "two" : `holder-${holders.indexOf(holder) % 4}`;
    parts.push(label(y + 13, title), ...drawSegments(segments, frame, y, classOf));
    y += laneHeight;
  }
  for (const [role, title] of countLanes) {
    const segments = segmentsOf(run.sightings, role, frame.toMs);
    if (segments.length === 0) continue;
    const isFull = ({ holder }: Segment) => holder?.split("/")[0] === holder?.split("/")[1];
    parts.push(label(y + 13, title), ...drawSegments(segments, frame, y, (segment) => (isFull(segment) ? "full" : "short")));
    y += laneHeight;
  }
  return { parts, height: y - top };
}

function drawAxis({ fromMs, toMs, zeroMs, x }: Frame, top: number): string[] {
  const seconds = (toMs - fromMs) / 1_000;
  const step = [1, 2, 5, 10, 20, 30, 60, 120, 300].find((candidate) => seconds / candidate <= 14) ?? 600;
  const ticks: string[] = [];
  for (let second = Math.ceil((fromMs - zeroMs) / 1_000 / step) * step; second * 1_000 <= toMs - zeroMs; second += step) {
    const at = x(zeroMs + second * 1_000);
    ticks.push(`<path class="tick" d="M${at} ${top}v4"/><text class="time" x="${at}" y="${top + 15}">${second} s</text>`);
  }
  return [`<path class="axis" d="M${left} ${top}H${width - right}"/>`, ...ticks];
}

/** @returns an svg element; its colours come from the page's style */
export function drawTimeline(run: RunFacts): string {
  const frame = frameOf(run);
  const made = run.faults.filter(({ injectedMs }) => injectedMs !== undefined).length;
  const rateTop = Math.max(1, made) * laneHeight + gap;
  const latencyTop = rateTop + rateHeight + gap;
  const lanesTop = latencyTop + latencyHeight + gap;
  const lanes = drawLanes(run, frame, lanesTop);
  const axisTop = lanesTop + lanes.height + 4;
  const faults = drawFaults(run, frame, axisTop);
  const whole =
    run.redundantMs === undefined
      ? []
      : [`<path class="whole" d="M${frame.x(run.redundantMs)} 0V${axisTop}"><title>full redundancy again</title></path>`];
  const parts = [
    ...faults.shade,
    ...faults.strip,
    ...drawRate(run, frame, rateTop),
    ...drawLatency(run, frame, latencyTop),
    ...lanes.parts,
    ...whole,
    ...drawAxis(frame, axisTop),
  ];
  const name = `Timeline of ${run.drill}, run ${run.run}: requests, latency, faults and what moved, in seconds since the first fault`;
  return `<svg class="timeline" viewBox="0 0 ${width} ${axisTop + 20}" role="img" aria-label="${escapeMarkup(name)}">${parts.join("\n")}</svg>`;
}

/** All measured stalls of a row against its bar and goal, as a strip of dots. */
export function drawStrip(stallsMs: readonly number[], promise: RunFacts["promise"]): string {
  const wide = 180;
  const mostMs = Math.max(promise.stallBarMs * 1.25, ...stallsMs) * 1.02;
  const x = (ms: number) => ((ms / mostMs) * wide).toFixed(1);
  const points = stallsMs.map((ms) => `<circle class="${ms > promise.stallBarMs ? "over" : "under"}" cx="${x(ms)}" cy="9" r="3"/>`);
  return `<svg class="strip" viewBox="0 0 ${wide} 18" role="img" aria-label="measured stalls against bar and goal"><path class="axis" d="M0 9H${wide}"/><path class="goal" d="M${x(promise.stallGoalMs)} 1V17"/><path class="bar" d="M${x(promise.stallBarMs)} 1V17"/>${points.join("")}</svg>`;
}
