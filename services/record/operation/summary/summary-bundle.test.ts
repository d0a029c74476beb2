import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AnyResource, validate } from "../../../lib/fhir/validate.ts";
import { type Language, languages } from "../../../lib/language.ts";
import { anyText } from "../../../lib/testing/any-text.ts";
import { loadCatalogue } from "../../catalogue.ts";
import type { StoredVersion } from "../../resource/store.ts";
import { resourceTypes } from "../../resource-types.ts";
import { sections } from "./sections.ts";
import { referredTo, summaryBundle, summaryContent, summaryVersions } from "./summary-bundle.ts";
import { headings, sentences, titles } from "./wording.ts";

interface BuiltSection {
  title: string;
  code: { coding: { code: string }[] };
  text: { status: string; div: string };
  entry?: { reference: string }[];
  emptyReason?: { coding: { code: string }[] };
}
interface Built {
  type: string;
  language: string;
  timestamp: string;
  identifier: { system: string; value: string };
  meta?: { profile: string[] };
  entry: { fullUrl: string; resource: AnyResource & { section?: BuiltSection[]; text?: { div: string } } }[];
}

const { definitions } = loadCatalogue(resourceTypes);
const publicUrl = "https://dsp.test/fhir";
const now = new Date("2025-06-01T12:00:00Z");
const subject = { reference: "Patient/p" };
const patientOf = { patient: subject };
const person = {
  resourceType: "Patient",
  id: "p",
  name: [{ family: "Test-Weber", given: ["Anna"] }],
  birthDate: "1980-02-03",
  gender: "female",
};
const coded = (code: string, system = "http://loinc.org") => ({ coding: [{ system, code, display: `Test ${code}` }] });
const clinical = (code: string) => coded(code, "http://terminology.hl7.org/CodeSystem/condition-clinical");
const verified = (code: string) => coded(code, "http://terminology.hl7.org/CodeSystem/condition-ver-status");
const category = (code: string) => [coded(code, "http://terminology.hl7.org/CodeSystem/observation-category")];

