import { names } from "../components/names.ts";
import { toolEnvironment } from "../lab/environment.ts";
import { CommandError, runCommand } from "./child-process.ts";
import { type Command, exitCodes, UsageError } from "./command.ts";
import { StepError } from "./recipe.ts";
import { readStackFile } from "./stack-file.ts";

interface ChainReport {
  sealed: number;
  waiting: number;
  head: { sequence: number; hash: string };
  defects: { kind: string; sequence?: number; eventId?: string }[];
}

const exitCodeUnknown = 2;
const timeoutMs = 3600_000;

const meanings: Record<string, string> = {
  changed: "was changed",
  removed: "was removed",
  gap: "is missing, and its link with it",
  added: "was put in without a link",
  cut: "and what followed was cut off the end",
};

/** The report as people read it. */
export function showReport({ sealed, waiting, head, defects }: ChainReport): string {
  const verdict =
    defects.length === 0
      ? "The audit record is whole."
      : `The audit record is NOT whole: ${defects.length} defects (at most 100 are told).`;
  const lines = defects.map(({ kind, sequence, eventId }) => {
    const which = [...(sequence === undefined ? [] : [`record ${sequence}`]), ...(eventId === undefined ? [] : [eventId])].join(", ");
    return `  ${which} ${meanings[kind] ?? kind}`;
  });
  return [
    verdict,
    ...lines,
    "",
    `${sealed} records in the chain, ${waiting} waiting to be put into it.`,
    `head  ${head.sequence}:${head.hash}`,
    "Keep the head somewhere else: with --head, a later verification finds out whether anything up to it was changed or cut off.",
    "",
  ].join("\n");
}

/** Runs the service's own verification in one of its pods: nobody else can reach the database. */
async function verify(stackName: string, head: string | undefined): Promise<ChainReport> {
  const { kubernetes } = readStackFile(stackName);
  const args = ["exec", "--kubeconfig", kubernetes.kubeconfig, "--namespace", names.namespace];
  if (kubernetes.context !== undefined) args.push("--context", kubernetes.context);
  args.push("deployment/record", "--", "node", "services/record/verify-audit.ts", ...(head === undefined ? [] : ["--head", head]));
  try {
    return read(await runCommand("kubectl", args, { timeoutMs, env: toolEnvironment() }));
  } catch (failure) {
    if (!(failure instanceof CommandError)) throw failure;
    // Exit code 1 is a report with defects.
    if (failure.exitCode === 1 && failure.stdout.includes('"defects"')) return read(failure.stdout);
    throw new StepError(
      `the audit record could not be verified: ${failure.stderr.trim().split("\n").at(-1) ?? failure.message}`,
      "See ./dsp status.",
    );
  }
}

function read(stdout: string): ChainReport {
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as ChainReport;
}

export const audit: Command = {
  description:
    "Verifies the record of who did what: every entry's place in the chain of hashes. Finds what was changed, removed, slipped in, or, with --head,\n" +
    "cut off the end. Exit code: 0 whole, 1 not whole, 2 cannot tell.",
  positionals: { usage: "verify", description: "what to do", choices: ["verify"], max: 1 },
  options: {
    head: { type: "string", placeholder: "sequence:hash", description: "a head that an earlier verification printed" },
    json: { type: "boolean", description: "print the report as JSON" },
    stack: { type: "string", placeholder: "name", description: "the stack (default: lab)" },
  },
  examples: ["./dsp audit verify", "./dsp audit verify --json | jq .defects"],
  async run(values, words) {
    if (words[0] !== "verify") throw new UsageError("say what to do: ./dsp audit verify");
    const text = (option: string) => (typeof values[option] === "string" ? (values[option] as string) : undefined);
    const head = text("head");
    if (head !== undefined && !/^\d{1,15}:[0-9a-f]{64}$/.test(head)) throw new UsageError(`--head "${head}" is no SEQUENCE:HASH`);
    let report: ChainReport;
    try {
      report = await verify(text("stack") ?? "lab", head);
    } catch (failure) {
      if (!(failure instanceof StepError)) throw failure;
      process.stderr.write(`dsp: ${failure.message}\n     ${failure.advice}\n`);
      return exitCodeUnknown;
    }
    process.stdout.write(values.json === true ? `${JSON.stringify(report, null, 2)}\n` : showReport(report));
    return report.defects.length === 0 ? exitCodes.ok : exitCodes.failed;
  },
};
