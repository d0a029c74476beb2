/** The curve as a picture (SVG): what a request costs, over the number of patients. */
import { escapeMarkup } from "../report/escape-markup.ts";
import type { CurvePoint } from "./bench.ts";
import type { ScenarioFigures } from "./measure.ts";

const panelWidth = 400;
const panelHeight = 250;
const left = 64;
const top = 44;
const right = 32;
const bottom = 78;
const gap = 24;
const ticksWanted = 5;
const ink = "#1c2733";
const quiet = "#667585";
const grid = "#dbe2e8";
/** Of one scenario each, told apart in grey print by their marks too. */
const colours = ["#1a8f86", "#b7862b", "#2f6db3", "#7b5bb5", "#c0392b"] as const;

interface Panel {
  title: string;
  /** With its unit. */
  axis: string;
  valueOf(figures: ScenarioFigures): number | null;
}

const panels: readonly Panel[] = [
  { title: "Processor time, service and PostgreSQL", axis: "CPU per request (ms)", valueOf: ({ open }) => open.cpu?.totalMs ?? null },
  { title: "Time until the answer, median", axis: "p50 (ms)", valueOf: ({ open }) => open.p50Ms },
];

/** The least step of 1, 2 or 5 times a power of ten with which `ticksWanted` steps reach the value. */
export function stepFor(value: number): number {
  const rough = value / ticksWanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  return ([1, 2, 5, 10].find((factor) => factor * power >= rough * (1 - 1e-9)) ?? 10) * power;
}

/** Where a number of patients stands on the axis, from 0 to 1: each tenfold is as long as the next. */
export function logPlace(value: number, low: number, high: number): number {
  return high <= low ? 0.5 : Math.log10(value / low) / Math.log10(high / low);
}

function at(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function text(
  x: number,
  y: number,
  content: string,
  more: { anchor?: string; fill?: string; size?: number; rotate?: boolean } = {},
): string {
  const { anchor = "start", fill = ink, size = 11, rotate = false } = more;
  const turn = rotate ? ` transform="rotate(-90 ${at(x)} ${at(y)})"` : "";
  return `<text x="${at(x)}" y="${at(y)}" text-anchor="${anchor}" fill="${fill}" font-size="${size}"${turn}>${escapeMarkup(content)}</text>`;
}

function line(x1: number, y1: number, x2: number, y2: number, stroke: string): string {
  return `<line x1="${at(x1)}" y1="${at(y1)}" x2="${at(x2)}" y2="${at(y2)}" stroke="${stroke}"/>`;
}

function mark(index: number, x: number, y: number, title: string): string {
  const fill = colours[index % colours.length] ?? ink;
  const shapes = [
    `<circle cx="${at(x)}" cy="${at(y)}" r="4" fill="${fill}">`,
    `<rect x="${at(x - 4)}" y="${at(y - 4)}" width="8" height="8" fill="${fill}">`,
    `<path d="M${at(x)} ${at(y - 5)} L${at(x + 5)} ${at(y + 4)} L${at(x - 5)} ${at(y + 4)} Z" fill="${fill}">`,
    `<path d="M${at(x)} ${at(y - 5)} L${at(x + 5)} ${at(y)} L${at(x)} ${at(y + 5)} L${at(x - 5)} ${at(y)} Z" fill="${fill}">`,
  ];
  const shape = shapes[index % shapes.length] ?? "";
  return `${shape}<title>${escapeMarkup(title)}</title></${shape.slice(1, shape.indexOf(" "))}>`;
}

/** A panel's axes, grid and lines; `x0` is its left edge. */
function drawPanel(panel: Panel, points: readonly CurvePoint[], names: readonly string[], x0: number): string[] {
  const sizes = points.map(({ patients }) => patients);
  const [low, high] = [Math.min(...sizes), Math.max(...sizes)];
  const valueAt = (point: CurvePoint, name: string) => {
    const figures = point.scenarios.find(({ scenario }) => scenario === name);
    return figures === undefined ? null : panel.valueOf(figures);
  };
  const values = points.flatMap((point) => names.flatMap((name) => valueAt(point, name) ?? []));
  const step = stepFor(Math.max(...values, 1e-3));
  const most = Math.ceil(Math.max(...values, 1e-3) / step - 1e-9) * step;
  const x = (patients: number) => x0 + left + logPlace(patients, low, high) * panelWidth;
  const y = (value: number) => top + panelHeight * (1 - value / most);
  const drawn = [
    text(x0 + left, top - 20, panel.title, { size: 13 }),
    text(x0 + 16, top + panelHeight / 2, panel.axis, { anchor: "middle", fill: quiet, rotate: true }),
    text(x0 + left + panelWidth / 2, top + panelHeight + 38, "patients (logarithmic)", { anchor: "middle", fill: quiet }),
  ];
  for (let tick = 0; tick * step <= most * (1 + 1e-9); tick++) {
    const label = String(Number((tick * step).toPrecision(6)));
    drawn.push(line(x0 + left, y(tick * step), x0 + left + panelWidth, y(tick * step), tick === 0 ? ink : grid));
    drawn.push(text(x0 + left - 8, y(tick * step) + 4, label, { anchor: "end", fill: quiet }));
  }
  for (const patients of sizes) {
    drawn.push(line(x(patients), top + panelHeight, x(patients), top + panelHeight + 5, ink));
    drawn.push(text(x(patients), top + panelHeight + 19, patients.toLocaleString("en"), { anchor: "middle", fill: quiet }));
  }
  drawn.push(line(x0 + left, top, x0 + left, top + panelHeight, ink));
  for (const [index, name] of names.entries()) {
    const places = points.flatMap((point) => {
      const value = valueAt(point, name);
      return value === null ? [] : [{ patients: point.patients, value, x: x(point.patients), y: y(value) }];
    });
    const path = places.map((place) => `${at(place.x)},${at(place.y)}`).join(" ");
    drawn.push(`<polyline points="${path}" fill="none" stroke="${colours[index % colours.length]}" stroke-width="2"/>`);
    for (const { patients, value, x: px, y: py } of places)
      drawn.push(mark(index, px, py, `${name}, ${patients.toLocaleString("en")} patients: ${value.toFixed(2)} ms`));
  }
  return drawn;
}

/** @returns an SVG document; undefined where there is nothing to draw */
export function drawCurve(points: readonly CurvePoint[], caption: string): string | undefined {
  const names = [...new Set(points.flatMap(({ scenarios }) => scenarios.map(({ scenario }) => scenario)))];
  if (names.length === 0) return undefined;
  const one = left + panelWidth + right;
  const width = panels.length * one + (panels.length - 1) * gap;
  const height = top + panelHeight + bottom;
  const legend = names.flatMap((name, index) => {
    const x = left + index * 120;
    return [mark(index, x, height - 17, name), text(x + 12, height - 13, name, { size: 12 })];
  });
  const drawn = panels.flatMap((panel, place) => drawPanel(panel, points, names, place * (one + gap)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img"`,
    ` font-family="system-ui, 'Segoe UI', Arial, sans-serif"><title>${escapeMarkup(caption)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...drawn,
    ...legend,
    "</svg>\n",
  ].join("\n");
}
