/** The people of the synthetic population who have an account: nobody of these names and numbers exists. Their ids are the same in every service. */
export interface DemoPerson {
  /** What they type to sign in. */
  login: string;
  role: "patient" | "practitioner" | "operator";
  family: string;
  given: string;
  gender: "female" | "male";
  /** YYYY-MM-DD */
  birthDate: string;
  language: "fr" | "de" | "en";
  /** Of a patient: the record. */
  patientId?: string;
  /** Patients whose guardian the person is. */
  guardianOf?: readonly string[];
  /** Of a professional. */
  practitionerId?: string;
  profession?: string;
  organizationId?: string;
  /** A secret of their second factor is made for them; without one the password alone will do (patients may add one). */
  secondFactor: boolean;
}

export interface DemoOrganization {
  id: string;
  name: string;
  /** As a directory shows it: a practice without software of its own, a hospital, … */
  kind: "practice" | "hospital" | "pharmacy" | "laboratory";
}

export const demoOrganizations: readonly DemoOrganization[] = [
  { id: "demo-practice", name: "Test-Praxis Hoffmann", kind: "practice" },
  { id: "demo-hospital", name: "Test-Hôpital du Nord", kind: "hospital" },
  { id: "demo-pharmacy", name: "Test-Pharmacie du Pont", kind: "pharmacy" },
  { id: "demo-laboratory", name: "Test-Labo Central", kind: "laboratory" },
];

export const demoPeople: readonly DemoPerson[] = [
  patient("marie", "Test-Weber", "Marie", "female", "1958-03-14", "fr", "demo-marie"),
  patient("lucas", "Test-Klein", "Lucas", "male", "1990-11-02", "de", "demo-lucas"),
  { ...patient("emma", "Test-Schmit", "Emma", "female", "1986-06-21", "en", "demo-emma"), guardianOf: ["demo-noah"] },
  professional("hoffmann", "Test-Hoffmann", "Claire", "female", "1971-01-09", "de", "demo-hoffmann", "physician", "demo-practice"),
  professional("lentz", "Test-Lentz", "Paul", "male", "1965-09-30", "fr", "demo-lentz", "physician", "demo-hospital"),
  professional("reuter", "Test-Reuter", "Sonja", "female", "1994-04-17", "de", "demo-reuter", "nurse", "demo-hospital"),
  professional("faber", "Test-Faber", "Luc", "male", "1979-12-05", "fr", "demo-faber", "pharmacist", "demo-pharmacy"),
  {
    login: "operator",
    role: "operator",
    family: "Test-Betrieb",
    given: "Max",
    gender: "male",
    birthDate: "1983-02-02",
    language: "en",
    secondFactor: true,
  },
  {
    login: "wagner",
    role: "operator",
    family: "Test-Wagner",
    given: "Nadia",
    gender: "female",
    birthDate: "1976-08-19",
    language: "fr",
    secondFactor: true,
  },
];

/** What each account shows, by its login: the records and messages are sown by services/<name>/seed.ts. */
export const demoStories: Readonly<Record<string, string>> = {
  marie: "a full record; who looked, among them an emergency with its reason; a hidden note; Emma, who acts for her",
  lucas: "asthma, a referral under way; has objected to access in an emergency",
  emma: "a document that only she sees; at sign-in she may open the records of Noah, whose mother she is, and of Marie, who trusts her",
  hoffmann: "practice without software: today's agenda, Marie's record without the hidden note, messages, the notice of the emergency",
  lentz: "hospital: opened Marie's record in an emergency (for four hours after ./dsp up), a referral to answer",
  reuter: "nurse: sees less than a physician, and may open a record in an emergency",
  faber: "pharmacist: medication, and of Marie the laboratory results, since she permitted it",
  wagner: "the second operator: a forgotten password of somebody without a second factor takes both",
  operator: "the platform live, the emergency to review, the service desk; sees no record",
};

/** A child without an account: its guardian acts. */
export const demoChild = { patientId: "demo-noah", family: "Test-Schmit", given: "Noah", gender: "male", birthDate: "2019-05-05" } as const;

function patient(
  login: string,
  family: string,
  given: string,
  gender: DemoPerson["gender"],
  birthDate: string,
  language: DemoPerson["language"],
  patientId: string,
): DemoPerson {
  return { login, role: "patient", family, given, gender, birthDate, language, patientId, secondFactor: false };
}

function professional(
  login: string,
  family: string,
  given: string,
  gender: DemoPerson["gender"],
  birthDate: string,
  language: DemoPerson["language"],
  practitionerId: string,
  profession: string,
  organizationId: string,
): DemoPerson {
  const role = "practitioner" as const;
  return { login, role, family, given, gender, birthDate, language, practitionerId, profession, organizationId, secondFactor: true };
}
