import type { AnyResource } from "../../lib/fhir/validate.ts";

const mhd = "https://profiles.ihe.net/ITI/MHD";
/** http://hl7.org/fhir/R4/list-definitions.html#List.source; an Organization goes into MHD's extension of it. */
const sources = /^(Practitioner|PractitionerRole|Patient|Device)\//;

/**
 * The SubmissionSet that a Document Recipient derives from a DocumentReference published by itself (IHE MHD, ITI-105), so that it is
 * found as one that came with its list is (ITI-66).
 * @param by who publishes: the client, as the issuer of its token knows it
 */
export function submissionSet(
  document: AnyResource,
  {
    id,
    documentId,
    subject,
    date,
    by,
  }: { id: string; documentId: string; subject: string; date: Date; by: { issuer: string; clientId: string } },
): AnyResource {
  const { meta, type, author } = document as { meta?: { security?: unknown }; type?: unknown; author?: { reference?: unknown }[] };
  const authors = (author ?? []).map(({ reference }) => reference).filter((reference) => typeof reference === "string");
  const person = authors.find((reference) => sources.test(reference));
  const organisation = authors.find((reference) => reference.startsWith("Organization/"));
  const source = {
    ...(organisation === undefined
      ? {}
      : { extension: [{ url: `${mhd}/StructureDefinition/ihe-authorOrg`, valueReference: { reference: organisation } }] }),
    ...(person === undefined ? {} : { reference: person }),
  };
  const uri = (value: string) => ({ system: "urn:ietf:rfc:3986", value });
  return {
    resourceType: "List",
    ...(meta?.security === undefined ? {} : { meta: { security: meta.security } }),
    extension: [
      { url: `${mhd}/StructureDefinition/ihe-sourceId`, valueIdentifier: { system: by.issuer, value: by.clientId } },
      ...(type === undefined ? [] : [{ url: `${mhd}/StructureDefinition/ihe-designationType`, valueCodeableConcept: type }]),
    ],
    identifier: [
      { use: "usual", ...uri(oidOf(id)) },
      { use: "official", ...uri(`urn:uuid:${id}`) },
    ],
    ...{ status: "current", mode: "working", code: { coding: [{ system: `${mhd}/CodeSystem/MHDlistTypes`, code: "submissionset" }] } },
    ...{ subject: { reference: subject }, date: date.toISOString() },
    ...(Object.keys(source).length > 0 ? { source } : {}),
    entry: [{ item: { reference: `DocumentReference/${documentId}` } }],
  };
}

/** A UUID as an OID, by which XDS knows a SubmissionSet: https://www.itu.int/itu-t/recommendations/rec.aspx?rec=X.667 */
function oidOf(uuid: string): string {
  return `urn:oid:2.25.${BigInt(`0x${uuid.replaceAll("-", "")}`)}`;
}
