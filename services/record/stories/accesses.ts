import { backgroundContext, type Context } from "../../lib/context.ts";
import { demoPeople } from "../../lib/demo-people.ts";
import { seedDeadlineMs } from "../../lib/run-seed.ts";
import { parseScopes } from "../../lib/scope.ts";
import { accessOf } from "../access.ts";
import type { Deps } from "../deps.ts";
import { breakGlass } from "../operation/break-glass.ts";
import { readResource } from "../resource/read-resource.ts";
import { specificities } from "../rights/rules.ts";

const patientId = "demo-marie";
const reason = "Test: inconsciente à l'arrivée aux urgences, personne ne connaît ses médicaments";

/**
 * Marie's general practitioner looks at a report, and the hospital opens her record in an emergency and looks at what matters: by the
 * service's own operations, which ask for rights and write the access log, the notices and the review. Once; false where it was done.
 */
export async function sowAccesses(deps: Deps): Promise<boolean> {
  const lentz = asProfessional(deps, "lentz");
  const person = lentz.principal.person ?? "";
  const opened = await deps.database.write(lentz, (transaction) =>
    transaction.query({ text: "SELECT 1 FROM access_rule WHERE patient_id = $1 AND actor = $2 AND specificity = $3 LIMIT 1" }, [
      ...[patientId, person, specificities.emergency],
    ]),
  );
  if (opened.length > 0) return false;
  await look(asProfessional(deps, "hoffmann"), deps, [
    "DiagnosticReport/demo-marie-laboratory-5",
    "DocumentReference/demo-marie-discharge",
  ]);
  await breakGlass(lentz, deps, { key: `seed-emergency-${patientId}`, fingerprint: "seed", patientId, person, reason });
  await look(lentz, deps, [
    ...["AllergyIntolerance/demo-marie-allergy-1", "MedicationStatement/demo-marie-medication-1"],
    "DocumentReference/demo-marie-talk",
  ]);
  return true;
}

async function look(context: Context, deps: Deps, references: readonly string[]): Promise<void> {
  for (const reference of references) {
    const [name = "", id = ""] = reference.split("/");
    const type = deps.catalogue.types.get(name);
    const access = type && accessOf(context.principal, type, "r");
    if (!type || !access) throw new Error(`${name} is not for ${context.principal.person}`);
    await readResource(context, deps, { type, id, access, primaryOnly: true });
  }
}

/** As their token would say, but that the software is the seed. */
function asProfessional(deps: Deps, login: string): Context {
  const found = demoPeople.find((each) => each.login === login);
  if (!found?.practitionerId) throw new Error(`there is no demo professional ${login}`);
  const { given, family, practitionerId, profession, organizationId } = found;
  const base = backgroundContext(deps.log, "seed", seedDeadlineMs);
  return {
    ...base,
    principal: {
      ...{ ...base.principal, role: "practitioner", name: `${given} ${family}`, person: `Practitioner/${practitionerId}` },
      ...(profession === undefined ? {} : { profession }),
      ...(organizationId === undefined ? {} : { organizationId }),
      scopes: parseScopes("user/*.rs"),
    },
  };
}
