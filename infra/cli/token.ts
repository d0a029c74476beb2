import { randomUUID } from "node:crypto";
import { importJWK, SignJWT } from "jose";
import { readSecrets } from "../secrets.ts";
import { type Command, exitCodes, UsageError } from "./command.ts";
import { StepError } from "./recipe.ts";
import { readStackFile } from "./stack-file.ts";
import { secretStore } from "./stack-secrets.ts";

const roles = ["system", "practitioner", "patient"] as const;
type Role = (typeof roles)[number];

const defaultTtl = "8h";
const ttlSecondsMax = 30 * 24 * 3600;
const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 24 * 3600 };
const demoNames: Record<Role, string> = {
  system: "Demo practice software",
  practitioner: "Dr. Demo Practitioner",
  patient: "Demo Patient",
};
const defaultScopes: Record<Role, string> = { system: "system/*.cruds", practitioner: "user/*.cruds", patient: "patient/*.cruds" };

/** `90s`, `15m`, `8h`, `30d`, or bare seconds. @throws UsageError */
export function parseTtlSeconds(text: string): number {
  const match = /^(\d+)([smhd]?)$/.exec(text);
  const seconds = match ? Number(match[1]) * (unitSeconds[match[2] || "s"] ?? 1) : 0;
  if (seconds < 1 || seconds > ttlSecondsMax)
    throw new UsageError(`--ttl "${text}" is no time between 1 second and 30 days, such as 15m or 8h`);
  return seconds;
}

export interface TokenRequest {
  stack: string;
  role: Role;
  scope?: string;
  /** Id of the patient that the token is for. */
  patient?: string;
  /** Who the account is, as a reference: `Practitioner/1`. */
  person?: string;
  profession?: string;
  organization?: string;
  ttlSeconds: number;
}

/** Signs an access token for a demo client with the stack's own key. @throws StepError when the stack has no key yet */
export async function makeToken(asked: TokenRequest): Promise<string> {
  const { issuer, audience } = readStackFile(asked.stack).token;
  const { tokenKeys } = await readSecrets(secretStore(asked.stack));
  if (tokenKeys === undefined)
    throw new StepError(`stack "${asked.stack}" has no signing key yet`, "Bring the platform up first: ./dsp up");
  const claims = {
    client_id: "dsp-demo",
    role: asked.role,
    scope: asked.scope ?? defaultScopes[asked.role],
    name: demoNames[asked.role],
    ...(asked.patient === undefined ? {} : { patient: asked.patient }),
    ...(asked.person === undefined ? {} : { fhirUser: asked.person }),
    ...(asked.profession === undefined ? {} : { profession: asked.profession }),
    ...(asked.organization === undefined ? {} : { organization: asked.organization }),
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "ES256", kid: tokenKeys.signing.kid, typ: "at+jwt" })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(asked.person === undefined ? `demo-${asked.role}` : `demo-${asked.person}`)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime(`${asked.ttlSeconds} s`)
    .sign(await importJWK(tokenKeys.signing, "ES256"));
}

export const token: Command = {
  description: "Prints an access token (a JWT) for a demo client, signed with the stack's own key; the bare token is the last line.",
  options: {
    role: { type: "string", choices: roles, description: "who the client acts as (default: system)" },
    scope: { type: "string", placeholder: "scopes", description: "SMART scopes (default: all that the role may have)" },
    patient: { type: "string", placeholder: "id", description: "the patient that the token is for" },
    person: {
      type: "string",
      placeholder: "reference",
      description: "who it is: Practitioner/1 (default for a practitioner), RelatedPerson/1",
    },
    profession: { type: "string", placeholder: "code", description: "of a practitioner: physician (default), nurse, pharmacist, …" },
    organization: { type: "string", placeholder: "id", description: "the organisation that a practitioner or a software acts for" },
    ttl: { type: "string", placeholder: "time", description: `how long it is good for: 15m, 8h, 7d (default: ${defaultTtl})` },
    stack: { type: "string", placeholder: "name", description: "the stack whose key signs (default: lab)" },
    json: { type: "boolean", description: "print the token and what it grants as JSON" },
  },
  examples: [
    "token=$(./dsp token | tail -n 1)",
    "./dsp token --role patient --patient 123 --ttl 15m",
    "./dsp token --role practitioner --profession nurse --person Practitioner/7",
  ],
  async run(values) {
    const text = (name: string) => (typeof values[name] === "string" ? (values[name] as string) : undefined);
    const role = (text("role") ?? "system") as Role;
    const asked: TokenRequest = {
      stack: text("stack") ?? "lab",
      role,
      scope: text("scope"),
      patient: text("patient"),
      person: text("person") ?? (role === "practitioner" ? "Practitioner/demo" : undefined),
      profession: text("profession") ?? (role === "practitioner" ? "physician" : undefined),
      organization: text("organization"),
      ttlSeconds: parseTtlSeconds(text("ttl") ?? defaultTtl),
    };
    if (role === "patient" && asked.patient === undefined)
      throw new UsageError("a patient's token must say whose record it is for: --patient <id>");
    const made = await makeToken(asked);
    if (values.json === true) {
      const facts = { token: made, role, scope: asked.scope ?? defaultScopes[role], expiresInSeconds: asked.ttlSeconds };
      process.stdout.write(`${JSON.stringify(facts)}\n`);
      return exitCodes.ok;
    }
    if (process.stdout.isTTY) process.stderr.write(`A token for role ${role}, good for ${text("ttl") ?? defaultTtl}:\n`);
    process.stdout.write(`${made}\n`);
    return exitCodes.ok;
  },
};
