import { platformServices } from "../services.ts";
import { CommandError } from "./child-process.ts";
import { type Command, exitCodes, UsageError } from "./command.ts";
import { StepError } from "./recipe.ts";
import { lastLine, runServiceScript } from "./service-script.ts";
import { readStackFile } from "./stack-file.ts";

interface ChainReport {
  service: string;
  sealed: number;
  waiting: number;
  head: { sequence: number; hash: string };
  defects: { kind: string; sequence?: number; eventId?: string }[];
}

const services = platformServices.map(({ name }) => name);
const exitCodeUnknown = 2;
const timeoutMs = 3600_000;

const meanings: Record<string, string> = {
  changed: "was changed",
  removed: "was removed",
  gap: "is missing, and its link with it",
  added: "was put in without a link",
  cut: "and what followed was cut off the end",
};

/** The reports as people read them, a service after the other. */
export function showReports(reports: readonly ChainReport[]): string {
  const advice =
    "Keep the heads somewhere else: with --head, a later verification finds out whether anything up to one was changed or cut off.\n";
  return [...reports.map(showReport), advice].join("\n");
}

function showReport({ service, sealed, waiting, head, defects }: ChainReport): string {
  const verdict =
    defects.length === 0
      ? `${service}: the audit record is whole.`
      : `${service}: the audit record is NOT whole: ${defects.length} defects (at most 100 are told).`;
  const lines = defects.map(({ kind, sequence, eventId }) => {
    const which = [...(sequence === undefined ? [] : [`record ${sequence}`]), ...(eventId === undefined ? [] : [eventId])].join(", ");
    return `  ${which} ${meanings[kind] ?? kind}`;
  });
  return [
    verdict,
    ...lines,
    `  ${sealed} records in the chain, ${waiting} waiting to be put into it.`,
    `  head  ${head.sequence}:${head.hash}`,
    "",
  ].join("\n");
}

/** Runs the service's own verification in one of its pods: nobody else can reach the database. */
async function verify(stackName: string, service: string, head: string | undefined): Promise<ChainReport> {
  const args = [service, ...(head === undefined ? [] : ["--head", head])];
  try {
    return read(service, await runServiceScript(stackName, { service, script: "services/lib/verify-audit.ts", args, timeoutMs }));
  } catch (failure) {
    if (!(failure instanceof CommandError)) throw failure;
    // Exit code 1 is a report with defects.
    if (failure.exitCode === 1 && failure.stdout.includes('"defects"')) return read(service, lastLine(failure.stdout));
    throw new StepError(
      `the audit record of ${service} could not be verified: ${lastLine(failure.stderr) || failure.message}`,
      "See ./dsp status.",
    );
  }
}

function read(service: string, line: string): ChainReport {
  return { service, ...(JSON.parse(line) as Omit<ChainReport, "service">) };
}

export const audit: Command = {
  description:
    "Verifies each service's record of who did what: every entry's place in the chain of hashes. Finds what was changed, removed, slipped in, or, with --head,\n" +
    "cut off the end. Exit code: 0 whole, 1 not whole, 2 cannot tell.",
  positionals: { usage: "verify", description: "what to do", choices: ["verify"], max: 1 },
  options: {
    service: { type: "string", choices: services, description: "one service's record alone (default: all)" },
    head: { type: "string", placeholder: "sequence:hash", description: "a head that an earlier verification printed; with --service" },
    json: { type: "boolean", description: "print the reports as JSON" },
    stack: { type: "string", placeholder: "name", description: "the stack (default: lab)" },
  },
  examples: ["./dsp audit verify", "./dsp audit verify --service record --json | jq '.[].defects'"],
  async run(values, words) {
    if (words[0] !== "verify") throw new UsageError("say what to do: ./dsp audit verify");
    const text = (option: string) => (typeof values[option] === "string" ? (values[option] as string) : undefined);
    const head = text("head");
    if (head !== undefined && !/^\d{1,15}:[0-9a-f]{64}$/.test(head)) throw new UsageError(`--head "${head}" is no SEQUENCE:HASH`);
    const service = text("service");
    if (head !== undefined && service === undefined) throw new UsageError("a head is of one service: say which with --service");
    const reports: ChainReport[] = [];
    try {
      for (const each of service === undefined ? readStackFile(text("stack") ?? "lab").services : [service])
        reports.push(await verify(text("stack") ?? "lab", each, head));
    } catch (failure) {
      if (!(failure instanceof StepError)) throw failure;
      process.stderr.write(`dsp: ${failure.message}\n     ${failure.advice}\n`);
      return exitCodeUnknown;
    }
    process.stdout.write(values.json === true ? `${JSON.stringify(reports, null, 2)}\n` : showReports(reports));
    return reports.every(({ defects }) => defects.length === 0) ? exitCodes.ok : exitCodes.failed;
  },
};
