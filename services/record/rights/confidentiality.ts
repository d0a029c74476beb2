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

/** The index parameter by which a resource's security labels are known. */
export const labelParameter = "_security";

/** Security labels as index rows; those of such a length that they are of no code system that rights know are left out. */
export function labelTokens(labels: unknown): { parameter: string; system: string; code: string }[] {
  return (Array.isArray(labels) ? labels : []).flatMap((label: { system?: unknown; code?: unknown } | null) =>
    typeof label?.system === "string" && typeof label.code === "string" && label.system.length + label.code.length < 200
      ? [{ parameter: labelParameter, system: label.system, code: label.code }]
      : [],
  );
}
