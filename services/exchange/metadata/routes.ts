import type { Hono } from "hono";
import { type Env, wantsJson } from "../../lib/http.ts";
import { fhirJson } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";
import { type Topic, topics, topicUrl } from "../subscription/parse-subscription.ts";

const kindOf: Record<string, string> = { token: "token", reference: "reference", date: "date", uri: "uri" };
const backport = "http://hl7.org/fhir/uv/subscriptions-backport";

/** GET /metadata: what this server does, and nothing it does not. */
export function metadataRoutes(app: Hono<Env>, deps: Deps): void {
  app.get("/metadata", (call) => {
    wantsJson(call);
    return new Response(JSON.stringify(capabilityStatement(deps)), { headers: { "Content-Type": fhirJson } });
  });
}

export function capabilityStatement(deps: Deps): object {
  const codes = (names: readonly string[]): object[] => names.map((code) => ({ code }));
  const messages = [...deps.catalogue.types].map(([type, { parameters }]) => ({
    type,
    interaction: codes(["create", "read", "vread", "search-type", ...(type === "Task" ? ["update"] : [])]),
    versioning: "versioned",
    searchParam: [...parameters].map(([name, { kind }]) => ({ name, type: kindOf[kind] })),
  }));
  const subscription = {
    type: "Subscription",
    supportedProfile: [`${backport}/StructureDefinition/backport-subscription`],
    interaction: codes(["create", "read", "update", "delete", "search-type"]),
    extension: (Object.keys(topics) as Topic[]).map((topic) => ({
      url: `${backport}/StructureDefinition/capabilitystatement-subscriptiontopic-canonical`,
      valueCanonical: topicUrl(deps.settings.publicUrl, topic),
    })),
    operation: ["status", "events"].map((name) => ({ name, definition: `${backport}/OperationDefinition/backport-subscription-${name}` })),
  };
  return {
    resourceType: "CapabilityStatement",
    status: "active",
    date: "2026-01-01",
    kind: "instance",
    implementation: { description: "DSP exchange", url: `${deps.settings.publicUrl}/fhir` },
    instantiates: [`${backport}/CapabilityStatement/backport-subscription-server-r4`],
    fhirVersion: "4.0.1",
    format: ["application/fhir+json"],
    rest: [{ mode: "server", resource: [...messages, { type: "Binary", interaction: codes(["create", "read"]) }, subscription] }],
  };
}
