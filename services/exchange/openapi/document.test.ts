import { describe, expect, it } from "vitest";
import { validate } from "../../lib/fhir/validate.ts";
import { createApp } from "../app.ts";
import { loadCatalogue } from "../catalogue.ts";
import type { Deps } from "../deps.ts";
import { capabilityStatement } from "../metadata/routes.ts";
import { openApiDocument } from "./document.ts";

const deps = {
  settings: { publicUrl: "https://dsp.test/exchange" },
  catalogue: loadCatalogue(),
  readiness: () => ({ ready: true }),
} as unknown as Deps;
const document = openApiDocument("https://dsp.test/exchange") as {
  openapi: string;
  paths: Record<
    string,
    Record<string, { operationId: string; requestBody?: { content: { "application/json": { schema: { properties?: object } } } } }>
  >;
};

describe("the OpenAPI document", () => {
  it("describes every route that is not FHIR, and no other", () => {
    const routes = createApp(deps).routes.filter(
      ({ method, path }) => method !== "ALL" && path.startsWith("/exchange/") && !path.startsWith("/exchange/fhir"),
    );
    const real = new Set(routes.map(({ method, path }) => `${method} ${path.replace("/exchange", "").replace(/:(\w+)/g, "{$1}")}`));
    const told = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(told.sort()).toEqual([...real].sort());
  });

  it("takes its bodies from the schemas that requests are checked by, and names each operation once", () => {
    expect(document.openapi).toBe("3.1.0");
    const ids = Object.values(document.paths).flatMap((item) => Object.values(item).map(({ operationId }) => operationId));
    expect(new Set(ids).size).toBe(ids.length);
    const schema = document.paths["/messages"]?.post?.requestBody?.content["application/json"].schema;
    expect(Object.keys(schema?.properties ?? {})).toContain("inReplyTo");
  });
});

describe("the CapabilityStatement", () => {
  it("is valid FHIR", () => {
    expect(() => validate(deps.catalogue.definitions, capabilityStatement(deps) as { resourceType: string })).not.toThrow();
  });
});