let count = 0;
function stored(given: object | string): StoredVersion {
  const text = typeof given === "string" ? given : JSON.stringify(given);
  const { resourceType, id = `r${++count}` } = JSON.parse(text) as { resourceType: string; id?: string };
  const content = text.includes('"id":') ? text : text.replace(/^\{/, `{"id":"${id}",`);
  return { type: resourceType, id, version: 1, lastUpdated: now, method: "POST", deleted: false, patientIds: ["p"], content };
}

function build(record: readonly StoredVersion[], options: { language?: Language; patient?: object; directory?: StoredVersion[] } = {}) {
  const { language = "en", patient = person, directory = [] } = options;
  const content = summaryContent(stored(patient), record, publicUrl);
  const text = summaryBundle(content, directory, { publicUrl, language, now });
  const bundle = JSON.parse(text) as Built;
  const [composition] = bundle.entry;
  const built = composition?.resource.section ?? [];
  const section = (code: string) => built.find((each) => each.code.coding[0]?.code === code);
  return { text, bundle, composition: composition?.resource, built, section };
}

const condition = (more: object) => ({ resourceType: "Condition", subject, code: coded("c"), ...more });
const observation = (more: object) => ({ resourceType: "Observation", status: "final", subject, code: coded("o"), ...more });
const medication = (more: object) => ({
  ...{ resourceType: "MedicationRequest", status: "active", intent: "order", subject, medicationCodeableConcept: coded("m") },
  ...more,
});

describe("summaryBundle", () => {
  it("is a document about the patient, each resource under its address and as it is stored", () => {
    const allergy = stored({ resourceType: "AllergyIntolerance", id: "a", code: { text: "Test-Nut" }, ...patientOf });
    const { text, bundle, composition } = build([allergy]);
    validate(definitions, bundle as unknown as AnyResource);
    expect([bundle.type, bundle.timestamp, bundle.identifier.system]).toEqual([
      "document",
      "2025-06-01T12:00:00.000Z",
      "urn:ietf:rfc:3986",
    ]);
    expect(bundle.entry.map(({ resource }) => resource.resourceType)).toEqual(["Composition", "Patient", "AllergyIntolerance", "Device"]);
    expect(bundle.entry.map(({ fullUrl }) => fullUrl).slice(1, 3)).toEqual([`${publicUrl}/Patient/p`, `${publicUrl}/AllergyIntolerance/a`]);
    expect(text).toContain(allergy.content);
    expect(composition).toMatchObject({
      status: "final",
      type: { coding: [{ system: "http://loinc.org", code: "60591-5" }] },
      subject: { reference: `${publicUrl}/Patient/p` },
      author: [{ reference: bundle.entry.at(-1)?.fullUrl }],
      title: "International Patient Summary",
    });
  });

  it("says of a required section that nothing is known, and never that there is nothing", () => {
    const { built, text } = build([]);
    expect(built.map(({ code }) => code.coding[0]?.code)).toEqual(["11450-4", "48765-2", "10160-0"]);
    for (const { emptyReason, entry, text: said } of built) {
      expect([emptyReason?.coding[0]?.code, entry]).toEqual(["unavailable", undefined]);
      expect(said.div).toContain("No information is available.");
    }
    expect(text).not.toMatch(/no known|716186003|nilknown/i);
  });

  it("names its profile only where the patient has what that wants", () => {
    expect(build([]).bundle.meta?.profile).toEqual(["http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips"]);
    for (const patient of [
      { ...person, birthDate: undefined },
      { ...person, name: [{ use: "official" }] },
    ]) {
      expect(build([], { patient }).text).not.toContain("uv-ips");
    }
  });

  it("takes along the professionals and organisations referred to, and leaves other references as they are", () => {
    const record = [
      stored(condition({ recorder: { reference: "PractitionerRole/role" }, encounter: { reference: "Encounter/e" } })),
      stored(observation({ category: category("laboratory"), performer: [{ reference: `${publicUrl}/Organization/lab` }] })),
      stored(observation({ status: "cancelled", performer: [{ reference: "Practitioner/not-shown" }] })),
    ];
    const content = summaryContent(stored(person), record, publicUrl);
    const wanted = referredTo(summaryVersions(content), ["Practitioner", "PractitionerRole", "Organization"], publicUrl);
    expect(Object.fromEntries(wanted)).toEqual({ PractitionerRole: ["role"], Organization: ["lab"] });
    const { bundle } = build(record, { directory: [stored({ resourceType: "PractitionerRole", id: "role" })] });
    expect(bundle.entry.map(({ fullUrl }) => fullUrl)).toContain(`${publicUrl}/PractitionerRole/role`);
    expect(bundle.entry.some(({ fullUrl }) => fullUrl.includes("/Encounter/"))).toBe(false);
  });

  it("takes along the observations that a report or a panel is made of, a mistaken one aside", () => {
    const record = [
      stored({
        resourceType: "DiagnosticReport",
        status: "final",
        subject,
        code: coded("r"),
        result: [{ reference: "Observation/panel" }],
      }),
      stored(observation({ id: "panel", hasMember: ["part", "wrong", "gone"].map((id) => ({ reference: `Observation/${id}` })) })),
      stored(observation({ id: "part", hasMember: [{ reference: "Observation/panel" }] })),
      stored(observation({ id: "wrong", status: "entered-in-error" })),
      stored(observation({ id: "unrelated" })),
    ];
    const names = build(record).bundle.entry.map(({ fullUrl }) => fullUrl.slice(publicUrl.length + 1));
    expect(names.filter((name) => name.startsWith("Observation/"))).toEqual(["Observation/panel", "Observation/part"]);
  });
});

describe("what goes where", () => {
  it.each<[string, object, string | undefined]>([
    ["a present condition", condition({ clinicalStatus: clinical("active") }), "11450-4"],
    ["a relapse", condition({ clinicalStatus: clinical("relapse") }), "11450-4"],
    ["a condition of no status", condition({}), "11450-4"],
    ["a condition that has ended", condition({ abatementDateTime: "2020" }), "11348-0"],
    ["a resolved condition", condition({ clinicalStatus: clinical("resolved") }), "11348-0"],
    ["a condition in remission", condition({ clinicalStatus: clinical("remission") }), "11348-0"],
    ["a mistaken condition", condition({ verificationStatus: verified("entered-in-error") }), undefined],
    ["a condition ruled out", condition({ clinicalStatus: clinical("active"), verificationStatus: verified("refuted") }), undefined],
    ["an allergy", { resourceType: "AllergyIntolerance", code: coded("a"), ...patientOf }, "48765-2"],
    [
      "a mistaken allergy",
      { resourceType: "AllergyIntolerance", verificationStatus: verified("entered-in-error"), ...patientOf },
      undefined,
    ],
    ["a prescription", medication({}), "10160-0"],
    ["a prescription that has ended", medication({ status: "stopped" }), undefined],
    ["an order not to give", medication({ doNotPerform: true }), undefined],
    ["a proposal", medication({ intent: "proposal" }), undefined],
    ["a mistaken prescription", medication({ status: "entered-in-error" }), undefined],
    ["a medicine taken", { ...medication({}), resourceType: "MedicationStatement", intent: undefined }, "10160-0"],
    ["a medicine not taken", { ...medication({ status: "not-taken" }), resourceType: "MedicationStatement", intent: undefined }, undefined],
    ["a vaccination", { resourceType: "Immunization", status: "completed", vaccineCode: coded("v"), ...patientOf }, "11369-6"],
    ["a vaccination not given", { resourceType: "Immunization", status: "not-done", vaccineCode: coded("v"), ...patientOf }, undefined],
    ["a laboratory value", observation({ category: category("laboratory") }), "30954-2"],
    ["a mistaken laboratory value", observation({ category: category("laboratory"), status: "entered-in-error" }), undefined],
    ["a report", { resourceType: "DiagnosticReport", status: "final", code: coded("r"), subject }, "30954-2"],
    ["a report not there yet", { resourceType: "DiagnosticReport", status: "registered", code: coded("r"), subject }, undefined],
    ["a vital sign by its category", observation({ category: category("vital-signs") }), "8716-3"],
    ["a vital sign by what it is", observation({ code: coded("8867-4") }), "8716-3"],
    ["smoking", observation({ code: coded("72166-2") }), "29762-2"],
    ["a pregnancy, measured by a laboratory", observation({ code: coded("82810-3"), category: category("laboratory") }), "10162-6"],
    ["an observation of no known kind", observation({}), undefined],
    ["an operation", { resourceType: "Procedure", status: "completed", code: coded("p"), subject }, "47519-4"],
    ["an operation that was not done", { resourceType: "Procedure", status: "not-done", code: coded("p"), subject }, undefined],
    ["a plan", { resourceType: "CarePlan", status: "active", intent: "plan", subject }, "18776-5"],
    ["a plan given up", { resourceType: "CarePlan", status: "revoked", intent: "plan", subject }, undefined],
    ["a directive", { resourceType: "Consent", status: "active", scope: coded("adr"), category: [coded("dnr")], ...patientOf }, "42348-3"],
    [
      "a consent to data",
      { resourceType: "Consent", status: "active", scope: coded("patient-privacy"), category: [coded("a")], ...patientOf },
      undefined,
    ],
  ])("%s", (_title, resource, expected) => {
    const { built, bundle } = build([stored(resource)]);
    expect(built.filter(({ entry }) => entry).map(({ code }) => code.coding[0]?.code)).toEqual(expected === undefined ? [] : [expected]);
    expect(bundle.entry).toHaveLength(expected === undefined ? 3 : 4);
  });

  it("orders by date, the newest first and the undated last, and shows the newest of each vital sign", () => {
    const problem = (id: string, more: object) => stored(condition({ id, ...more }));
    const record = [
      problem("undated", {}),
      problem("old", { onsetDateTime: "2001" }),
      problem("new", { onsetPeriod: { start: "2024-05" } }),
      stored(observation({ id: "pulse-old", code: coded("8867-4"), effectiveDateTime: "2023-01-01T10:00:00+02:00" })),
      stored(observation({ id: "pulse-new", code: coded("8867-4"), effectiveDateTime: "2024-01-01" })),
      stored(observation({ id: "weight", code: coded("29463-7"), effectiveDateTime: "2022" })),
      ...["x", "y"].map((id) => stored(observation({ id, code: coded("same"), category: category("laboratory") }))),
    ];
    const { section } = build(record);
    const ids = (code: string) => section(code)?.entry?.map(({ reference }) => reference.split("/").at(-1));
    expect(ids("11450-4")).toEqual(["new", "old", "undated"]);
    expect(ids("8716-3")).toEqual(["pulse-new", "weight"]);
    expect(ids("30954-2")).toEqual(["x", "y"]);
  });
});

describe("the narrative", () => {
  it("is in the reader's language, headings, codes and what is empty alike", () => {
    const record = [stored(condition({ clinicalStatus: { coding: [{ code: "active" }] } }))];
    for (const language of languages) {
      const { built, bundle, composition, section } = build(record, { language });
      expect([bundle.language, composition?.language, composition?.title]).toEqual([language, language, titles.summary[language]]);
      expect(built.map(({ title }) => title)).toEqual(
        [titles.problems, titles.allergies, titles.medications].map((each) => each[language]),
      );
      expect(section("11450-4")?.text.div).toContain(`lang="${language}" xml:lang="${language}"`);
      expect(section("11450-4")?.text.div).toContain(`<th>${headings.since[language]}</th>`);
      expect(section("48765-2")?.text.div).toContain(sentences.none[language].replace("'", "&#39;"));
      expect(composition?.text?.div).toContain("Test-Weber");
    }
    expect(build(record, { language: "fr" }).section("11450-4")?.text.div).toContain("<td>actif</td>");
    expect(build(record, { language: "de" }).section("11450-4")?.text.div).toContain("<td>aktiv</td>");
  });

  it("escapes what is in the record", () => {
    const { section } = build([stored(condition({ code: { text: `<script>"a" & 'b'\u0001</script>` } }))]);
    expect(section("11450-4")?.text.div).toContain("<td>&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;\uFFFD&lt;/script&gt;</td>");
  });

  it("keeps decimals as they were written, in the entries and in the text", () => {
    const quantity =
      '"valueQuantity":{"comparator":"<","value":1.50,"unit":"mg/L"},"referenceRange":[{"low":{"value":0.100},"high":{"value":2.0e1}}]';
    const text = JSON.stringify(observation({ category: category("laboratory") })).replace(/\}$/, `,${quantity}}`);
    const built = build([stored(text)]);
    expect(built.text).toContain(quantity);
    expect(built.section("30954-2")?.text.div).toContain("<td>&lt;1.50 mg/L</td><td>0.100 – 2.0e1</td>");
  });

  it("points to a modifier that it does not understand", () => {
    const modifierExtension = [{ url: "urn:test:not", valueBoolean: true }];
    const { section } = build([stored(condition({ code: { text: "Test-Gout" }, modifierExtension }))]);
    expect(section("11450-4")?.text.div).toContain("<td>Test-Gout (with a restriction that is only in the entry itself)</td>");
  });
});

