/** What may be done with a resource type, in the letters of SMART on FHIR 2: create, read, update, delete, search. */
export type Permission = "c" | "r" | "u" | "d" | "s";

export interface Scope {
  /** `patient`: only the record of the token's own patient; `user` and `system`: what the account may see. */
  context: "patient" | "user" | "system";
  /** A resource type, or `*`. */
  resourceType: string;
  permissions: ReadonlySet<Permission>;
}

const scopePattern = /^(patient|user|system)\/(\*|[A-Z][A-Za-z]+)\.(\*|read|write|c?r?u?d?s?)$/;
const named: Record<string, string> = { "*": "cruds", read: "rs", write: "cud" };

/**
 * The resource scopes of a token's `scope` claim (SMART App Launch 2.2, section "Scopes for requesting FHIR Resources").
 * Scopes of other kinds (`openid`) and scopes narrowed by a search (`?category=…`), which this platform does not
 * implement, grant nothing.
 */
export function parseScopes(claim: string): Scope[] {
  const scopes: Scope[] = [];
  for (const text of claim.split(/\s+/)) {
    const match = scopePattern.exec(text);
    const [, context, resourceType, letters] = match ?? [];
    if (context && resourceType && letters) {
      const permissions = new Set((named[letters] ?? letters).split("") as Permission[]);
      scopes.push({ context: context as Scope["context"], resourceType, permissions });
    }
  }
  return scopes;
}

/**
 * How far a token reaches for one interaction: `all` records, only its own patient's (`patient`), or nothing.
 * The widest scope wins.
 */
export function reach(scopes: readonly Scope[], resourceType: string, permission: Permission): "all" | "patient" | "none" {
  const fitting = scopes.filter(
    (scope) => (scope.resourceType === "*" || scope.resourceType === resourceType) && scope.permissions.has(permission),
  );
  if (fitting.some((scope) => scope.context !== "patient")) {
    return "all";
  }
  return fitting.length > 0 ? "patient" : "none";
}
