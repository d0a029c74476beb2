/** What a connecting software has to show before it is trusted with records, judged by what the record's access log says it did. */
export const languages = ["fr", "de", "en"] as const;
export type Language = (typeof languages)[number];
export const stepNames = ["token", "search", "provide", "retrieve", "errors"] as const;
export type StepName = (typeof stepNames)[number];

/** One call of the software's, as far as the access log tells. */
export interface Call {
  interaction: string;
  /** 0 done, 4 not there, 8 refused. */
  outcome: string;
  resourceType: string;
  patientId: string | undefined;
  atMs: number;
}

export interface StepResult {
  step: StepName;
  state: "done" | "missing" | "wrong";
  title: string;
  /** What is wrong, and how to mend it; or what to do. */
  words: string;
}

/** Repetitions of a refused request within a minute that are still a person's. */
const repeatsMax = 5;

type Words = Record<Language, string>;

const titles: Record<StepName, Words> = {
  token: { fr: "Obtenir un jeton", de: "Ein Token erhalten", en: "Obtain a token" },
  search: {
    fr: "Trouver les documents d’un patient (ITI-67)",
    de: "Dokumente eines Patienten finden (ITI-67)",
    en: "Find a patient’s documents (ITI-67)",
  },
  provide: {
    fr: "Déposer un document (ITI-65 ou ITI-105)",
    de: "Ein Dokument einstellen (ITI-65 oder ITI-105)",
    en: "Provide a document (ITI-65 or ITI-105)",
  },
  retrieve: { fr: "Récupérer un document (ITI-68)", de: "Ein Dokument abrufen (ITI-68)", en: "Retrieve a document (ITI-68)" },
  errors: { fr: "Accepter un refus", de: "Eine Ablehnung hinnehmen", en: "Take no for an answer" },
};

const fine: Words = { fr: "C’est fait.", de: "Erledigt.", en: "Done." };

/** {origin}, {client}, {patient}, {closed} stand for what is this vendor's. */
const texts = {
  tokenMissing: {
    fr: "Aucun appel avec un jeton de {client} n’est arrivé. Envoyez à {origin}/identity/token un client_assertion signé (ES256, ES384 ou RS384) avec iss et sub = {client}, aud = {origin}/identity, un jti neuf et exp dans 5 minutes au plus ; puis appelez avec Authorization: Bearer.",
    de: "Es kam noch kein Aufruf mit einem Token von {client} an. Senden Sie an {origin}/identity/token ein signiertes client_assertion (ES256, ES384 oder RS384) mit iss und sub = {client}, aud = {origin}/identity, einem neuen jti und exp in höchstens 5 Minuten; rufen Sie dann mit Authorization: Bearer auf.",
    en: "No call with a token of {client} has arrived. Send {origin}/identity/token a signed client_assertion (ES256, ES384 or RS384) with iss and sub = {client}, aud = {origin}/identity, a fresh jti and exp within 5 minutes; then call with Authorization: Bearer.",
  },
  searchMissing: {
    fr: "Cherchez : GET {origin}/fhir/DocumentReference?patient=Patient/{patient}&status=current.",
    de: "Suchen Sie: GET {origin}/fhir/DocumentReference?patient=Patient/{patient}&status=current.",
    en: "Search: GET {origin}/fhir/DocumentReference?patient=Patient/{patient}&status=current.",
  },
  searchOther: {
    fr: "Votre logiciel a cherché, mais pas les DocumentReference de {patient}. Donnez le paramètre patient=Patient/{patient} : sans lui, ITI-67 lirait trop.",
    de: "Ihre Software hat gesucht, aber nicht die DocumentReference von {patient}. Geben Sie den Parameter patient=Patient/{patient} an: ohne ihn läse ITI-67 zu viel.",
    en: "Your software searched, but not for DocumentReference of {patient}. Give the parameter patient=Patient/{patient}: without it ITI-67 would read too much.",
  },
  provideMissing: {
    fr: "Déposez un document synthétique pour {patient} : POST {origin}/fhir avec un Bundle transaction (List SubmissionSet, DocumentReference, Binary), ou POST {origin}/fhir/DocumentReference avec content.attachment.data. Envoyez un Idempotency-Key et répétez avec le même.",
    de: "Stellen Sie ein synthetisches Dokument für {patient} ein: POST {origin}/fhir mit einem Bundle transaction (List SubmissionSet, DocumentReference, Binary) oder POST {origin}/fhir/DocumentReference mit content.attachment.data. Senden Sie einen Idempotency-Key und wiederholen Sie mit demselben.",
    en: "Provide a synthetic document for {patient}: POST {origin}/fhir with a transaction Bundle (List SubmissionSet, DocumentReference, Binary), or POST {origin}/fhir/DocumentReference with content.attachment.data. Send an Idempotency-Key and repeat with the same one.",
  },
  provideRefused: {
    fr: "Le dépôt a été refusé. Lisez l’OperationOutcome de la réponse : le plus souvent subject n’est pas Patient/{patient}, ou le scope du jeton ne contient pas system/DocumentReference.c.",
    de: "Das Einstellen wurde abgelehnt. Lesen Sie den OperationOutcome der Antwort: meist ist subject nicht Patient/{patient}, oder dem Scope des Tokens fehlt system/DocumentReference.c.",
    en: "The document was refused. Read the answer’s OperationOutcome: most often subject is not Patient/{patient}, or the token’s scope lacks system/DocumentReference.c.",
  },
  retrieveMissing: {
    fr: "Récupérez le document : GET sur l’adresse de DocumentReference.content.attachment.url.",
    de: "Rufen Sie das Dokument ab: GET auf die Adresse in DocumentReference.content.attachment.url.",
    en: "Retrieve the document: GET the address in DocumentReference.content.attachment.url.",
  },
  retrieveDescription: {
    fr: "Votre logiciel a lu la description, pas le document : suivez content.attachment.url jusqu’au Binary.",
    de: "Ihre Software las die Beschreibung, nicht das Dokument: folgen Sie content.attachment.url bis zum Binary.",
    en: "Your software read the description, not the document: follow content.attachment.url to the Binary.",
  },
  errorsMissing: {
    fr: "Lisez Patient/{closed}, dont le dossier vous est fermé : la réponse est 404, comme pour ce qui n’existe pas. Montrez-le en mots et n’insistez pas.",
    de: "Lesen Sie Patient/{closed}, dessen Akte Ihnen verschlossen ist: die Antwort ist 404 wie für etwas, das es nicht gibt. Zeigen Sie es in Worten und beharren Sie nicht.",
    en: "Read Patient/{closed}, whose record is closed to you: the answer is 404, as for what does not exist. Show it in words and do not insist.",
  },
  errorsRepeated: {
    fr: "Votre logiciel a répété une demande refusée plus de 5 fois en une minute. Ne répétez que 429, 502, 503 et 504, en attendant Retry-After ; jamais 4xx.",
    de: "Ihre Software wiederholte eine abgelehnte Anfrage mehr als 5-mal in einer Minute. Wiederholen Sie nur 429, 502, 503 und 504 und warten Sie Retry-After ab; nie 4xx.",
    en: "Your software repeated a refused request more than 5 times in a minute. Repeat only 429, 502, 503 and 504, after Retry-After; never other 4xx.",
  },
} as const satisfies Record<string, Words>;

