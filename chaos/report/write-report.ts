/** Writes the report of a run of drills beside its journals, and what the documents say of the last runs. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makePage } from "./page.ts";
import { oftenTable, oftenTablesIn, promiseTable, replaceBetweenMarks } from "./promise-table.ts";
import { readSession, type SessionFacts, sessionFolders } from "./read-run.ts";
import { type DrillFigures, figuresOfRuns, makeJunit, makeResults } from "./results.ts";
import { summarizeRuns } from "./summary.ts";
import { makeTierIv } from "./tier-iv.ts";

export interface ReportOptions {
  /** Folder of all runs of drills. */
  reports: string;
  /** One run of drills; the last where none is named. */
  folder?: string;
  /** Where README.md and docs are; left out: the documents stay as they are. */
  checkout?: string;
}

export interface Written {
  /** The page first. */
  files: readonly string[];
  /** What could not be written, in words. */
  problems: readonly string[];
}

function writeBeside(facts: SessionFacts): string[] {
  const files = [
    ["index.html", makePage(facts)],
    ["results.json", makeResults(facts)],
    ["junit.xml", makeJunit(facts)],
  ] as const;
  return files.map(([name, text]) => {
    const file = join(facts.folder, name);
    writeFileSync(file, text);
    return file;
  });
}

/** All drills were asked for, and it came to its end: of one that was interrupted nobody knows what no drill hits. */
function isFull({ session }: SessionFacts): boolean {
  return session.full && session.endedAt !== null && session.uncovered !== null;
}

/** A drill run so often shows how its stalls are spread. */
const oftenRuns = 10;

/** Every drill that was asked for was run often. */
function isOften({ session, runs }: SessionFacts): boolean {
  const drills = summarizeRuns(runs);
  return drills.length === session.drills.length && drills.every(({ stall }) => (stall?.runs ?? 0) >= oftenRuns);
}

/** Of sessions, the newest first: for each drill the last in which it was run often. */
function lastOften(sessions: readonly SessionFacts[]): SessionFacts[] {
  const shown = new Set<string>();
  return sessions.filter((facts) => {
    const { drills } = facts.session;
    if (!isOften(facts) || drills.every((name) => shown.has(name))) return false;
    for (const name of drills) shown.add(name);
    return true;
  });
}

/** A long series is seldom repeated, and never on each machine: what the document says of one stays until its drills are run so often again. */
function tablesFor(document: string, last: SessionFacts, sessions: readonly SessionFacts[]): string {
  const often = lastOften(sessions);
  const here = new Set(often.flatMap(({ session }) => session.drills));
  const kept = oftenTablesIn(document).filter(({ drills }) => drills.some((name) => !here.has(name)));
  return [promiseTable(last), ...often.map(oftenTable), ...kept.map(({ table }) => table)].join("\n\n");
}

function writeDocuments(checkout: string, reports: string): Written {
  const sessions = sessionFolders(reports).toReversed().map(readSession);
  const last = sessions.find(isFull);
  if (last === undefined)
    return { files: [], problems: ["no run of all drills has come to its end yet: README and docs/tier-iv.md stay as they are"] };
  const readme = join(checkout, "README.md");
  const tierIv = join(checkout, "docs/tier-iv.md");
  writeFileSync(tierIv, makeTierIv(last));
  try {
    const document = readFileSync(readme, "utf8");
    writeFileSync(readme, replaceBetweenMarks(document, tablesFor(document, last, sessions)));
    return { files: [tierIv, readme], problems: [] };
  } catch (failure) {
    return { files: [tierIv], problems: [`${readme}: ${(failure as Error).message}`] };
  }
}

export function writeReport({ reports, folder, checkout }: ReportOptions): Written {
  const chosen = folder ?? sessionFolders(reports).at(-1);
  if (chosen === undefined || !existsSync(chosen)) return { files: [], problems: ["no drill has been run here yet"] };
  const beside = writeBeside(readSession(chosen));
  const documents = checkout === undefined ? { files: [], problems: [] } : writeDocuments(checkout, reports);
  return { files: [...beside, ...documents.files], problems: documents.problems };
}

/** What `--json` prints. */
export function drillFigures(folder: string): DrillFigures[] {
  return figuresOfRuns(readSession(folder).runs);
}
