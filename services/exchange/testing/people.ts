import type { TestIssuer } from "../../lib/testing/tokens.ts";

/** Tokens of synthetic people, as identity would give them. */
export interface TestPeople {
  /** A physician of demo-practice. */
  hoffmann: string;
  /** A physician of demo-hospital. */
  lentz: string;
  /** A nurse of demo-hospital. */
  reuter: string;
  /** A pharmacist of demo-pharmacy. */
  faber: string;
  /** A patient. */
  marie: string;
  operator: string;
  /** The practice software of demo-practice. */
  software: string;
}

export async function testPeople(issuer: TestIssuer): Promise<TestPeople> {
  const professional = (name: string, profession: string, organization: string): Promise<string> =>
    issuer.token({
      ...{ sub: `demo-${name}`, client_id: "portal", role: "practitioner", scope: "user/*.cruds", name: `Test-${name}` },
      ...{ fhirUser: `Practitioner/demo-${name}`, profession, organization },
    });
  return {
    hoffmann: await professional("hoffmann", "physician", "demo-practice"),
    lentz: await professional("lentz", "physician", "demo-hospital"),
    reuter: await professional("reuter", "nurse", "demo-hospital"),
    faber: await professional("faber", "pharmacist", "demo-pharmacy"),
    marie: await issuer.token({ sub: "demo-marie", client_id: "portal", role: "patient", scope: "patient/*.rs", patient: "demo-marie" }),
    operator: await issuer.token({ sub: "operator", client_id: "portal", role: "operator", scope: "user/*.cruds" }),
    software: await issuer.token({
      sub: "practice-software",
      client_id: "practice-software",
      role: "system",
      organization: "demo-practice",
    }),
  };
}
