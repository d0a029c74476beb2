/** The command line: finds the command, reads its words, runs it, and turns whatever happens into a message and an exit code. */
import { type Command, exitCodes, helpText, parseCommand, UsageError, unknownWord } from "./command.ts";
import { RecipeStopped, StepError } from "./recipe.ts";

/** Commands are loaded when they are used: `status` should not wait for what `up` needs. */
const commands: Record<string, { summary: string; load: () => Promise<Command> }> = {
  up: { summary: "bring the platform up, or go on where an earlier up stopped", load: async () => (await import("./up.ts")).up },
  status: { summary: "sites, nodes, PostgreSQL, Redis, edge, services, endpoints", load: async () => (await import("./status.ts")).status },
  token: { summary: "print an access token for a demo client", load: async () => (await import("./token.ts")).token },
  logs: { summary: "logs of a part of the platform, or of a step of up", load: async () => (await import("./logs.ts")).logs },
  shell: { summary: "a shell with the tools, KUBECONFIG and PULUMI_* set", load: async () => (await import("./shell.ts")).shell },
  test: { summary: "run the tests: fast, integration, lab, or all of them", load: async () => (await import("./test.ts")).test },
  drill: { summary: "break the platform under load and judge what clients saw", load: async () => (await import("./drill.ts")).drill },
  load: { summary: "load without faults: smoke, steady, peak, soak", load: async () => (await import("./load.ts")).load },
  bench: { summary: "how much the record service can do, and what a request costs", load: async () => (await import("./bench.ts")).bench },
  demo: { summary: "the accounts of the synthetic people, to sign in with", load: async () => (await import("./demo.ts")).demo },
  audit: { summary: "verify that the record of who did what is whole", load: async () => (await import("./audit.ts")).audit },
  backup: { summary: "take, list and fetch backups", load: async () => (await import("./backup.ts")).backup },
  switchover: {
    summary: "move the PostgreSQL primary, as before maintenance",
    load: async () => (await import("./switchover.ts")).switchover,
  },
  sbom: { summary: "list what others made and the platform is built of", load: async () => (await import("./sbom.ts")).sbom },
  secrets: { summary: "rotate the platform's secrets", load: async () => (await import("./secrets.ts")).secrets },
  down: { summary: "take the lab down; --all removes the cache too", load: async () => (await import("./down.ts")).down },
};

function overview(): string {
  const names = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}`);
  return [
    "Usage: ./dsp <command> [options]",
    "",
    "The platform of a shared care record: two sites and a witness, brought up, watched and tested from here.",
    "",
    "Commands:",
    ...names,
    "",
    "Every command has --help. Exit codes: 0 good, 1 failed or unhealthy, 2 wrong words (status, drill: cannot tell), 130 interrupted.",
    "",
  ].join("\n");
}

function report(failure: unknown, name: string | undefined): number {
  if (failure instanceof RecipeStopped) return failure.exitCode;
  if (failure instanceof UsageError) {
    process.stderr.write(`dsp: ${failure.message} (see: ./dsp ${name === undefined ? "" : `${name} `}--help)\n`);
    return exitCodes.usage;
  }
  if (failure instanceof StepError) {
    process.stderr.write(`dsp: ${failure.message}\n     ${failure.advice}\n`);
    return exitCodes.failed;
  }
  process.stderr.write(`dsp: unexpected failure: ${failure instanceof Error ? (failure.stack ?? failure.message) : String(failure)}\n`);
  return exitCodes.failed;
}

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    const topic = name === "help" ? rest[0] : undefined;
    if (topic !== undefined) return main([topic, "--help"]);
    process.stdout.write(overview());
    return name === undefined ? exitCodes.usage : exitCodes.ok;
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  try {
    if (entry === undefined) throw new UsageError(unknownWord(name.startsWith("-") ? "option" : "command", name, Object.keys(commands)));
    const command = await entry.load();
    const { values, words, passed } = parseCommand(command, rest);
    if (values.help === true) {
      process.stdout.write(helpText(name, command));
      return exitCodes.ok;
    }
    return await command.run(values, words, passed);
  } catch (failure) {
    return report(failure, entry === undefined ? undefined : name);
  }
}

// A reader that has seen enough (`./dsp logs | head`) is no failure.
process.stdout.on("error", (failure: NodeJS.ErrnoException) => {
  if (failure.code === "EPIPE") process.exit(exitCodes.ok);
  throw failure;
});

// Connections that are kept alive, or that hang at a dead site, must not keep the command from ending.
process.exit(await main(process.argv.slice(2)));
