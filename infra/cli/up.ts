import { readLabFacts } from "../lab/facts.ts";
import { type LabOptions, labChecks, labUpSteps } from "../lab/lab.ts";
import { paths } from "../lab/paths.ts";
import { serviceNames } from "../services.ts";
import { type Command, exitCodes, UsageError } from "./command.ts";
import { deploySteps } from "./deploy-steps.ts";
import { runRecipe } from "./recipe.ts";
import { readStackFile } from "./stack-file.ts";

const artifacts = ["auto", "upstream", "packages"] as const;

/** Brings the lab and the platform up, or on from where an earlier run stopped. @throws RecipeStopped */
export async function bringUp(options: LabOptions, stream: NodeJS.WriteStream): Promise<void> {
  await runRecipe([...labChecks(options), ...labUpSteps(options), ...deploySteps()], {
    logFolder: paths.logs,
    stream,
    resumeAdvice: "Run ./dsp up again: it goes on where it stopped.",
  });
}

/** A port number, or undefined where none was given. @throws UsageError */
function readPort(name: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const port = Number(value);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new UsageError(`--${name} "${value}" is no port: a number from 1 to 65535`);
  return port;
}

/** @param value `all`, or names between commas; the record is always one of them */
export function readServices(value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (value === "all") return serviceNames;
  const names = String(value)
    .split(",")
    .map((name) => name.trim());
  const unknown = names.filter((name) => !serviceNames.includes(name));
  if (unknown.length > 0)
    throw new UsageError(`--services: there is no service ${unknown.join(", ")}; there are ${serviceNames.join(", ")}`);
  return serviceNames.filter((name) => name === "record" || names.includes(name));
}

function farewell(): string {
  const { publicUrl, caFile } = readStackFile("lab");
  const edgePort = readLabFacts()?.settings.edgePort;
  return [
    "",
    "The platform is up.",
    "",
    `  portal         ${new URL(publicUrl).origin}/portal/  (its accounts: ./dsp demo)`,
    `  FHIR           ${publicUrl}`,
    ...(edgePort === undefined ? [] : [`  on this port   https://127.0.0.1:${edgePort}${new URL(publicUrl).pathname}`]),
    `  certificate    ${caFile}`,
    "  access token   ./dsp token",
    "",
    "Create a patient and read it:",
    "",
    "  token=$(./dsp token | tail -n 1)",
    `  curl --cacert ${caFile} -H "Authorization: Bearer $token" -H "Content-Type: application/fhir+json" \\`,
    `    -d '{"resourceType":"Patient","name":[{"family":"Muster","given":["Anna"]}]}' ${publicUrl}/Patient`,
    `  curl --cacert ${caFile} -H "Authorization: Bearer $token" '${publicUrl}/Patient?name=Muster'`,
    "",
    "Then: ./dsp demo, ./dsp status, ./dsp logs, ./dsp shell, ./dsp test, ./dsp down",
    "",
  ].join("\n");
}

export const up: Command = {
  description:
    "Brings the platform up on this machine: container engine, toolchain, images, a cluster in two sites and a witness, and on it the\n" +
    "platform by pulumi up. Safe to interrupt and to run again; on a healthy platform it changes nothing.",
  options: {
    artifacts: {
      type: "string",
      choices: artifacts,
      description: "where tools and images come from: official downloads, package registries, or whichever answers (default)",
    },
    services: {
      type: "string",
      placeholder: "all|name,…",
      description:
        "which services run beside the record: all at first, then those that ran before. Two cores have room for a failover with the record alone",
    },
    subnet: { type: "string", placeholder: "range", description: "private range for the nodes (default: 172.28.0.0/16)" },
    port: { type: "string", placeholder: "number", description: "port of 127.0.0.1 that leads to the edge (default: 8443)" },
    "api-port": { type: "string", placeholder: "number", description: "port of 127.0.0.1 that leads to the API servers (default: 16443)" },
    json: { type: "boolean", description: "print the endpoints as JSON; progress goes to standard error" },
  },
  examples: ["./dsp up", "./dsp up --artifacts packages", "./dsp up --services record,identity,portal"],
  async run(values) {
    const json = values.json === true;
    const options: LabOptions = {
      artifacts: (values.artifacts ?? "auto") as LabOptions["artifacts"],
      services: readServices(values.services),
      subnet: values.subnet as string | undefined,
      edgePort: readPort("port", values.port),
      apiPort: readPort("api-port", values["api-port"]),
    };
    await bringUp(options, json ? process.stderr : process.stdout);
    const { publicUrl, caFile } = readStackFile("lab");
    process.stdout.write(json ? `${JSON.stringify({ endpoints: { fhir: publicUrl, ca: caFile } })}\n` : farewell());
    return exitCodes.ok;
  },
};
