import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sealWaiting, startSealing, verifyChain } from "../../lib/audit-chain.ts";
import { backgroundContext } from "../../lib/context.ts";
import { useTestRecord } from "../testing/record.ts";
import { decide } from "./decide.ts";
import { rightsSql } from "./rights-sql.ts";
import { replaceRules } from "./store.ts";
import { anyPart, anyRights, anyRules } from "./testing/any-rights.ts";

interface Resource {
  resourceType: string;
  id: string;
  text?: { div: string };
  [element: string]: unknown;
}

const { postgres, issuer, record } = await useTestRecord();

const background = () => backgroundContext(record.deps.log, "rights-test", 20_000);

type Headers = Record<string, string>;

async function as(claims: Record<string, unknown>): Promise<Headers> {
  return { Authorization: `Bearer ${await issuer.token(claims)}` };
}
const professional = (person: string, profession: string, more: object = {}): Promise<Headers> =>
  as({ sub: person, role: "practitioner", profession, fhirUser: `Practitioner/${person}`, scope: "user/*.cruds", ...more });
const patientToken = (id: string): Promise<Headers> => as({ sub: id, role: "patient", scope: "patient/*.cruds", patient: id });

async function create(resource: object, headers: Headers = {}): Promise<Resource> {
  const { resourceType } = resource as Resource;
  const response = await record.call("POST", `/fhir/${resourceType}`, { body: resource, headers });
  expect(response.status, await response.clone().text()).toBe(201);
  return (await response.json()) as Resource;
}

const sql = (text: string, values: unknown[]) => postgres.query(postgres.at(0), text, values);

async function status(path: string, headers: Headers): Promise<number> {
  return (await record.call("GET", `/fhir/${path}`, { headers })).status;
}

