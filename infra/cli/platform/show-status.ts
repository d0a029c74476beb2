/** The status as people read it: one block a part, a word of health first. */
import { stripVTControlCharacters, styleText } from "node:util";
import type { PlatformStatus } from "./platform-status.ts";

type Style = "green" | "red" | "yellow" | "dim" | "bold";
type Painter = (style: Style, text: string) => string;

/** Wide enough for the longest title, so that the blocks stand in line. */
const titleWidth = 10;

/** Columns as wide as their widest cell, whatever its colours; the first is for titles. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widthOf = (text: string) => stripVTControlCharacters(text).length;
  const widths: number[] = [titleWidth];
  for (const row of rows)
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
    });
  return rows.map((row) =>
    row
      .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - widthOf(cell)))
      .join("  ")
      .trimEnd(),
  );
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

function mark(paint: Painter, good: boolean | null): string {
  return good === null ? paint("yellow", "?") : good ? paint("green", "●") : paint("red", "●");
}

function showNodes(status: PlatformStatus, paint: Painter): string[][] {
  return status.sites.flatMap((site) =>
    site.nodes.map((node, index) => [
      index === 0 ? paint("bold", site.name) : "",
      `${mark(paint, node.ready)} ${node.name}`,
      node.ready ? "ready" : paint("red", "not ready"),
      paint("dim", node.roles.join(", ")),
    ]),
  );
}

function showPostgres({ postgres }: PlatformStatus, paint: Painter): string[][] {
  return postgres.instances.map(({ name, site, role, lagBytes, sync, ready }, index) => [
    index === 0 ? paint("bold", "PostgreSQL") : "",
    `${mark(paint, role === "unknown" ? null : ready)} ${name}`,
    site,
    role === "primary" ? paint("bold", role) : role,
    role === "primary" ? "" : [sync ?? "not streaming", lagBytes === null ? "lag unknown" : `lag ${formatBytes(lagBytes)}`].join(", "),
  ]);
}

function showWatchers({ watchers }: PlatformStatus, paint: Painter): string[][] {
  return watchers.map(({ site, ready }, index) => [
    index === 0 ? paint("bold", "Watchers") : "",
    `${mark(paint, ready)} ${site}`,
    ready ? "ready" : paint("red", "not ready"),
  ]);
}

function showRedis({ redis }: PlatformStatus, paint: Painter): string[][] {
  return redis.instances.map(({ name, site, role, linked, sentinelPrimary }, index) => [
    index === 0 ? paint("bold", "Redis") : "",
    `${mark(paint, role === "unknown" ? null : linked !== false)} ${name}`,
    site,
    role === "primary" ? paint("bold", role) : role,
    `${linked === false ? "link down, " : ""}sentinel: ${sentinelPrimary === null ? "no answer" : `primary is ${sentinelPrimary}`}`,
  ]);
}

function showEdge({ edge }: PlatformStatus, paint: Painter): string[][] {
  return edge.instances.map(({ name, site, node, ready, holdsAddress }, index) => [
    index === 0 ? paint("bold", "Edge") : "",
    `${mark(paint, ready)} ${name}`,
    site,
    node,
    holdsAddress === true ? paint("bold", `holds ${edge.virtualIp}`) : holdsAddress === false ? "stands by" : "",
  ]);
}

function showReplicas({ services, operators }: PlatformStatus, paint: Painter): string[][] {
  const serviceRows = services.map(({ name, ready, desired, sites }, index) => [
    index === 0 ? paint("bold", "Services") : "",
    `${mark(paint, ready >= desired)} ${name}`,
    `${ready} of ${desired}`,
    sites.map((site) => `${site.name} ${site.ready}/${site.desired}`).join(", "),
  ]);
  const operatorRows = operators.map(({ name, ready, desired }, index) => [
    index === 0 ? paint("bold", "Operators") : "",
    `${mark(paint, ready >= desired)} ${name}`,
    `${ready} of ${desired}`,
    "",
  ]);
  return [...serviceRows, ...operatorRows];
}

function showBackups({ backups }: PlatformStatus, paint: Painter): string[][] {
  return backups.map(({ site, lastAt, scheduled }, index) => [
    index === 0 ? paint("bold", "Backups") : "",
    `${mark(paint, lastAt === null ? null : true)} ${site}`,
    lastAt === null ? "none yet" : `last ${lastAt}`,
    scheduled ? "" : paint("dim", "when asked: ./dsp backup now"),
  ]);
}

export function showStatus(status: PlatformStatus, stream: NodeJS.WriteStream): string {
  const paint: Painter = (style, text) => styleText(style, text, { stream, validateStream: true });
  const verdict = status.healthy ? paint("green", "healthy") : status.unknown ? paint("yellow", "unknown") : paint("red", "unhealthy");
  const blocks = [showNodes, showPostgres, showWatchers, showRedis, showEdge, showReplicas, showBackups].map((show) =>
    table(show(status, paint)).join("\n"),
  );
  const endpoints = table([
    [
      paint("bold", "Endpoints"),
      "fhir",
      status.endpoints.fhir,
      status.edge.answers ? paint("green", "answers") : paint("red", "does not answer"),
    ],
    ["", "ca", status.endpoints.ca],
  ]).join("\n");
  const reasons = status.reasons.map((reason) => `  - ${reason}`);
  return `${[[`The platform is ${verdict}.`, ...reasons].join("\n"), ...blocks.filter((block) => block !== ""), endpoints].join("\n\n")}\n`;
}
