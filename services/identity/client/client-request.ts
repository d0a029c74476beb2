import { createPublicKey } from "node:crypto";
import type { JWK } from "jose";
import { issue, type OperationOutcomeIssue } from "../../lib/operation-outcome.ts";
import type { ClientRecord } from "./store.ts";

const keysMax = 5;
const redirectsMax = 10;
const localHosts = new Set(["localhost", "127.0.0.1", "[::1]"]);
const knownFields = new Set(["name", "kind", "organization", "jwks", "redirect_uris", "post_logout_redirect_uris"]);

/** The problems of a request for registration, all of them; or the client it describes. */
export function readClientRequest(text: string, id: string): { client: ClientRecord } | { issues: OperationOutcomeIssue[] } {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { issues: [issue("error", "structure", "The body is not JSON")] };
  }
  if (typeof body !== "object" || body === null || Array.isArray(body))
    return { issues: [issue("error", "structure", "Send a JSON object")] };
  const fields = body as Record<string, unknown>;
  const issues = [
    ...unknownFields(fields),
    ...checkNames(fields),
    ...checkKeys(fields.jwks, fields.kind === "backend"),
    ...checkAddresses("redirect_uris", fields.redirect_uris, fields.kind === "smart-app"),
    ...checkAddresses("post_logout_redirect_uris", fields.post_logout_redirect_uris, false),
  ];
  if (fields.kind === "backend" && Array.isArray(fields.redirect_uris) && fields.redirect_uris.length > 0) {
    issues.push(issue("error", "value", "A backend has no redirect_uris: nobody signs in at it", "redirect_uris"));
  }
  return issues.length > 0 ? { issues } : { client: toClient(fields, id) };
}

function unknownFields(fields: Record<string, unknown>): OperationOutcomeIssue[] {
  return Object.keys(fields)
    .filter((name) => !knownFields.has(name))
    .map((name) => issue("error", "structure", `Unknown field; there are ${[...knownFields].join(", ")}`, name.slice(0, 60)));
}

function checkNames({ name, kind, organization }: Record<string, unknown>): OperationOutcomeIssue[] {
  const issues: OperationOutcomeIssue[] = [];
  if (typeof name !== "string" || name.trim() === "" || name.length > 100) {
    issues.push(issue("error", "required", "name: what people know the software by, 1 to 100 characters", "name"));
  }
  if (kind !== "backend" && kind !== "smart-app") {
    issues.push(issue("error", "value", 'kind: "backend" (works by itself) or "smart-app" (people sign in)', "kind"));
  }
  const isId = typeof organization === "string" && /^[A-Za-z0-9\-.]{1,64}$/.test(organization);
  if (organization === undefined ? kind === "backend" : !isId) {
    issues.push(issue("error", "required", "organization: the id of the Organization the software belongs to", "organization"));
  }
  return issues;
}

function checkKeys(jwks: unknown, required: boolean): OperationOutcomeIssue[] {
  if (jwks === undefined && !required) return [];
  const keys = (jwks as { keys?: unknown } | undefined)?.keys;
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > keysMax) {
    return [issue("error", "required", `jwks: {"keys": [1 to ${keysMax} public JSON Web Keys]}`, "jwks")];
  }
  return keys.flatMap((key: unknown, index) => {
    const problem = keyProblem(key);
    return problem === undefined ? [] : [issue("error", "value", problem, `jwks.keys[${index}]`)];
  });
}

function keyProblem(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return "A key is a JSON object (RFC 7517)";
  const key = value as JWK;
  if (["d", "p", "q", "dp", "dq", "qi", "k"].some((name) => name in key)) {
    return "This is a private key: it is known to others now, make a new one and send its public part only";
  }
  if (typeof key.kid !== "string" || key.kid === "") return "The key has no kid";
  if (key.kty === "EC" ? key.crv !== "P-256" && key.crv !== "P-384" : key.kty !== "RSA") {
    return "Keys are of the kinds EC P-384 (ES384), EC P-256 (ES256) or RSA (RS384)";
  }
  try {
    const details = createPublicKey({ key: key as Record<string, unknown>, format: "jwk" }).asymmetricKeyDetails;
    return key.kty === "RSA" && (details?.modulusLength ?? 0) < 2048 ? "An RSA key has at least 2048 bits" : undefined;
  } catch {
    return "The key's numbers make no public key";
  }
}

function checkAddresses(name: string, value: unknown, required: boolean): OperationOutcomeIssue[] {
  if (value === undefined && !required) return [];
  if (!Array.isArray(value) || value.length > redirectsMax || (required && value.length === 0)) {
    return [issue("error", "required", `${name}: a list of 1 to ${redirectsMax} addresses`, name)];
  }
  return value.flatMap((address: unknown, index) => {
    const url = typeof address === "string" ? URL.parse(address) : null;
    const good = url && url.hash === "" && (url.protocol === "https:" || (url.protocol === "http:" && localHosts.has(url.hostname)));
    return good ? [] : [issue("error", "value", "An absolute https address without #; http only on the own machine", `${name}[${index}]`)];
  });
}

function toClient(fields: Record<string, unknown>, id: string): ClientRecord {
  const backend = fields.kind === "backend";
  const jwks = fields.jwks as { keys: JWK[] } | undefined;
  const name = (fields.name as string).trim();
  return {
    id,
    kind: backend ? "backend" : "smart-app",
    name,
    organizationId: fields.organization as string | undefined,
    metadata: {
      client_name: name,
      token_endpoint_auth_method: jwks ? "private_key_jwt" : "none",
      grant_types: backend ? ["client_credentials"] : ["authorization_code", "refresh_token"],
      response_types: backend ? [] : ["code"],
      redirect_uris: (fields.redirect_uris as string[] | undefined) ?? [],
      post_logout_redirect_uris: (fields.post_logout_redirect_uris as string[] | undefined) ?? [],
      ...(jwks ? { jwks } : {}),
    },
  };
}

/** As the registration's answer shows a client. */
export function clientDescription({ id, kind, organizationId, metadata }: ClientRecord): object {
  return { client_id: id, kind, ...(organizationId === undefined ? {} : { organization: organizationId }), ...metadata };
}