/** What FHIR allows in a string. */
const text = anyText.map(
  (each) =>
    each
      .toWellFormed()
      .replace(/[^\t\n\r\u0020-\uFFFF]/g, "")
      .trim() || "t",
);
const date = fc.constantFrom("2024", "2024-02", "2024-02-29", "2024-02-29T10:00:00Z", "2023-05-01T10:00:00.123+02:00");
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const decimal = fc
  .constantFrom("0", "1.50", "-3.1400", "2e3", "12345678901234567890.10")
  .map((source) => (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(source));
const codes = fc.constantFrom(
  "active",
  "resolved",
  "entered-in-error",
  "8867-4",
  "72166-2",
  "82810-3",
  "adr",
  "laboratory",
  "vital-signs",
  "zz",
);
const coding = fc.record({ system: fc.constantFrom("http://loinc.org", "urn:test"), code: codes, display: maybe(text) });
const concept = fc.oneof(fc.record({ text }), fc.record({ coding: fc.array(coding, { minLength: 1, maxLength: 2 }) }));
const reference = fc.record({
  reference: fc.constantFrom(
    "Practitioner/a",
    "Observation/o1",
    "Observation/o2",
    `${publicUrl}/Organization/b`,
    "urn:uuid:1",
    "Patient/p",
  ),
});
const state = (...of: string[]) => fc.constantFrom(...of).map((code) => ({ coding: [{ code }] }));
const quantity = fc.record({ value: decimal, unit: maybe(text) });
const shapes: Readonly<Record<string, fc.Arbitrary<object>>> = {
  Condition: fc.record({
    ...{
      subject: fc.constant(subject),
      code: maybe(concept),
      severity: maybe(concept),
      onsetDateTime: maybe(date),
      abatementString: maybe(text),
    },
    ...{
      clinicalStatus: maybe(state("active", "resolved", "inactive")),
      verificationStatus: maybe(state("confirmed", "entered-in-error")),
    },
  }),
  AllergyIntolerance: fc.record({
    ...{ patient: fc.constant(subject), code: maybe(concept), criticality: maybe(fc.constantFrom("low", "high")) },
    ...{ clinicalStatus: state("active", "resolved"), verificationStatus: maybe(state("confirmed", "refuted")) },
    reaction: maybe(
      fc.array(fc.record({ manifestation: fc.array(concept, { minLength: 1, maxLength: 2 }) }), { minLength: 1, maxLength: 2 }),
    ),
  }),
  MedicationRequest: fc.record({
    ...{
      subject: fc.constant(subject),
      status: fc.constantFrom("active", "stopped", "entered-in-error"),
      intent: fc.constantFrom("order", "plan", "option"),
    },
    ...{ medicationCodeableConcept: concept, requester: maybe(fc.constant({ reference: "Practitioner/a" })), authoredOn: maybe(date) },
    dosageInstruction: maybe(fc.tuple(fc.record({ text: maybe(text), doseAndRate: fc.tuple(fc.record({ doseQuantity: quantity })) }))),
  }),
  Immunization: fc.record({
    ...{
      patient: fc.constant(subject),
      status: fc.constantFrom("completed", "not-done"),
      vaccineCode: concept,
      occurrenceString: text,
      lotNumber: maybe(text),
    },
  }),
  Observation: fc.record({
    ...{
      id: fc.constantFrom("o1", "o2", "o3"),
      status: fc.constantFrom("final", "entered-in-error", "amended"),
      code: concept,
      subject: fc.constant(subject),
    },
    ...{
      category: maybe(fc.tuple(concept)),
      valueQuantity: maybe(quantity),
      effectiveDateTime: maybe(date),
      interpretation: maybe(fc.tuple(concept)),
    },
    hasMember: maybe(fc.tuple(fc.constantFrom("Observation/o1", "Observation/o2").map((each) => ({ reference: each })))),
  }),
  DiagnosticReport: fc.record({
    ...{
      status: fc.constantFrom("final", "cancelled"),
      code: concept,
      subject: fc.constant(subject),
      conclusion: maybe(text),
      effectiveDateTime: maybe(date),
    },
    result: maybe(
      fc.array(
        fc.constantFrom("Observation/o1", "Observation/o9").map((each) => ({ reference: each })),
        { minLength: 1, maxLength: 2 },
      ),
    ),
  }),
  Procedure: fc.record({
    status: fc.constantFrom("completed", "not-done"),
    code: maybe(concept),
    subject: fc.constant(subject),
    performedString: maybe(text),
  }),
  CarePlan: fc.record({
    status: fc.constantFrom("active", "draft"),
    intent: fc.constant("plan"),
    subject: fc.constant(subject),
    title: maybe(text),
    supportingInfo: maybe(fc.tuple(reference)),
  }),
  Consent: fc.record({
    status: fc.constantFrom("active", "rejected"),
    scope: concept,
    category: fc.tuple(concept),
    patient: fc.constant(subject),
    policyRule: concept,
  }),
};
const anyResource = fc.oneof(...Object.entries(shapes).map(([resourceType, shape]) => shape.map((more) => ({ resourceType, ...more }))));

/** Whether XHTML that has only these elements is well-formed. */
function wellFormed(xhtml: string): boolean {
  const open: string[] = [];
  let balanced = true;
  const rest = xhtml.replace(/<(\/?)([a-z]+)(?: [a-z:]+="[^"<&]*")*>/g, (_tag, slash: string, name: string) => {
    if (slash === "") open.push(name);
    else balanced &&= open.pop() === name;
    return "";
  });
  return balanced && open.length === 0 && !/[<>]|&(?!(?:amp|lt|gt|quot|#39);)/.test(rest);
}

describe("whatever is in a record", () => {
  it("its summary is valid, leads nowhere outside itself, and is readable", () => {
    fc.assert(
      fc.property(fc.array(anyResource, { maxLength: 12 }), fc.constantFrom(...languages), (resources, language) => {
        const distinct = new Map(resources.map((each) => stored(each)).map((each) => [`${each.type}/${each.id}`, each]));
        const record = [...distinct.values()].filter(({ content }) => isValid(JSON.parse(content) as AnyResource));
        const { bundle, built, text: written } = build(record, { language });
        validate(definitions, bundle as unknown as AnyResource);
        const urls = bundle.entry.map(({ fullUrl }) => fullUrl);
        expect(new Set(urls).size).toBe(urls.length);
        for (const { entry, emptyReason, text: said } of built) {
          expect((entry === undefined) !== (emptyReason === undefined)).toBe(true);
          for (const each of entry ?? []) expect(urls).toContain(each.reference);
          expect(wellFormed(said.div), said.div).toBe(true);
        }
        for (const { fullUrl } of bundle.entry.filter(({ resource }) => resource.status === "entered-in-error")) throw new Error(fullUrl);
        for (const version of record)
          expect(written.includes(version.content)).toBe(urls.includes(`${publicUrl}/${version.type}/${version.id}`));
      }),
      { numRuns: 80 },
    );
  }, 60_000);

  it("generates what is valid, mostly", () => {
    const made = fc.sample(anyResource, { numRuns: 100, seed: 7 }).map((each) => JSON.parse(JSON.stringify(each)) as AnyResource);
    expect(made.filter(isValid).length).toBeGreaterThan(60);
  });
});

function isValid(resource: AnyResource): boolean {
  try {
    validate(definitions, resource);
    return true;
  } catch {
    return false;
  }
}

describe("sections", () => {
  it("are each of one code, and their types are kept", () => {
    expect(new Set(sections.map(({ code }) => code)).size).toBe(sections.length);
    for (const type of sections.flatMap(({ types }) => types)) expect(Object.keys(resourceTypes)).toContain(type);
  });
});
