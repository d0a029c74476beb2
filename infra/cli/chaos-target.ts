/** The platform as drills and load are told of it: addresses, credentials and tools of a stack. */
import { join } from "node:path";
import type { ReceiverPlace, Target } from "../../chaos/target.ts";
import { names } from "../components/names.ts";
import { toolEnvironment } from "../lab/environment.ts";
import { readLabFacts } from "../lab/facts.ts";
import { toolchainSteps } from "../lab/lab.ts";
import { gatewayOf } from "../lab/network.ts";
import { NodeShells } from "../lab/node-shells.ts";
import { paths } from "../lab/paths.ts";
import { makeLeaf, type Rotatable } from "../secrets/generate.ts";
import { readSecrets, rotate } from "../secrets.ts";
import { CommandError, runCommand } from "./child-process.ts";
import { connectKubernetes } from "./platform/kubernetes-api.ts";
import { readPlatform } from "./platform/read-platform.ts";
import { runRecipe, type Step, StepError } from "./recipe.ts";
import { readStackFile } from "./stack-file.ts";
import { secretNeeds, secretStore, writeAuthority } from "./stack-secrets.ts";
import { findChromium, installBrowser } from "./test-servers.ts";
import { makeToken } from "./token.ts";

/** Where drills leave their journals and reports. */
export const drillReports = join(paths.checkout, "reports/drills");

/** A platform that is broken on purpose may take its time. */
const apiTimeoutMs = 10_000;
const execTimeoutMs = 6_000;
const lastWordsMax = 600;
const deployTimeoutMs = 15 * 60_000;

/** What a drill calls certificates and passwords. The authority stays: a client trusts it, and a load that runs could not change its mind. */
const rotated = { certificates: ["edge", "service", "redis-tls"], passwords: ["redis", "postgres"] } as const satisfies Record<
  string,
  readonly Rotatable[]
>;

/** As an operator does it: new secrets in the stack's settings, then `pulumi up`. */
async function rotateSecrets(stack: string, which: keyof typeof rotated): Promise<void> {
  const store = secretStore(stack);
  await rotate(store, secretNeeds(stack), rotated[which]);
  await writeAuthority(store);
  const args = ["up", "--yes", "--skip-preview", "--suppress-outputs", "--non-interactive", "--stack", stack];
  await runCommand("pulumi", args, { cwd: paths.checkout, env: toolEnvironment(), timeoutMs: deployTimeoutMs });
}

/** @throws StepError when the stack has no synthetic accounts */
async function readDemoPassword(stack: string): Promise<string> {
  const { demoPassword } = await readSecrets(secretStore(stack));
  if (demoPassword === undefined) throw new StepError("this stack has no password for synthetic accounts", "Make it: ./dsp secrets make");
  return demoPassword;
}

/** This machine as the lab's pods reach it, with a certificate that they trust. */
async function makeReceiver(stack: string): Promise<ReceiverPlace> {
  const [facts, { ca }] = [readLabFacts(), await readSecrets(secretStore(stack))];
  if (facts === undefined || ca === undefined) throw new StepError("the lab is not there", "Bring it up first: ./dsp up");
  const address = gatewayOf(facts.settings.subnet);
  return { address, ...(await makeLeaf(ca, [address], new Date())) };
}

/** Makes sure of what puts the load on the platform: k6, which nothing else needs. @throws RecipeStopped */
export async function installLoadTools(stream: NodeJS.WriteStream, more: readonly Step[] = []): Promise<void> {
  await runRecipe([...toolchainSteps(["k6"]), ...more], { stream, logFolder: paths.logs, resumeAdvice: "Run it again." });
}

/** Drills that need a browser say themselves that they cannot be run without one. */
export const browserStep: Step = {
  name: "browser",
  run: (tools) =>
    installBrowser(tools).catch((failure) => {
      if (failure instanceof StepError) return `left out: ${failure.message}`;
      throw failure;
    }),
};

/** @throws StepError when there is no such stack */
export function chaosTarget(stack: string): Target {
  const file = readStackFile(stack);
  const { kubeconfig, context } = file.kubernetes;
  const environment = { ...toolEnvironment(), KUBECONFIG: kubeconfig };
  const browserPath = findChromium();
  const shells = new NodeShells({ ...process.env, ...environment });
  return {
    ...{ stack, environment, production: file.production, publicUrl: file.publicUrl, caFile: file.caFile },
    kind: file.kind === "lab" ? "lab" : "cluster",
    namespace: names.namespace,
    ...(browserPath === undefined ? {} : { browserPath }),
    reports: drillReports,
    makeToken: (ttlSeconds) => makeToken({ stack, role: "system", ttlSeconds }),
    makeUserToken: (user) => makeToken({ stack, ...user }),
    readDemoPassword: () => readDemoPassword(stack),
    ...(file.kind === "lab" ? { makeReceiver: () => makeReceiver(stack) } : {}),
    rotateSecrets: (which) => rotateSecrets(stack, which),
    readStatus: () => readPlatform(file, { gently: true }),
    askApi: async (path, request = {}) => {
      const api = await connectKubernetes(file.kubernetes, apiTimeoutMs);
      return await api.ask(path, { timeoutMs: apiTimeoutMs, ...request });
    },
    runInPod: async (place, command) => {
      const api = await connectKubernetes(file.kubernetes, apiTimeoutMs);
      return await api.exec(place, command, execTimeoutMs);
    },
    runOnNode: (node, script, args, timeoutMs) => shells.run(node, { script, args, timeoutMs }),
    run: async (command, args, options = {}) => {
      const all = command === "kubectl" && context !== undefined ? ["--context", context, ...args] : args;
      const { input, timeoutMs, signal } = options;
      try {
        return await runCommand(
          command,
          all,
          {
            cwd: paths.checkout,
            env: environment,
            ...(input === undefined ? {} : { input }),
            ...(timeoutMs === undefined ? {} : { timeoutMs }),
          },
          signal === undefined ? {} : { signal },
        );
      } catch (failure) {
        if (!(failure instanceof CommandError)) throw failure;
        const lastWords = (failure.stderr.trim() || failure.stdout.trim()).slice(-lastWordsMax);
        throw new Error(lastWords === "" ? failure.message : `${failure.message}: ${lastWords}`, { cause: failure });
      }
    },
  };
}