export interface Checked {
  origin: string;
  clientId: string;
  patientId: string;
  closedPatientId: string;
}

/** Judges each step. `hasToken`: the software asks itself, by a token of its own. */
export function checkSteps(calls: readonly Call[], about: Checked, options: { language: Language; hasToken: boolean }): StepResult[] {
  const fill = (words: Words): string =>
    words[options.language]
      .replaceAll("{origin}", about.origin)
      .replaceAll("{client}", about.clientId)
      .replaceAll("{patient}", about.patientId)
      .replaceAll("{closed}", about.closedPatientId);
  const verdicts: Record<StepName, Words | undefined> = {
    token: calls.length > 0 || options.hasToken ? undefined : texts.tokenMissing,
    search: searchVerdict(calls, about),
    provide: provideVerdict(calls),
    retrieve: retrieveVerdict(calls),
    errors: errorsVerdict(calls, about),
  };
  return stepNames.map((step) => {
    const verdict = verdicts[step];
    const missing: readonly Words[] = [
      texts.tokenMissing,
      texts.searchMissing,
      texts.provideMissing,
      texts.retrieveMissing,
      texts.errorsMissing,
    ];
    const state = verdict === undefined ? "done" : missing.includes(verdict) ? "missing" : "wrong";
    return { step, state, title: titles[step][options.language], words: fill(verdict ?? fine) };
  });
}

function searchVerdict(calls: readonly Call[], { patientId }: Checked): Words | undefined {
  const searches = calls.filter(({ interaction }) => interaction === "search-type");
  if (searches.some((call) => call.resourceType === "DocumentReference" && call.outcome === "0" && call.patientId === patientId))
    return undefined;
  return searches.length > 0 ? texts.searchOther : texts.searchMissing;
}

function provideVerdict(calls: readonly Call[]): Words | undefined {
  const creates = calls.filter(
    ({ interaction, resourceType }) => ["create", "transaction"].includes(interaction) && resourceType !== "Patient",
  );
  if (
    creates.some(
      ({ resourceType, outcome, patientId }) => resourceType === "DocumentReference" && outcome === "0" && patientId !== undefined,
    )
  )
    return undefined;
  return creates.some(({ outcome }) => outcome !== "0") ? texts.provideRefused : texts.provideMissing;
}

function retrieveVerdict(calls: readonly Call[]): Words | undefined {
  const reads = calls.filter(({ interaction, outcome }) => ["read", "vread"].includes(interaction) && outcome === "0");
  if (reads.some(({ resourceType }) => resourceType === "Binary")) return undefined;
  return reads.some(({ resourceType }) => resourceType === "DocumentReference") ? texts.retrieveDescription : texts.retrieveMissing;
}

function errorsVerdict(calls: readonly Call[], about: Checked): Words | undefined {
  const refused = calls
    .filter(({ outcome, patientId }) => outcome === "8" && patientId === about.closedPatientId)
    .toSorted((a, b) => a.atMs - b.atMs);
  if (refused.length === 0) return texts.errorsMissing;
  const isRepeated = refused.some(({ atMs }, place) => {
    const sixth = refused[place + repeatsMax];
    return sixth !== undefined && sixth.atMs - atMs < 60_000;
  });
  return isRepeated ? texts.errorsRepeated : undefined;
}
