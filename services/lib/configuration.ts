/** What every process does with its environment: all problems at once, and an exit code of their own. */

/** The exit code for bad configuration (EX_CONFIG of sysexits.h). */
const badConfigExitCode = 78;

type Environment = Record<string, string | undefined>;

/** A variable that is set to nothing counts as not set. */
export function givenVariables(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
}

/** One error for all problems, a line each. */
export function unusable(issues: readonly { path: readonly PropertyKey[]; message: string }[]): Error {
  const lines = issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
  return new Error(`The configuration is not usable:\n${lines.join("\n")}`);
}

/** This process' configuration; ends the process with exit code 78 where it is not usable. */
export function configOrExit<Config>(read: (environment: Environment) => Config): Config {
  try {
    return read(process.env);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(badConfigExitCode);
  }
}
