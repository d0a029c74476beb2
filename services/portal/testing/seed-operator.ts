import { BrowserSession } from "./browser-session.ts";
import { drillResults } from "./drill-results.ts";
import { hoffmann, marie, operator, type TestPortal } from "./test-portal.ts";

/** What operators find: a report that a patient made on the patient's own page, an emergency, messages and the results of drills. */
export async function seedOperator(portal: TestPortal): Promise<void> {
  const doctor = { ...hoffmann, scope: "user/*.cruds" };
  await portal.record.get("/fhir/Patient/demo-marie", doctor);
  await reportAccess(portal);
  const token = await portal.identity.accessToken(doctor);
  const reason = [{ name: "reason", valueString: "Test: unconscious, medication must be known at once." }];
  const opened = await fetch(`http://127.0.0.1:${portal.record.port}/fhir/Patient/demo-marie/$break-glass`, {
    ...{ method: "POST", headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/fhir+json" } },
    body: JSON.stringify({ resourceType: "Parameters", parameter: reason }),
  });
  if (!opened.ok) throw new Error(await opened.text());
  await portal.postgres.query(
    portal.postgres.at(0),
    `INSERT INTO portal.feedback (id, created_at, subject, role, page, language, message, answered_at) VALUES
      ('00000000-0000-4000-8000-000000000001', now() - interval '2 h', 'marie', 'patient', '/portal/patient/documents', 'fr', E'Je ne trouve pas mes ordonnances.\\nMerci !', NULL),
      ('00000000-0000-4000-8000-000000000002', now() - interval '1 h', 'hoffmann', 'practitioner', '/portal/professional', 'de', 'Test <b>schnell</b> & gut.', NULL),
      ('00000000-0000-4000-8000-000000000003', now() - interval '3 h', 'emma', 'patient', '/portal/help', 'en', 'Test: thank you.', now())`,
  );
  const report = await fetch(`${portal.origin}/portal/operator/drill-reports`, {
    ...{
      method: "POST",
      headers: { Authorization: `Bearer ${await portal.identity.accessToken(operator)}`, "Content-Type": "application/json" },
    },
    body: JSON.stringify(drillResults()),
  });
  if (report.status !== 201) throw new Error(await report.text());
}

async function reportAccess(portal: TestPortal): Promise<void> {
  portal.identity.person = marie;
  const session = new BrowserSession(portal.origin);
  await session.open("/portal/sign-in");
  const { text } = await session.open("/portal/patient/accesses");
  const [path = ""] = /\/portal\/patient\/accesses\/[0-9a-f-]+\/report/.exec(text) ?? [];
  const page = await session.open(path);
  const sent = await session.submit(page.text, path, { reason: "Test: I was not treated there that day." });
  if (!sent.path.endsWith("done=reported")) throw new Error(`not reported: ${sent.status}`);
}
