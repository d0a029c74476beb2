import { configOrExit } from "../lib/configuration.ts";
import { backgroundContext, type Context } from "../lib/context.ts";
import { type DemoPerson, demoPeople } from "../lib/demo-people.ts";
import { runSeed, seedDeadlineMs } from "../lib/run-seed.ts";
import { readConfig } from "./config.ts";
import type { Deps } from "./deps.ts";
import { composeMessage, composeReferral } from "./message/compose.ts";
import { startParts } from "./parts.ts";
import { type Party, partyOf } from "./party.ts";
import type { PreparedMessage } from "./resource/prepare-message.ts";
import { sendMessages } from "./resource/send-message.ts";

/** A demo professional, as their token would say. */
function asProfessional(deps: Deps, login: string): { context: Context; party: Party } {
  const person: DemoPerson | undefined = demoPeople.find((each) => each.login === login);
  if (!person?.practitionerId) throw new Error(`there is no demo professional ${login}`);
  const { profession, organizationId, given, family, practitionerId } = person;
  const base = backgroundContext(deps.log, "seed", seedDeadlineMs);
  const principal = {
    ...{
      ...base.principal,
      role: "practitioner" as const,
      subject: "seed",
      clientId: "seed",
      name: `${given} ${family}`,
      person: `Practitioner/${practitionerId}`,
    },
    ...(profession === undefined ? {} : { profession }),
    ...(organizationId === undefined ? {} : { organizationId }),
  };
  const party = partyOf(principal);
  if (!party) throw new Error(`${login} takes no part in the exchange`);
  return { context: { ...base, principal }, party };
}

/**
 * Writes a conversation, a referral and a message to a practice between the demo professionals, each once under its own key. Returns how
 * many were new; a key is forgotten after a while, so what is there is looked for by its subject as well.
 */
export async function seed(deps: Deps): Promise<{ written: number; present: number }> {
  const counts = { written: 0, present: 0 };
  const send = async (login: string, key: string, compose: (party: Party) => PreparedMessage[]): Promise<string> => {
    const { context, party } = asProfessional(deps, login);
    const messages = compose(party);
    const present = await deps.database.write(context, (transaction) =>
      transaction.query<{ id: string }>(
        {
          text: "SELECT r.id FROM resource r JOIN party p ON p.resource_key = r.key WHERE p.actor = $1 AND p.side = 'sender' AND r.subject = $2 AND r.type = $3 LIMIT 1",
        },
        [party.self, messages[0]?.subject, messages[0]?.type],
      ),
    );
    counts[present[0] ? "present" : "written"]++;
    return present[0]?.id ?? (await sendMessages(context, deps, { party, messages, key: `seed-${key}`, fingerprint: "seed" })).resourceId;
  };
  const question = await send("hoffmann", "question", (party) => [
    composeMessage(deps, party, {
      ...{
        to: ["Practitioner/demo-lentz"],
        subject: "Test: Blutdruck von Frau Test-Weber",
        patient: "Patient/demo-marie",
        attachments: [],
        deposit: false,
      },
      text: "Synthetische Nachricht. Würden Sie die Medikation so belassen?",
    }),
  ]);
  await send("lentz", "answer", (party) => [
    composeMessage(deps, party, {
      ...{
        to: ["Practitioner/demo-hoffmann"],
        subject: "Re : Test: Blutdruck von Frau Test-Weber",
        patient: "Patient/demo-marie",
        attachments: [],
        deposit: false,
      },
      ...{ text: "Message synthétique. Oui, avec un contrôle dans trois mois.", inReplyTo: `Communication/${question}` },
    }),
  ]);
  await send("hoffmann", "referral", (party) =>
    composeReferral(deps, party, {
      ...{
        to: "Organization/demo-hospital",
        patient: "Patient/demo-lucas",
        subject: "Test: Kardiologische Abklärung",
        priority: "routine",
      },
      reason: "Synthetische Überweisung.",
    }),
  );
  await send("faber", "practice", (party) => [
    composeMessage(deps, party, {
      ...{ to: ["Organization/demo-practice"], subject: "Test : ordonnance à compléter", attachments: [], deposit: false },
      text: "Message synthétique au cabinet. La posologie manque.",
    }),
  ]);
  return counts;
}

if (import.meta.main) {
  await runSeed(await startParts(configOrExit(readConfig)), { what: "synthetic messages", tables: ["notice", "audit_event"], sow: seed });
}