const person = () => create({ resourceType: "Patient", name: [{ family: "Test-Rights" }] });
const laboratory = [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/observation-category", code: "laboratory" }] }];
const result = ({ id }: Resource, more: object = {}) => ({
  ...{ resourceType: "Observation", status: "final", category: laboratory, code: { text: "t" }, subject: { reference: `Patient/${id}` } },
  ...more,
});
const label = (code: string) => [{ system: "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", code }];
const actor = (reference: string) => [{ role: { text: "t" }, reference: { reference } }];
const consent = ({ id }: Resource, provision: object, more: object = {}) => ({
  ...{ resourceType: "Consent", status: "active", scope: { text: "t" }, category: [{ text: "t" }], policyRule: { text: "t" } },
  ...{ patient: { reference: `Patient/${id}` }, provision },
  ...more,
});

describe("rights in SQL", () => {
  it("say what the decision function says", async () => {
    await fc.assert(
      fc.asyncProperty(anyRights, anyPart, anyRules, async (rights, part, rules) => {
        const seen = await record.deps.database.write(background(), async (transaction) => {
          await replaceRules(transaction, { type: "Test", id: "sql" }, rules);
          const values: unknown[] = [part.level, part.category, part.patientIds];
          const condition = rightsSql((value) => `$${values.push(value)}`, rights, "r");
          const text = `SELECT ${condition} AS seen FROM (SELECT $1::smallint AS level, $2::text AS category, $3::text[] AS patient_ids) r`;
          const [row] = await transaction.query<{ seen: boolean }>({ text }, values);
          await replaceRules(transaction, { type: "Test", id: "sql" }, []);
          return row?.seen;
        });
        expect(seen).toBe(decide(rights, part, rules).allowed);
      }),
      { numRuns: 400 },
    );
  }, 60_000);
});

describe("professions", () => {
  it("see and write what the matrix says, and nothing without one", async () => {
    const owner = await person();
    const { id } = await create(result(owner));
    expect(await status(`Observation/${id}`, await professional("lab", "medical-laboratory"))).toBe(200);
    expect(await status(`Observation/${id}`, await professional("kine", "physiotherapist"))).toBe(404);
    expect(await status(`Observation/${id}`, await professional("who", "astrologer"))).toBe(404);
    const pharmacist = await professional("pharma", "pharmacist");
    const refused = await record.call("POST", "/fhir/Observation", { body: result(owner), headers: pharmacist });
    expect([refused.status, ((await refused.json()) as { issue: { details: { text: string } }[] }).issue[0]?.details.text]).toEqual([
      403,
      "Your role may not write documents of the type laboratory",
    ]);
    expect(
      (await record.call("POST", "/fhir/Observation", { body: result(owner), headers: await professional("doc", "physician") })).status,
    ).toBe(201);
  });

  it("change and delete only what they may write, whatever they would turn it into", async () => {
    const owner = await person();
    const { id } = await create(result(owner));
    const nurse = await professional("nurse", "nurse");
    const vital = [{ coding: [{ system: "http://terminology.hl7.org/CodeSystem/observation-category", code: "vital-signs" }] }];
    const body = { ...result(owner, { category: vital }), id };
    expect((await record.call("PUT", `/fhir/Observation/${id}`, { body, headers: nurse })).status).toBe(403);
    expect((await record.call("DELETE", `/fhir/Observation/${id}`, { headers: nurse })).status).toBe(403);
    expect(await status(`Observation/${id}`, nurse)).toBe(200);
    const own = await create(result(owner, { category: vital }), nurse);
    expect((await record.call("DELETE", `/fhir/Observation/${own.id}`, { headers: nurse })).status).toBe(204);
  });

  it("are bound like their organisation's software is", async () => {
    const owner = await person();
    const software = await as({ sub: "practice", role: "system", organization: "practice-1", scope: "system/*.cruds" });
    const { id } = await create(result(owner));
    expect(await status(`Observation/${id}`, software)).toBe(404);
    await create(consent(owner, { type: "permit", actor: actor("Organization/practice-1") }), await patientToken(owner.id));
    expect(await status(`Observation/${id}`, software)).toBe(200);
  });
});

describe("a label of what a part is about", () => {
  it("counts for its document type", async () => {
    const owner = await person();
    const meta = { security: [{ system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "ETH" }] };
    const { id } = await create(result(owner, { meta }));
    const seen = await Promise.all(
      ["nurse", "psychologist"].map(async (each) => status(`Observation/${id}`, await professional(each, each))),
    );
    expect(seen).toEqual([404, 200]);
  });
});

describe("a patient's consents", () => {
  it("open and close what they say, until they end or are taken back", async () => {
    const owner = await person();
    const me = await patientToken(owner.id);
    const [trusted, other] = [await professional("trusted", "physician"), await professional("other", "physician")];
    const { id } = await create(result(owner, { meta: { security: label("R") } }));
    expect([await status(`Observation/${id}`, trusted), await status(`Observation/${id}`, other)]).toEqual([404, 404]);
    const trustedOnly = actor("Practitioner/trusted");
    const grant = await create(consent(owner, { type: "permit", actor: trustedOnly, securityLabel: label("R") }), me);
    expect([await status(`Observation/${id}`, trusted), await status(`Observation/${id}`, other)]).toEqual([200, 404]);
    const past = consent(
      owner,
      { type: "permit", actor: trustedOnly, securityLabel: label("R"), period: { end: "2020-01-01" } },
      { id: grant.id },
    );
    expect((await record.call("PUT", `/fhir/Consent/${grant.id}`, { body: past, headers: me })).status).toBe(200);
    expect(await status(`Observation/${id}`, trusted)).toBe(404);
    const closed = await create(consent(owner, { type: "deny" }), me);
    expect(await status(`Patient/${owner.id}`, trusted)).toBe(404);
    expect((await record.call("DELETE", `/fhir/Consent/${closed.id}`, { headers: me })).status).toBe(204);
    expect(await status(`Patient/${owner.id}`, trusted)).toBe(200);
  });

  it("give new parts their level, which only the patient lowers", async () => {
    const owner = await person();
    const me = await patientToken(owner.id);
    const doctor = await professional("doctor", "physician");
    const category = [{ coding: [{ system: "urn:dsp:consent-kind", code: "default-level" }] }];
    await create(consent(owner, { securityLabel: label("R") }, { category }), me);
    const made = await create(result(owner), doctor);
    expect(made.meta).not.toHaveProperty("security");
    expect(await status(`Observation/${made.id}`, doctor)).toBe(404);
    const open = { ...result(owner, { meta: { security: label("N") } }), id: made.id };
    expect((await record.call("PUT", `/fhir/Observation/${made.id}`, { body: open })).status).toBe(200);
    expect(await status(`Observation/${made.id}`, doctor)).toBe(404);
    expect((await record.call("PUT", `/fhir/Observation/${made.id}`, { body: open, headers: me })).status).toBe(200);
    expect(await status(`Observation/${made.id}`, doctor)).toBe(200);
  });

  it("let a delegate see what they say", async () => {
    const owner = await person();
    const delegate = await as({ sub: "d", role: "patient", scope: "patient/*.rs", patient: owner.id, fhirUser: "RelatedPerson/daughter" });
    const { id } = await create(result(owner));
    expect(await status(`Observation/${id}`, delegate)).toBe(404);
    await create(consent(owner, { type: "permit", actor: actor("RelatedPerson/daughter") }), await patientToken(owner.id));
    expect(await status(`Observation/${id}`, delegate)).toBe(200);
    expect(await status(`AuditEvent?patient=${owner.id}`, delegate)).toBe(403);
  });

  it("are refused where the server would not hold to them, and not written by professionals", async () => {
    const owner = await person();
    const odd = consent(owner, { type: "deny", data: [{ meaning: "instance", reference: { reference: "Observation/1" } }] });
    expect((await record.call("POST", "/fhir/Consent", { body: odd, headers: await patientToken(owner.id) })).status).toBe(422);
    const doctor = await professional("doctor", "physician");
    expect((await record.call("POST", "/fhir/Consent", { body: consent(owner, { type: "permit" }), headers: doctor })).status).toBe(403);
  });
});

describe("a patch", () => {
  const patch = async (path: string, operations: object[], headers: Headers): Promise<number> => {
    const given = { body: operations, headers: { ...headers, "Content-Type": "application/json-patch+json" } };
    return (await record.call("PATCH", `/fhir/${path}`, given)).status;
  };
  const labelled = (code: string) => [{ op: "add", path: "/meta/security", value: label(code) }];

  it("makes a part more confidential, with what hangs on it, and only its patient's makes it less so", async () => {
    const owner = await person();
    const me = await patientToken(owner.id);
    const doctor = await professional("doctor", "physician");
    const bytes = {
      resourceType: "Binary",
      contentType: "text/plain",
      data: "dGVzdA==",
      securityContext: { reference: `Patient/${owner.id}` },
    };
    const binary = await create(bytes);
    const document = await create({
      ...{ resourceType: "DocumentReference", status: "current", subject: { reference: `Patient/${owner.id}` } },
      content: [{ attachment: { contentType: "text/plain", url: `Binary/${binary.id}` } }],
    });
    const paths = [`DocumentReference/${document.id}`, `Binary/${binary.id}`];
    const seen = () => Promise.all(paths.map((path) => status(path, doctor)));
    expect(await seen()).toEqual([200, 200]);
    expect(await patch(paths[0] ?? "", labelled("R"), doctor)).toBe(200);
    expect(await seen()).toEqual([404, 404]);
    expect(await patch(paths[0] ?? "", labelled("N"), doctor)).toBe(404);
    expect(await patch(paths[0] ?? "", labelled("N"), {})).toBe(200);
    expect(await seen()).toEqual([404, 404]);
    expect(await patch(paths[0] ?? "", labelled("N"), me)).toBe(200);
    expect(await seen()).toEqual([200, 200]);
  });

  it("of a consent changes what it means, and is refused where the server would not hold to it", async () => {
    const owner = await person();
    const me = await patientToken(owner.id);
    const doctor = await professional("doctor", "physician");
    const denial = await create(consent(owner, { type: "deny" }), me);
    expect(await status(`Patient/${owner.id}`, doctor)).toBe(404);
    const odd = [{ op: "add", path: "/provision/action", value: [{ text: "t" }] }];
    expect(await patch(`Consent/${denial.id}`, odd, me)).toBe(422);
    expect(await patch(`Consent/${denial.id}`, [{ op: "replace", path: "/status", value: "inactive" }], me)).toBe(200);
    expect(await status(`Patient/${owner.id}`, doctor)).toBe(200);
    expect(await patch(`Consent/${denial.id}`, [{ op: "replace", path: "/status", value: "active" }], doctor)).toBe(404);
  });

  it("is refused to a profession that may only read such documents, and may not move a part into one that it writes", async () => {
    const owner = await person();
    const { id } = await create(result(owner));
    const nurse = await professional("nurse", "nurse");
    expect(await status(`Observation/${id}`, nurse)).toBe(200);
    expect(await patch(`Observation/${id}`, [{ op: "replace", path: "/status", value: "amended" }], nurse)).toBe(403);
    const moved = [{ op: "replace", path: "/category/0/coding/0/code", value: "vital-signs" }];
    expect(await patch(`Observation/${id}`, moved, nurse)).toBe(403);
  });
});

describe("what hangs on a hidden resource", () => {
  it("is hidden with it in one transaction too, whatever the order", async () => {
    const owner = await person();
    const [binary, document] = [`urn:uuid:${crypto.randomUUID()}`, `urn:uuid:${crypto.randomUUID()}`];
    const subject = { reference: `Patient/${owner.id}` };
    const entry = [
      { resourceType: "Provenance", target: [{ reference: document }], recorded: "2026-01-01T00:00:00Z", agent: [{ who: subject }] },
      {
        ...{ resourceType: "DocumentReference", status: "current", subject, meta: { security: label("V") } },
        content: [{ attachment: { contentType: "text/plain", url: binary } }],
      },
      { resourceType: "Binary", contentType: "text/plain", data: "dGVzdA==", securityContext: subject },
    ].map((resource, place) => ({
      fullUrl: [undefined, document, binary][place],
      resource,
      request: { method: "POST", url: resource.resourceType },
    }));
    const response = await record.call("POST", "/fhir", { body: { resourceType: "Bundle", type: "transaction", entry } });
    const answer = (await response.json()) as { entry: { response: { location: string } }[] };
    const paths = answer.entry.map(({ response: { location } }) => /fhir\/(.*)\/_history/.exec(location)?.[1] ?? "");
    const doctor = await professional("doctor", "physician");
    expect(await Promise.all(paths.map((path) => status(path, doctor)))).toEqual([404, 404, 404]);
    // A second description of the same bytes, by somebody else, does not open them.
    const again = {
      resourceType: "DocumentReference",
      status: "current",
      subject,
      content: [{ attachment: { contentType: "text/plain", url: paths[2] } }],
    };
    await create(again, doctor);
    expect(await status(paths[2] ?? "", doctor)).toBe(404);
  });
});

describe("what is made of other parts", () => {
  it("is seen by those who see all of them, an older version too", async () => {
    const owner = await person();
    const doctor = await professional("doctor", "physician");
    const [open, hidden] = [await create(result(owner)), await create(result(owner, { meta: { security: label("V") } }))];
    const report = (...results: Resource[]) => ({
      ...{ resourceType: "DiagnosticReport", status: "final", code: { text: "t" }, subject: { reference: `Patient/${owner.id}` } },
      result: results.map(({ id }) => ({ reference: `Observation/${id}` })),
    });
    const { id } = await create(report(open, hidden));
    expect(await status(`DiagnosticReport/${id}`, doctor)).toBe(404);
    expect(await status(`DiagnosticReport/${id}`, await patientToken(owner.id))).toBe(200);
    expect((await record.call("PUT", `/fhir/DiagnosticReport/${id}`, { body: { id, ...report(open) } })).status).toBe(200);
    expect(await status(`DiagnosticReport/${id}`, doctor)).toBe(200);
    expect(await status(`DiagnosticReport/${id}/_history/1`, doctor)).toBe(404);
    for (const path of [`DiagnosticReport/${id}/_history`, "DiagnosticReport/_history?_total=accurate"]) {
      const response = await record.call("GET", `/fhir/${path}`, { headers: doctor });
      const text = await response.text();
      expect([(JSON.parse(text) as { total: number }).total, text.includes(hidden.id)], path).toEqual([1, false]);
    }
  });

  it("does not hide what refers to the directory, or to what is not there", async () => {
    const owner = await person();
    const social = await professional("social", "social-worker");
    const { id: author } = await create({ resourceType: "Practitioner", name: [{ family: "Test-Doctor" }] });
    const entry = [`Practitioner/${author}`, "Condition/nowhere", "https://elsewhere.test/fhir/Condition/1"].map((reference) => ({
      item: { reference },
    }));
    const list = { resourceType: "List", status: "current", mode: "working", subject: { reference: `Patient/${owner.id}` }, entry };
    const { id } = await create({ ...list, code: { coding: [{ system: "urn:dsp:test", code: "t" }] } });
    await sql("UPDATE record.resource SET category = 'administrative' WHERE id = $1", [id]);
    expect(await status(`List/${id}`, social)).toBe(200);
  });
});

describe("a Provenance", () => {
  const about = (...targets: string[]) => ({
    ...{ resourceType: "Provenance", target: targets.map((reference) => ({ reference })), recorded: "2026-01-01T00:00:00Z" },
    agent: [{ who: { display: "Test-Author" } }],
  });
  const put = async (path: string, resource: object): Promise<void> => {
    const response = await record.call("PUT", `/fhir/${path}`, { body: { ...resource, id: path.split("/")[1] } });
    expect([200, 201], await response.clone().text()).toContain(response.status);
  };

  it("belongs to the record of what it is about", async () => {
    const [owner, other] = [await person(), await person()];
    const { id } = await create(result(owner));
    const { id: made } = await create(about(`Observation/${id}`), await patientToken(owner.id));
    const doctor = await professional("doctor", "physician");
    const seen = async (path: string) =>
      await Promise.all([await patientToken(owner.id), await patientToken(other.id), doctor].map((headers) => status(path, headers)));
    expect(await seen(`Provenance/${made}`)).toEqual([200, 404, 200]);
    const whole = await record.call("GET", `/fhir/Patient/${owner.id}/$everything`, { headers: await patientToken(owner.id) });
    expect(await whole.text()).toContain(`Provenance/${made}`);
    const foreign = { body: about(`Observation/${id}`), headers: await patientToken(other.id) };
    expect((await record.call("POST", "/fhir/Provenance", foreign)).status).toBe(403);
    await create(consent(owner, { type: "deny" }), await patientToken(owner.id));
    expect(await seen(`Provenance/${made}`)).toEqual([200, 404, 404]);
  });

  it("goes with its target into a record, and into another", async () => {
    const [first, second] = [await person(), await person()];
    await put("Provenance/prov-late", about("Observation/prov-target"));
    const seen = async () =>
      await Promise.all([first, second].map(async ({ id }) => status("Provenance/prov-late", await patientToken(id))));
    expect(await seen()).toEqual([404, 404]);
    await put("Observation/prov-target", result(first));
    expect(await seen()).toEqual([200, 404]);
    await put("Observation/prov-target", result(second));
    expect(await seen()).toEqual([404, 200]);
  });

  it("is as confidential as its own labels say, too", async () => {
    const owner = await person();
    const { id } = await create(result(owner));
    const made = await create({ ...about(`Observation/${id}`), meta: { security: label("V") } });
    expect(await status(`Provenance/${made.id}`, await professional("doctor", "physician"))).toBe(404);
  });
});

describe("an emergency", () => {
  const open = (patientId: string, headers: Headers, reason = "Unconscious after an accident") =>
    record.call("POST", `/fhir/Patient/${patientId}/$break-glass`, {
      body: { resourceType: "Parameters", parameter: [{ name: "reason", valueString: reason }] },
      headers,
    });

  it("opens a record for a while, tells the patient and the doctor, and asks for a review, once", async () => {
    const owner = await create({ resourceType: "Patient", generalPractitioner: [{ reference: "Practitioner/gp" }] });
    const { id } = await create(result(owner, { meta: { security: label("R") } }));
    const hidden = await create(result(owner, { meta: { security: label("V") } }));
    const me = await patientToken(owner.id);
    await create(consent(owner, { type: "deny" }), me);
    const helper = await professional("er", "emergency-physician");
    const helperReadsLab = await status(`Observation/${id}`, helper);
    const answers = [];
    for (let times = 0; times < 2; times++) answers.push(await open(owner.id, { ...helper, "Idempotency-Key": `glass-${owner.id}` }));
    expect([helperReadsLab, ...answers.map((answer) => answer.status)]).toEqual([404, 200, 200]);
    expect([await status(`Observation/${id}`, helper), await status(`Observation/${hidden.id}`, helper)]).toEqual([200, 404]);
    expect(await status(`Observation/${id}`, await professional("er2", "emergency-physician"))).toBe(404);
    const count = async (query: string, headers: Headers): Promise<number> => {
      const bundle = (await (await record.call("GET", `/fhir/${query}&_total=accurate`, { headers })).json()) as { total: number };
      return bundle.total;
    };
    expect(await count(`Task?code=break-glass-review&status=requested&patient=${owner.id}`, {})).toBe(1);
    expect(await count("Communication?category=break-glass", me)).toBe(2);
    expect(await count(`Communication?category=break-glass&patient=${owner.id}`, await professional("gp", "physician"))).toBe(1);
    expect(await count(`Communication?category=break-glass&patient=${owner.id}`, await professional("curious", "physician"))).toBe(0);
    const log = (await (
      await record.call("GET", "/fhir/AuditEvent?subtype=operation", { headers: { ...me, "Accept-Language": "fr" } })
    ).json()) as {
      entry: { resource: Resource }[];
    };
    expect(log.entry[0]?.resource.text?.div).toContain("a ouvert votre dossier en urgence. Motif indiqué : Unconscious after an accident");
  });

  it("is refused where the patient objected, to others than these professions, and without a reason", async () => {
    const owner = await person();
    const helper = await professional("er", "emergency-physician");
    expect((await open(owner.id, helper, "  short   ")).status).toBe(400);
    expect((await open(owner.id, await professional("p", "pharmacist"))).status).toBe(403);
    expect((await open("nobody", helper)).status).toBe(404);
    const purpose = [{ system: "http://terminology.hl7.org/CodeSystem/v3-ActReason", code: "ETREAT" }];
    await create(consent(owner, { type: "deny", purpose }), await patientToken(owner.id));
    expect((await open(owner.id, helper)).status).toBe(403);
    const [row] = await postgres.query<{ count: string }>(
      postgres.at(0),
      "SELECT count(*) FROM record.audit_event WHERE resource_id = $1 AND interaction = 'operation' AND outcome = '8'",
      [owner.id],
    );
    expect(Number(row?.count)).toBe(2);
  });
});

describe("the access log", () => {
  it("tells its patient, page by page, who did what, and that it was read", async () => {
    const owner = await person();
    const { id } = await create(result(owner));
    await status(`Observation/${id}`, await professional("reader", "physician", { name: "Dr Test-Reader" }));
    const me = { ...(await patientToken(owner.id)), "Accept-Language": "de" };
    type Log = { entry: { resource: Resource }[]; link: { relation: string; url: string }[] };
    const page = async (path: string): Promise<Log> => (await (await record.call("GET", path, { headers: me })).json()) as Log;
    const first = await page("/fhir/AuditEvent?_count=2");
    const next = first.link.find(({ relation }) => relation === "next")?.url.replace("https://dsp.test", "");
    const second = await page(next ?? "");
    const told = [...first.entry, ...second.entry].map(({ resource }) => resource.text?.div.replace(/<[^>]*>/g, ""));
    expect(told.slice(0, 2)).toEqual([
      "Dr Test-Reader (Ärztin/Arzt) hat eine Messung oder einen Befund gelesen.",
      expect.stringContaining("hinzugefügt"),
    ]);
    expect(new Set(second.entry.map(({ resource }) => resource.id))).not.toContain(first.entry[0]?.resource.id);
    const one = first.entry[0]?.resource.id;
    expect(await status(`AuditEvent/${one}`, me)).toBe(200);
    expect(await status(`AuditEvent/${one}`, await patientToken("somebody-else"))).toBe(404);
    expect(await status("AuditEvent", await professional("nosy", "physician"))).toBe(403);
    const again = await page("/fhir/AuditEvent?_count=1&subtype=read");
    expect(again.entry[0]?.resource.text?.div).toContain("Sie haben dieses Zugriffsprotokoll gelesen.");
    expect((await record.call("DELETE", `/fhir/AuditEvent/${one}`)).status).toBe(405);
  });
});

describe("a stated purpose", () => {
  const stated = async (code: string) => ({ ...(await professional("why", "physician", { name: "Dr Test-Why" })), "DSP-Purpose": code });

  it("is kept with each access, also with those of a batch, and its patient reads it", async () => {
    const owner = await person();
    const { id } = await create(result(owner), await stated("TREAT"));
    expect(await status(`Observation/${id}`, await stated("COC"))).toBe(200);
    const entry = [{ request: { method: "GET", url: `Observation/${id}` } }];
    const batch = { resourceType: "Bundle", type: "batch", entry };
    expect((await record.call("POST", "/fhir", { body: batch, headers: await stated("PATADMIN") })).status).toBe(200);
    const me = { ...(await patientToken(owner.id)), "Accept-Language": "fr" };
    const log = (await (await record.call("GET", "/fhir/AuditEvent?_count=3", { headers: me })).json()) as {
      entry: { resource: Resource & { purposeOfEvent: { coding: { system: string; code: string }[] }[] } }[];
    };
    expect(log.entry.map(({ resource }) => resource.purposeOfEvent[0]?.coding[0]?.code)).toEqual(["PATADMIN", "COC", "TREAT"]);
    expect(log.entry[1]?.resource.text?.div).toContain(
      "Dr Test-Why (médecin) a lu une mesure ou un résultat. Motif indiqué : coordination des soins.",
    );
  });

  it("that nobody knows is refused, and nothing is read", async () => {
    const { id } = await create(result(await person()));
    for (const code of ["", "treat", "TREAT, COC", "MARKETING", "toString"]) {
      const response = await record.call("GET", `/fhir/Observation/${id}`, {
        headers: { ...(await stated(code)), "X-Request-Id": `why-${id}` },
      });
      const { issue } = (await response.json()) as { issue?: { code: string; details: { text: string } }[] };
      expect([response.status, issue?.[0]?.code], code).toEqual([400, "code-invalid"]);
      expect(issue?.[0]?.details.text).toContain("TREAT, ETREAT, COC");
    }
    expect(await sql("SELECT 1 FROM record.audit_event WHERE request_id = $1", [`why-${id}`])).toEqual([]);
  });

  it("opens nothing: an emergency is one only by $break-glass", async () => {
    const { id } = await create(result(await person(), { meta: { security: label("R") } }));
    expect(await status(`Observation/${id}`, await stated("ETREAT"))).toBe(404);
  });
});

describe("the audit chain", () => {
  const verify = (noted?: { sequence: number; hash: string }) =>
    record.deps.database.write(background(), (transaction) => verifyChain(transaction, noted));
  const seal = async (): Promise<void> => {
    while (await sealWaiting(background(), record.deps.database));
  };
  /** As somebody who has taken the database over. */
  const tamper = async (statement: string): Promise<void> => {
    const loose = ["audit_event", "audit_seal"].map((table) => `ALTER TABLE record.${table} DISABLE TRIGGER USER`);
    const tight = ["audit_event", "audit_seal"].map((table) => `ALTER TABLE record.${table} ENABLE TRIGGER USER`);
    for (const each of [...loose, statement, ...tight]) await postgres.query(postgres.at(0), each);
  };

  /** As if so many requests had been answered. */
  const recordMany = async (count: number): Promise<void> => {
    const more = `INSERT INTO record.audit_event (id, recorded, interaction, outcome, subject, client_id, resource_type, request_id, content)
      SELECT gen_random_uuid(), now(), 'read', '0', 'many', 'many', 'Patient', 'many', '{}' FROM generate_series(1, ${count}) RETURNING id`;
    await postgres.query(postgres.at(0), `WITH added AS (${more}) INSERT INTO record.audit_unsealed SELECT id FROM added`);
  };

  it("takes in all that waits once somebody looks", async () => {
    await recordMany(1200);
    let looks = 1;
    const { database, log } = record.deps;
    const stop = startSealing({ database, log, intervalMs: 10, due: () => looks-- > 0 });
    const waiting = async (): Promise<number> => (await sql("SELECT FROM record.audit_unsealed", [])).length;
    await expect.poll(waiting, { timeout: 10_000 }).toBe(0);
    stop();
  });

  it("goes on past a thousand records, and past a page of them", async () => {
    await recordMany(2400);
    await seal();
    const { sealed, waiting, head, defects } = await verify();
    expect({ waiting, defects, head: head.sequence }).toEqual({ waiting: 0, defects: [], head: sealed });
    expect(sealed).toBeGreaterThan(2400);
  });

  it("finds whatever was done to the record", async () => {
    await person();
    await seal();
    const whole = await verify();
    expect([whole.defects, whole.waiting]).toEqual([[], 0]);
    expect(whole.sealed).toBe(whole.head.sequence);
    const middle = Math.floor(whole.sealed / 2);
    const event = `(SELECT event_id FROM record.audit_seal WHERE sequence = ${middle})`;
    await expect(postgres.query(postgres.at(0), `UPDATE record.audit_event SET subject = 'x' WHERE id = ${event}`)).rejects.toThrow(
      /only ever added/,
    );

    await tamper(`UPDATE record.audit_event SET subject = subject || 'x' WHERE id = ${event}`);
    expect((await verify()).defects).toMatchObject([{ kind: "changed", sequence: middle }]);
    await tamper(`UPDATE record.audit_event SET subject = left(subject, -1) WHERE id = ${event}`);
    expect((await verify()).defects).toEqual([]);

    await postgres.query(postgres.at(0), "CREATE TABLE record.kept AS SELECT * FROM record.audit_event");
    await postgres.query(postgres.at(0), "CREATE TABLE record.kept_seal AS SELECT * FROM record.audit_seal");
    await tamper(`DELETE FROM record.audit_event WHERE id = ${event}`);
    expect((await verify()).defects).toMatchObject([{ kind: "removed", sequence: middle }]);
    await tamper(`DELETE FROM record.audit_seal WHERE sequence = ${middle}`);
    expect((await verify()).defects).toEqual([{ kind: "gap", sequence: middle }]);
    await tamper(
      `INSERT INTO record.audit_event SELECT * FROM record.kept k WHERE NOT EXISTS (SELECT FROM record.audit_event e WHERE e.id = k.id)`,
    );
    expect((await verify()).defects.map(({ kind }) => kind)).toEqual(["gap", "added"]);
    await tamper(`INSERT INTO record.audit_seal SELECT * FROM record.kept_seal WHERE sequence = ${middle}`);
    expect((await verify()).defects).toEqual([]);

    await tamper(`DELETE FROM record.audit_seal WHERE sequence = ${whole.head.sequence}`);
    await tamper("DELETE FROM record.audit_event e WHERE NOT EXISTS (SELECT FROM record.audit_seal s WHERE s.event_id = e.id)");
    expect((await verify()).defects).toEqual([]);
    expect((await verify(whole.head)).defects).toEqual([{ kind: "cut", sequence: whole.head.sequence }]);
  });
});
