/** The few lines of many logs that say what the longest stall was made of. One table of rules; whatever no rule knows is left out. */
import { existsSync, readFileSync } from "node:fs";
import type { Operation } from "../history.ts";
import { type LogSource, logFile } from "../run/collect-logs.ts";
import type { RunFacts } from "./read-run.ts";

export interface TellingLine {
  atMs: number;
  /** Whose word it is: `client`, `fault`, `watcher site-a`, `pg-2`. */
  source: LogSource | "client" | "fault";
  who: string;
  text: string;
}

/** A pattern and what is said when it is found; groups of the pattern are put in for $1, $2. */
type Rule = readonly [pattern: RegExp, text: string];

export const rules: Readonly<Record<LogSource, readonly Rule[]>> = {
  watcher: [
    [/"msg":"primary suspected"/, "suspects the primary"],
    [/"msg":"this process was away"/, "was itself away"],
    [/"msg":"(failover begins|standby not fenced|primary labelled|[^"]*(?:fenced|promot|vote|leader|abandon)[^"]*)"/, "$1"],
    [/"msg":"(repair: [^"]*)"/, "$1"],
  ],
  operator: [
    [/"msg":"(Current primary isn't healthy, initiating a failover)/, "$1"],
    [/"msg":"(Current target primary isn't healthy, failing over)/, "$1"],
    [/"msg":"(Target primary isn't healthy, switching target)/, "$1"],
    [/"msg":"(Failing over)"/, "$1"],
    [/"msg":"(Waiting for the failover delay to expire)/, "$1"],
    [/"msg":"(There is a switchover or a failover)/, "$1"],
    [/"msg":"(Setting (?:primary|replica) label)[^}]*"(?:pod|instance)":"([^"]+)"/, "$1 on $2"],
    [/"msg":"(Strong consistency check failed\. Preventing failover\.)/, "$1"],
    [/(successfully acquired lease|lost lease|leader election lost)/, "$1"],
  ],
  postgres: [
    [/"msg":"(I'm the target primary, [^"]*|This is the former primary instance[^"]*)"/, "$1"],
    [/"msg":"((?:Acquiring|Acquired|Releasing) primary lease|Primary lease (?:lost|preempted|not yet)[^"]*)"/, "$1"],
    [/"msg":"(Promoting instance|The PostgreSQL instance has been promoted successfully)"/, "$1"],
    [/"message":"(received promote request|received (?:fast|immediate|smart) shutdown request|selected new timeline ID: \d+)"/, "$1"],
    [/"message":"(database system is ready to accept (?:read-only )?connections|database system is shut down)"/, "$1"],
    [/"message":"(database system was (?:interrupted|not properly shut down)[^"]*|redo done at[^"]*)"/, "$1"],
    [
      /"message":"(started streaming WAL from primary[^"]*|could not connect to the primary[^"]*|replication terminated by primary[^"]*)"/,
      "$1",
    ],
    [/"message":"((?:server process|client backend)[^"]* was terminated by signal[^"]*|terminating any other active[^"]*)"/, "$1"],
    [/"message":"([^"]*No space left on device[^"]*)"/, "$1"],
    [/"message":"(parameter \\"primary_conninfo\\" changed[^"]*)"/, "fence or new primary: primary_conninfo changed"],
    [/"message":"(terminating walsender process due to replication timeout|terminating walreceiver due to timeout)"/, "$1"],
  ],
  redis: [
    [/(\+(?:sdown|odown|switch-master|failover-end|elected-leader|selected-slave|promoted-slave)\b.*)$/, "$1"],
    [
      /(MASTER MODE enabled|Connecting to MASTER[^(]*|MASTER <-> REPLICA sync: Finished with success|Connection with (?:master|replica)[^.]* lost)/,
      "$1",
    ],
  ],
  edge: [
    [/(Server \S+ is (?:DOWN|UP)[^.]*|backend \S+ has no server available)/, "$1"],
    [/(Entering (?:MASTER|BACKUP|FAULT) STATE)/, "$1"],
  ],
  service: [[/"msg":"([^"]*(?:primary|hold|lost the database|draining)[^"]*)"/i, "$1"]],
};

/** `[pod/pg-1/postgres] 2026-11-23T15:45:00.123456789Z …` as kubectl writes it. */
const logLine = /^\[pod\/([^/\]]+)\/[^\]]+\] (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?)\d*Z (.*)$/;
const textMax = 160;

/** Pure: what one part's log has to say. */
export function pickLines(source: LogSource, log: string): TellingLine[] {
  return log.split("\n").flatMap((line): TellingLine[] => {
    const [, who, time, text] = logLine.exec(line) ?? [];
    if (who === undefined || time === undefined || text === undefined) return [];
    for (const [pattern, said] of rules[source]) {
      const match = pattern.exec(text);
      if (match === null) continue;
      const filled = said.replace(/\$(\d)/g, (_whole, group: string) => match[Number(group)] ?? "");
      return [{ atMs: Date.parse(`${time}Z`), source, who, text: filled.slice(0, textMax) }];
    }
    return [];
  });
}

/** The operation that waited longest since the first fault. */
export function longestOperation({ operations, faults, steadyEndMs }: RunFacts): Operation | undefined {
  const injected = faults.flatMap(({ injectedMs }) => injectedMs ?? []);
  const fromMs = injected.length > 0 ? Math.min(...injected) : (steadyEndMs ?? Number.POSITIVE_INFINITY);
  return operations
    .filter(({ endMs }) => endMs >= fromMs)
    .reduce<Operation | undefined>(
      (most, operation) => (most === undefined || operation.endMs - operation.dueMs > most.endMs - most.dueMs ? operation : most),
      undefined,
    );
}

function clientLines(run: RunFacts, longest: Operation): TellingLine[] {
  const write = ({ kind }: Operation) => kind === "create" || kind === "update";
  const before = run.operations.filter((operation) => operation.outcome === "ok" && write(operation) && operation.endMs <= longest.dueMs);
  const lastBeforeMs = before.reduce((latest, { endMs }) => Math.max(latest, endMs), 0);
  const firstAfter = run.operations
    .filter((operation) => operation.outcome === "ok" && write(operation) && operation.startMs >= longest.dueMs)
    .reduce<Operation | undefined>(
      (first, operation) => (first === undefined || operation.endMs < first.endMs ? operation : first),
      undefined,
    );
  const line = (atMs: number, text: string): TellingLine => ({ atMs, source: "client", who: "client", text });
  const waited = longest.endMs - longest.dueMs;
  return [
    ...(lastBeforeMs > 0 ? [line(lastBeforeMs, "last write acknowledged before the stall")] : []),
    line(longest.dueMs, `${longest.kind} ${longest.n} is due: it will wait longest`),
    ...(firstAfter === undefined
      ? []
      : [line(firstAfter.endMs, `first write of the stall acknowledged (${firstAfter.kind} ${firstAfter.n})`)]),
    ...(longest.earlier ?? []).map(({ endMs, reason }) => line(endMs, `${longest.kind} ${longest.n} is to be sent again: ${reason}`)),
    line(longest.endMs, `${longest.kind} ${longest.n} ends: ${longest.outcome} after ${waited} ms and ${longest.attempts} attempts`),
  ];
}

function faultLines({ faults }: RunFacts): TellingLine[] {
  return faults.flatMap(({ name, what, injectedMs, happenedMs, evidence, healedMs }) => {
    const line = (atMs: number | undefined, text: string): TellingLine[] =>
      atMs === undefined ? [] : [{ atMs, source: "fault", who: "fault", text }];
    return [
      ...line(injectedMs, `${name} begins: ${what}`),
      ...line(happenedMs, evidence ?? "seen"),
      ...line(healedMs, `${name} is healed`),
    ];
  });
}

/** Everybody's word around the longest stall, in order of time; the same said again at once is said once. */
export function tellStall(
  run: RunFacts,
  readLog: (source: LogSource) => string = (source) => readIfThere(logFile(run.folder, source)),
): TellingLine[] {
  const longest = longestOperation(run);
  if (longest === undefined) return [];
  const injected = run.faults.flatMap(({ injectedMs }) => injectedMs ?? []);
  const fromMs = Math.min(longest.dueMs, ...injected) - 1_000;
  const toMs = longest.endMs + 2_000;
  const logs = (Object.keys(rules) as LogSource[]).flatMap((source) => pickLines(source, readLog(source)));
  const all = [...clientLines(run, longest), ...faultLines(run), ...logs]
    .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
    .sort((left, right) => left.atMs - right.atMs);
  const seen = new Map<string, number>();
  return all.filter(({ who, text, atMs }) => {
    const before = seen.get(`${who} ${text}`);
    seen.set(`${who} ${text}`, atMs);
    return before === undefined || atMs - before > 1_000;
  });
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}
