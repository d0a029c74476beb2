import type { Context } from "./context.ts";
import { administration, type PurposeOfUse, purposeConcept } from "./purpose-of-use.ts";

/** RESTful interactions as http://hl7.org/fhir/restful-interaction names them. */
export type Interaction =
  | "create"
  | "read"
  | "vread"
  | "update"
  | "delete"
  | "patch"
  | "history-instance"
  | "history-type"
  | "history-system"
  | "search-type"
  | "transaction"
  | "operation";

/** What is no RESTful interaction but has to do with who somebody is. */
export type Security = "login" | "logout" | "lock" | "credentials" | "client-token";

interface Coding {
  system: string;
  code: string;
  display: string;
}

const restful = "http://hl7.org/fhir/restful-interaction";
const eventTypes = "http://terminology.hl7.org/CodeSystem/audit-event-type";
const dicom = "http://dicom.nema.org/resources/ontology/DCM";

/** DICOM PS3.15's security events; FHIR's own code system has none for them. */
const securityEvents: Record<Security, { type: Coding; subtype: Coding }> = {
  login: userAuthentication("110122", "Login"),
  logout: userAuthentication("110123", "Logout"),
  lock: securityAlert("110113", "Security Alert"),
  credentials: securityAlert("110137", "User Security Attributes Changed"),
  "client-token": userAuthentication("110126", "Node Authentication"),
};

function userAuthentication(code: string, display: string): { type: Coding; subtype: Coding } {
  return { type: { system: dicom, code: "110114", display: "User Authentication" }, subtype: { system: dicom, code, display } };
}

function securityAlert(code: string, display: string): { type: Coding; subtype: Coding } {
  return { type: { system: dicom, code: "110113", display: "Security Alert" }, subtype: { system: dicom, code, display } };
}

function eventOf(interaction: Interaction | Security): { type: Coding; subtype: Coding } {
  return interaction in securityEvents
    ? securityEvents[interaction as Security]
    : {
        type: { system: eventTypes, code: "rest", display: "RESTful Operation" },
        subtype: { system: restful, code: interaction, display: interaction },
      };
}

const actions: Record<Interaction | Security, "C" | "R" | "U" | "D" | "E"> = {
  create: "C",
  read: "R",
  vread: "R",
  update: "U",
  delete: "D",
  patch: "U",
  "history-instance": "R",
  "history-type": "R",
  "history-system": "R",
  "search-type": "E",
  transaction: "E",
  operation: "E",
  login: "E",
  logout: "E",
  lock: "E",
  credentials: "U",
  "client-token": "E",
};

/** What happened, as far as an audit record tells. Never content, results or tokens. */
export interface AuditFact {
  interaction: Interaction | Security;
  /** http://hl7.org/fhir/audit-event-outcome: 0 success, 4 minor failure (there is no such thing), 8 serious failure (refused). */
  outcome: "0" | "4" | "8";
  resourceType: string;
  resourceId?: string;
  version?: number;
  /** The patient whose record was touched; a fact that touches several patients is recorded once for each. */
  patientId?: string;
  /** Why a record was opened in an emergency, in the professional's own words. */
  emergency?: string;
  /** Why somebody who runs the platform did it, in their own words. */
  reason?: string;
}

/** A row of the table audit_event. */
export interface AuditRow {
  id: string;
  recorded: string;
  interaction: Interaction | Security;
  outcome: string;
  subject: string;
  client_id: string;
  patient_id: string | null;
  resource_type: string;
  resource_id: string | null;
  request_id: string;
  /** The FHIR R4 AuditEvent. */
  content: string;
}

/** Where a fact came about. */
export interface AuditSource {
  service: string;
  site: string;
  servedBy: "primary" | "standby";
}

/** Makes the audit record of one fact, shaped after IHE BALP's RESTful patterns. */
export function auditRow(context: Context, source: AuditSource, fact: AuditFact): AuditRow {
  const id = crypto.randomUUID();
  const recorded = new Date().toISOString();
  const { principal, requestId } = context;
  const purpose = purposeOf(fact, context.purpose);
  const { type, subtype } = eventOf(fact.interaction);
  return {
    id,
    recorded,
    interaction: fact.interaction,
    outcome: fact.outcome,
    subject: principal.subject,
    client_id: principal.clientId,
    patient_id: fact.patientId ?? null,
    resource_type: fact.resourceType,
    resource_id: fact.resourceId ?? null,
    request_id: requestId,
    content: JSON.stringify({
      resourceType: "AuditEvent",
      id,
      type,
      subtype: [subtype],
      action: actions[fact.interaction],
      recorded,
      outcome: fact.outcome,
      ...(purpose ? { purposeOfEvent: [purpose] } : {}),
      agent: agents(context),
      source: {
        site: `${source.site}, ${source.servedBy}`,
        observer: { display: `dsp ${source.service}` },
        type: [{ system: "http://terminology.hl7.org/CodeSystem/security-source-type", code: "4", display: "Application Server" }],
      },
      entity: entities(requestId, fact),
    }),
  };
}

/** The fact's own purpose counts before the one that the caller states. */
function purposeOf(fact: AuditFact, stated: PurposeOfUse | undefined): object | undefined {
  if (fact.emergency !== undefined) return purposeConcept("ETREAT", fact.emergency);
  if (fact.reason !== undefined) return purposeConcept(administration, fact.reason);
  return stated && purposeConcept(stated);
}

function agents({ principal }: Context): object[] {
  const participation = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
  return [
    {
      type: { coding: [{ system: participation, code: "IRCP", display: "information recipient" }] },
      role: [{ text: principal.profession ?? principal.role }],
      who: { identifier: { system: principal.issuer, value: principal.subject }, ...(principal.name ? { display: principal.name } : {}) },
      requestor: true,
    },
    {
      type: { coding: [{ system: "http://dicom.nema.org/resources/ontology/DCM", code: "110153", display: "Source Role ID" }] },
      who: { identifier: { value: principal.clientId } },
      requestor: false,
    },
  ];
}

function entities(requestId: string, fact: AuditFact): object[] {
  const entityType = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
  const version = fact.version === undefined ? "" : `/_history/${fact.version}`;
  const request = {
    what: { identifier: { value: requestId } },
    type: { system: "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", code: "XrequestId" },
  };
  const object = {
    what: fact.resourceId ? { reference: `${fact.resourceType}/${fact.resourceId}${version}` } : { display: fact.resourceType },
    type: { system: entityType, code: "2", display: "System Object" },
    role: {
      system: "http://terminology.hl7.org/CodeSystem/object-role",
      code: fact.resourceId ? "4" : "24",
      display: fact.resourceId ? "Domain Resource" : "Query",
    },
  };
  const patient = {
    what: { reference: `Patient/${fact.patientId}` },
    type: { system: entityType, code: "1", display: "Person" },
    role: { system: "http://terminology.hl7.org/CodeSystem/object-role", code: "1", display: "Patient" },
  };
  return fact.patientId ? [request, object, patient] : [request, object];
}
