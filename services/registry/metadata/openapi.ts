/** What of the registry is not FHIR, as an OpenAPI 3.1 document. */
export function openApi(publicUrl: string): object {
  return {
    openapi: "3.1.0",
    info: {
      title: "DSP registry: administration",
      version: "1.0.0",
      description: `Work list of duplicates, bulk imports and what the record is told. FHIR is described by ${publicUrl}/fhir/metadata. For operators, and for the platform's own software.`,
    },
    servers: [{ url: publicUrl }],
    security: [{ bearer: [] }],
    paths: { ...duplicatePaths, ...importPaths, ...outboxPaths, ...openPaths },
    components: {
      securitySchemes: { bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
      schemas,
      responses: {
        Error: {
          description: "What went wrong and what to do, as a FHIR OperationOutcome",
          content: { "application/fhir+json": { schema: ref("OperationOutcome") } },
        },
      },
    },
  };
}

function ref(name: string): object {
  return { $ref: `#/components/schemas/${name}` };
}

const error = { default: { $ref: "#/components/responses/Error" } };
const idempotencyKey = {
  ...{ name: "Idempotency-Key", in: "header", required: false, schema: { type: "string", maxLength: 255 } },
  description: "The request is done once for each key; repeat it with the same one when its answer was lost",
};
const language = { name: "Accept-Language", in: "header", required: false, schema: { type: "string" }, description: "fr, de or en" };

function query(name: string, schema: object, description: string): object {
  return { name, in: "query", required: false, schema, description };
}

function id(description: string, format?: string): object {
  return { name: "id", in: "path", required: true, schema: { type: "string", ...(format ? { format } : {}) }, description };
}

function ok(description: string, name: string): object {
  return { description, content: { "application/json": { schema: ref(name) } } };
}

const duplicatePaths = {
  "/duplicates": {
    get: {
      operationId: "listDuplicates",
      summary: "Pairs of patients that are probably one person, the likeliest first",
      parameters: [
        query("state", { enum: ["open", "dismissed", "merged"], default: "open" }, "What was decided"),
        query("count", { type: "integer", minimum: 1, maximum: 100, default: 20 }, "Pairs on a page"),
        query("after", { type: "string" }, "From the link next of the page before"),
        language,
      ],
      responses: { "200": ok("A page of the work list", "DuplicatePairs"), ...error },
    },
  },
  "/duplicates/{id}/dismiss": {
    post: {
      operationId: "dismissDuplicate",
      summary: "The two are different people (they are merged with Patient/$merge)",
      parameters: [id("Of the pair", "uuid"), idempotencyKey],
      responses: { "204": { description: "Noted" }, ...error },
    },
  },
};

const importPaths = {
  "/imports": {
    get: {
      operationId: "listImports",
      summary: "Imports, the newest first; how far each is tells /imports/{id}",
      parameters: [query("after", { type: "string", format: "uuid" }, "Imports before this one")],
      responses: { "200": ok("A page of imports", "ImportJobs"), ...error },
    },
    post: {
      operationId: "createImport",
      summary: "Takes in a file of patients or professionals; sent again with its Idempotency-Key, an upload that was cut off goes on",
      parameters: [
        query("kind", { enum: ["patients", "practitioners"], default: "patients" }, "What the file holds"),
        idempotencyKey,
        language,
      ],
      requestBody: {
        required: true,
        content: {
          "application/x-ndjson": { schema: { type: "string", description: "A FHIR resource a line" } },
          "text/csv": {
            schema: {
              type: "string",
              description:
                "The first line names the columns. Patients: national_number, family, given, birth_date, gender, street, postal_code, city, country, phone, email, language. " +
                "Practitioners: identifier_system, identifier, family, given, gender, profession, organization_id, city, phone, email. Comma or semicolon.",
            },
          },
        },
      },
      responses: { "202": ok("Taken in", "ImportJob"), "200": ok("Was taken in before", "ImportJob"), ...error },
    },
  },
  "/imports/{id}": {
    get: {
      operationId: "readImport",
      summary: "How far an import is",
      parameters: [id("Of the import", "uuid")],
      responses: { "200": ok("The import", "ImportJob"), ...error },
    },
  },
  "/imports/{id}/report": {
    get: {
      operationId: "readImportReport",
      summary: "What became of each line",
      parameters: [
        id("Of the import", "uuid"),
        query("format", { enum: ["json", "csv"] }, "Or by the header Accept"),
        query("after", { type: "integer", minimum: 0, default: 0 }, "JSON: lines after this one"),
        query("count", { type: "integer", minimum: 1, maximum: 1000, default: 200 }, "JSON: lines on a page"),
      ],
      responses: {
        "200": {
          description: "The report; CSV is whole",
          content: { "application/json": { schema: ref("ImportReport") }, "text/csv": { schema: { type: "string" } } },
        },
        ...error,
      },
    },
  },
};

const outboxPaths = {
  "/outbox": {
    get: {
      operationId: "listOutbox",
      summary: "Changes that the record refused, or that wait to be told, or that it was told",
      parameters: [
        query("state", { enum: ["waiting", "sent", "dead"], default: "dead" }, "Which"),
        query("count", { type: "integer", minimum: 1, maximum: 200, default: 50 }, "Messages on a page"),
        query("after", { type: "string" }, "Messages after this one"),
      ],
      responses: { "200": ok("A page of messages", "Outbox"), ...error },
    },
  },
  "/outbox/{id}/retry": {
    post: {
      operationId: "retryMessage",
      summary: "Tells the record again what it refused",
      parameters: [id("Of the message"), idempotencyKey],
      responses: { "204": { description: "It waits again" }, ...error },
    },
  },
};

const openPaths = {
  "/openapi.json": {
    get: { operationId: "readOpenApi", summary: "This document", security: [], responses: { "200": { description: "OpenAPI 3.1" } } },
  },
};

const strings = { type: "array", items: { type: "string" } };
const count = { type: "integer", minimum: 0 };
const outcomes = ["created", "updated", "unchanged", "duplicate", "error", "waiting"];

const schemas = {
  OperationOutcome: {
    type: "object",
    required: ["resourceType", "issue"],
    properties: { resourceType: { const: "OperationOutcome" }, issue: { type: "array" } },
  },
  DuplicatePairs: {
    type: "object",
    required: ["pairs"],
    properties: { pairs: { type: "array", items: ref("DuplicatePair") }, next: { type: "string", format: "uri" } },
  },
  DuplicatePair: {
    type: "object",
    required: ["id", "state", "grade", "probability", "reasons", "foundAt", "patients"],
    properties: {
      id: { type: "string", format: "uuid" },
      state: { enum: ["open", "dismissed", "merged"] },
      grade: { enum: ["certain", "probable"] },
      probability: { type: "number", minimum: 0, maximum: 1 },
      reasons: strings,
      foundAt: { type: "string", format: "date-time" },
      decidedAt: { type: "string", format: "date-time" },
      decidedBy: { type: "string" },
      patients: { type: "array", minItems: 2, maxItems: 2, items: { type: "object", description: "A FHIR Patient" } },
    },
  },
  ImportJob: {
    type: "object",
    required: ["id", "kind", "format", "state", "lines", "createdAt", "report"],
    properties: {
      id: { type: "string", format: "uuid" },
      kind: { enum: ["patients", "practitioners"] },
      format: { enum: ["ndjson", "csv"] },
      state: { enum: ["receiving", "ready", "done"] },
      lines: count,
      createdAt: { type: "string", format: "date-time" },
      finishedAt: { type: "string", format: "date-time" },
      counts: { type: "object", properties: Object.fromEntries(outcomes.map((name) => [name, count])) },
      report: { type: "string", format: "uri" },
    },
  },
  ImportJobs: {
    type: "object",
    required: ["imports"],
    properties: { imports: { type: "array", items: ref("ImportJob") }, next: { type: "string", format: "uri" } },
  },
  ImportReport: {
    type: "object",
    required: ["id", "lines"],
    properties: {
      id: { type: "string", format: "uuid" },
      lines: { type: "array", items: ref("ImportLine") },
      next: { type: "string", format: "uri" },
    },
  },
  ImportLine: {
    type: "object",
    required: ["line", "outcome"],
    properties: {
      line: { type: "integer", minimum: 1 },
      outcome: { enum: outcomes },
      resource: { type: "string" },
      words: strings,
      candidates: strings,
    },
  },
  Outbox: {
    type: "object",
    required: ["counts", "messages"],
    properties: {
      counts: { type: "object", properties: { waiting: count, dead: count } },
      messages: { type: "array", items: ref("Message") },
      next: { type: "string", format: "uri" },
    },
  },
  Message: {
    type: "object",
    required: ["id", "resource", "version", "state", "attempts", "createdAt"],
    properties: {
      id: { type: "string" },
      resource: { type: "string" },
      version: { type: "integer", minimum: 1 },
      state: { enum: ["waiting", "sent", "dead"] },
      attempts: count,
      createdAt: { type: "string", format: "date-time" },
      nextAttemptAt: { type: "string", format: "date-time" },
      sentAt: { type: "string", format: "date-time" },
      problem: { type: "string" },
    },
  },
};
