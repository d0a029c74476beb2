/** A stack's secrets as the commands need them: where they are kept, what they must cover, and the authority that clients trust. */
import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { names } from "../components/names.ts";
import { toolEnvironment } from "../lab/environment.ts";
import { paths } from "../lab/paths.ts";
import type { SecretNeeds } from "../secrets/generate.ts";
import { readSecrets, type SecretStore } from "../secrets.ts";
import { platformServices } from "../services.ts";
import { StepError } from "./recipe.ts";
import { readStackFile } from "./stack-file.ts";

export function secretStore(stack: string, signal?: AbortSignal): SecretStore {
  return { pulumi: "pulumi", cwd: paths.checkout, stack, env: toolEnvironment(), signal };
}

/** The names under which a stack's edge is reached: its certificate must carry them. */
export function secretNeeds(stack: string): SecretNeeds {
  const { publicUrl, virtualIp } = readStackFile(stack);
  const services = platformServices.map(({ name }) => name);
  const callers = platformServices.filter(({ calls }) => calls).map(({ name }) => name);
  const reached = [new URL(publicUrl).hostname, ...(virtualIp === undefined ? [] : [virtualIp]), "127.0.0.1", "localhost"];
  return { edgeNames: [...new Set(reached)], namespace: names.namespace, services, callers };
}

/** Puts the public part of the stack's certificate authority where clients find it. @returns the file */
export async function writeAuthority(store: SecretStore): Promise<string> {
  const { ca } = await readSecrets(store);
  if (ca === undefined) {
    throw new StepError(
      `stack ${store.stack} has no certificate authority yet`,
      `Make its secrets first: ./dsp secrets make --stack ${store.stack}`,
    );
  }
  const { caFile } = readStackFile(store.stack);
  if (!existsSync(caFile) || readFileSync(caFile, "utf8") !== ca.certificate) {
    await mkdir(dirname(caFile), { recursive: true });
    await writeFile(caFile, ca.certificate);
  }
  return caFile;
}
