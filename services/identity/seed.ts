import { createHmac, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { configOrExit } from "../lib/configuration.ts";
import { backgroundContext } from "../lib/context.ts";
import { type DemoPerson, demoChild, demoPeople } from "../lib/demo-people.ts";
import { runSeed, seedDeadlineMs } from "../lib/run-seed.ts";
import { accountByLogin, putAccount } from "./account/store.ts";
import { readConfig } from "./config.ts";
import type { Deps } from "./deps.ts";
import { startParts } from "./parts.ts";

const secretBytes = 20;

/** The secret of a demo account's one-time codes, so that whoever knows the demo password can compute them. */
export function demoTotpSecret(password: string, login: string): Buffer {
  return createHmac("sha256", password).update(`totp:${login}`).digest().subarray(0, secretBytes);
}

/**
 * Makes the accounts of the synthetic people with the demo password, or brings them up to date; what their owners set up stays.
 * Safe to run again. Returns how many accounts were new or changed.
 */
export async function seed(deps: Deps, password: string): Promise<{ written: number; present: number }> {
  let written = 0;
  let present = 0;
  for (const person of demoPeople) {
    (await seedPerson(deps, person, password)) ? written++ : present++;
  }
  return { written, present };
}

async function seedPerson(deps: Deps, person: DemoPerson, password: string): Promise<boolean> {
  const context = backgroundContext(deps.log, "seed", seedDeadlineMs);
  const existing = await deps.database.write(context, (transaction) => accountByLogin(transaction, person.login));
  if (existing && (await deps.passwords.verify(password, existing.passwordHash))) return false;
  const id = existing?.id ?? randomUUID();
  const passwordHash = await deps.passwords.hash(password);
  const totpSecret = person.secondFactor ? deps.secrets.seal(demoTotpSecret(password, person.login), `totp:${id}`) : undefined;
  await deps.database.write(context, async (transaction) => {
    const accountId = await putAccount(transaction, {
      id,
      login: person.login,
      passwordHash,
      role: person.role,
      name: `${person.given} ${person.family}`,
      language: person.language,
      patientId: person.patientId,
      practitionerId: person.practitionerId,
      profession: person.profession,
      organizationId: person.organizationId,
      guardianOf: (person.guardianOf ?? []).map((patientId) => ({ patientId, name: nameOfChild(patientId) })),
      totpSecret,
      active: true,
    });
    const fact = { interaction: "credentials", outcome: "0", resourceType: "Person", resourceId: accountId } as const;
    deps.audit.record(context, transaction, [fact]);
  });
  return true;
}

function nameOfChild(patientId: string): string {
  return patientId === demoChild.patientId ? `${demoChild.given} ${demoChild.family}` : patientId;
}

if (import.meta.main) {
  const config = configOrExit(readConfig);
  await runSeed(await startParts(config), {
    what: "demo accounts",
    tables: ["client", "audit_event"],
    sow: async (deps) => {
      if (config.DEMO_PASSWORD_FILE === undefined) throw new Error("DEMO_PASSWORD_FILE is not set");
      return seed(deps, readFileSync(config.DEMO_PASSWORD_FILE, "utf8").trim());
    },
  });
}
