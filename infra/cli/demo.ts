import { z } from "zod";
import { readSecrets } from "../secrets.ts";
import { CommandError } from "./child-process.ts";
import { type Command, exitCodes } from "./command.ts";
import { StepError } from "./recipe.ts";
import { lastLine, runServiceScript } from "./service-script.ts";
import { readStackFile } from "./stack-file.ts";
import { secretStore } from "./stack-secrets.ts";

const timeoutMs = 30_000;

const accountSchema = z.object({
  login: z.string(),
  name: z.string(),
  role: z.string(),
  profession: z.string().optional(),
  organization: z.string().optional(),
  shows: z.string().optional(),
  code: z.string().optional(),
  codeSeconds: z.number().optional(),
});

type Account = z.infer<typeof accountSchema>;

/** The synthetic accounts with the one-time codes of this moment, from a pod of identity. @throws StepError */
async function readAccounts(stackName: string): Promise<Account[]> {
  const script = "services/identity/demo-accounts.ts";
  try {
    return z.array(accountSchema).parse(JSON.parse(await runServiceScript(stackName, { service: "identity", script, timeoutMs })));
  } catch (failure) {
    if (!(failure instanceof CommandError)) throw failure;
    const lastWords = lastLine(failure.stderr) || failure.message;
    throw new StepError(
      `the accounts could not be read: ${lastWords}`,
      "Bring the platform up first, with all its services: ./dsp up --services all",
    );
  }
}

/** As people read it. */
export function showAccounts(portal: string, password: string, accounts: readonly Account[]): string {
  const rows = accounts.flatMap(({ login, name, role, profession, organization, shows, code, codeSeconds }) => {
    const who = [profession ?? role, ...(organization === undefined ? [] : [organization])].join(", ");
    const second = code === undefined ? "" : `code ${code} (${codeSeconds} s)`;
    const row = `  ${login.padEnd(10)} ${name.padEnd(22)} ${who.padEnd(26)} ${second}`.trimEnd();
    return shows === undefined ? [row] : [row, `${" ".repeat(13)}${shows}`];
  });
  return [
    "Synthetic accounts, for trying the platform. Nobody of these names exists.",
    "",
    ...rows,
    "",
    `  password   ${password}`,
    `  portal     ${portal}`,
    "",
    "A code changes every 30 s and is good for one sign-in: run this again for the next.",
    "",
  ].join("\n");
}

export const demo: Command = {
  description: "Prints the accounts of the synthetic people: logins, their password, and the one-time codes of this moment.",
  options: {
    json: { type: "boolean", description: "print them as JSON" },
    stack: { type: "string", placeholder: "name", description: "the stack (default: lab)" },
  },
  examples: ["./dsp demo", "./dsp demo --json | jq -r '.accounts[] | select(.login == \"hoffmann\").code'"],
  async run(values) {
    const stack = typeof values.stack === "string" ? values.stack : "lab";
    const portal = `${new URL(readStackFile(stack).publicUrl).origin}/portal/`;
    const [accounts, { demoPassword }] = await Promise.all([readAccounts(stack), readSecrets(secretStore(stack))]);
    if (demoPassword === undefined) throw new StepError("this stack has no password for synthetic accounts", "Make it: ./dsp secrets make");
    const text =
      values.json === true
        ? JSON.stringify({ portal, password: demoPassword, accounts }, null, 2)
        : showAccounts(portal, demoPassword, accounts);
    process.stdout.write(`${text}\n`);
    return exitCodes.ok;
  },
};
