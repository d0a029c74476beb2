/** How confidential a part of a record is. */
export const levels = { normal: 0, restricted: 1, secret: 2 } as const;

export type Level = (typeof levels)[keyof typeof levels];

export const confidentialitySystem = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";

/** HL7's confidentiality codes; those below normal mean no less here. */
const levelOfCode: Record<string, Level> = { U: 0, L: 0, M: 0, N: levels.normal, R: levels.restricted, V: levels.secret };

/** The highest level that security labels name; undefined when they name none. */
export function labelledLevel(labels: unknown): Level | undefined {
  const found = (Array.isArray(labels) ? labels : [])
    .map((label: { system?: unknown; code?: unknown } | null) =>
      label?.system === confidentialitySystem && typeof label.code === "string" ? levelOfCode[label.code] : undefined,
    )
    .filter((level) => level !== undefined);
  return found.length > 0 ? (Math.max(...found) as Level) : undefined;
}

/** The search parameter by which a resource's security labels are known. */
export const labelParameter = "_security";
