import type { SearchParameter } from "@medplum/fhirtypes";

const mhd = "https://profiles.ihe.net/ITI/MHD";
const extension = (name: string): string => `List.extension.where(url = '${mhd}/StructureDefinition/${name}').value`;

function parameter(
  base: "DocumentReference" | "List",
  more: Pick<SearchParameter, "name" | "code" | "type" | "expression" | "description">,
) {
  const url = `${mhd}/SearchParameter/${base}-${more.name}`;
  return { resourceType: "SearchParameter", status: "active", base: [base], url, ...more } satisfies SearchParameter;
}

/** What IHE MHD 4.2 adds to R4's search parameters (ITI-66, ITI-67). */
export const documentParameters: readonly SearchParameter[] = [
  parameter("DocumentReference", {
    ...{ name: "Creation", code: "creation", type: "date", expression: "DocumentReference.content.attachment.creation" },
    description: "When the document itself was made",
  }),
];
export const listParameters: readonly SearchParameter[] = [
  parameter("List", {
    ...{ name: "DesignationType", code: "designationType", type: "token" },
    expression: `${extension("ihe-designationType")}.ofType(CodeableConcept)`,
    description: "The clinical kind of a SubmissionSet's or Folder's content",
  }),
  parameter("List", {
    ...{ name: "SourceId", code: "sourceId", type: "token", expression: `${extension("ihe-sourceId")}.ofType(Identifier)` },
    description: "Who contributed a SubmissionSet",
  }),
];
