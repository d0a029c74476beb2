import { z } from "zod";
import { messageSchema, moveSchema, referralSchema } from "../message/compose.ts";
import { depositSchema } from "../message/deposit-schema.ts";
import { vendorSchema } from "../vendor/register-vendor.ts";

/** The version of what is described here, not of the platform: see docs/interfaces.md. */
const version = "1.0.0";

interface Operation {
  method: "get" | "post" | "delete";
  path: string;
  tag: "messages" | "referrals" | "notices" | "subscriptions" | "vendors";
  summary: string;
  body?: z.ZodType;
  query?: string[];
  /** Of the answer that is hoped for. */
  status: 200 | 201 | 204;
  answer?: object;
  mediaType?: string;
  open?: boolean;
}

const text = { type: "string" };
const instant = { type: "string", format: "date-time" };
const list = (items: object): object => ({ type: "array", items });
const object = (properties: Record<string, object>, required: string[] = Object.keys(properties)): object => ({
  type: "object",
  properties,
  required,
});
const ref = (name: string): object => ({ $ref: `#/components/schemas/${name}` });
const paging = ["_count", "_cursor", "unread"];

const operations: readonly Operation[] = [
  {
    method: "get",
    path: "/inbox",
    tag: "messages",
    summary: "What came, the newest first, with counts",
    query: paging,
    status: 200,
    answer: ref("Box"),
  },
  {
    method: "get",
    path: "/sent",
    tag: "messages",
    summary: "What the caller sent, with who opened it and when",
    query: paging,
    status: 200,
    answer: ref("Box"),
  },
  {
    method: "get",
    path: "/counts",
    tag: "messages",
    summary: "How many came, are unread, were sent, wait for an answer",
    status: 200,
    answer: ref("Counts"),
  },
  {
    method: "get",
    path: "/threads",
    tag: "messages",
    summary: "Conversations by their newest message",
    query: paging,
    status: 200,
    answer: object({ items: list({ type: "object" }), next: text }, ["items"]),
  },
  {
    method: "get",
    path: "/threads/{thread}",
    tag: "messages",
    summary: "A conversation's lines, the oldest first",
    status: 200,
    answer: object({ thread: text, items: list(ref("Item")) }),
  },
  {
    method: "get",
    path: "/messages/{id}",
    tag: "messages",
    summary: "One message with its FHIR Communication; a recipient's first reading is the receipt its sender sees",
    status: 200,
    answer: ref("Message"),
  },
  {
    method: "post",
    path: "/messages",
    tag: "messages",
    summary: "Sends a message; with deposit also into the patient's record",
    body: messageSchema,
    status: 201,
    answer: ref("Sent"),
  },
  {
    method: "post",
    path: "/messages/{id}/$deposit",
    tag: "messages",
    summary: "Makes a message's text or attachments documents of the patient's record, once, by the caller's own rights",
    body: depositSchema,
    status: 200,
    answer: object({ deposits: list(ref("Deposit")) }),
  },
  {
    method: "get",
    path: "/about-me",
    tag: "messages",
    summary: "To a patient: who wrote to whom about them and when, never what",
    query: ["_count", "_cursor"],
    status: 200,
    answer: object({ items: list({ type: "object" }), next: text }, ["items"]),
  },
  {
    method: "get",
    path: "/referrals/{id}",
    tag: "referrals",
    summary: "One referral with its Task and ServiceRequest",
    status: 200,
    answer: ref("Message"),
  },
  {
    method: "post",
    path: "/referrals",
    tag: "referrals",
    summary: "Refers a patient: a ServiceRequest and the Task that carries it out",
    body: referralSchema,
    status: 201,
    answer: ref("Sent"),
  },
  {
    method: "post",
    path: "/referrals/{id}/status",
    tag: "referrals",
    summary: "Moves a referral on: requested, received, accepted or rejected, in-progress, completed; 409 for a move that cannot follow",
    body: moveSchema,
    status: 200,
    answer: object({ id: text, status: text, version: { type: "integer" } }),
  },
  {
    method: "get",
    path: "/events",
    tag: "notices",
    summary: "Live notices as server-sent events; Last-Event-ID goes on where another connection ended",
    query: ["ticket", "lastEventId"],
    status: 200,
    mediaType: "text/event-stream",
    answer: text,
  },
  {
    method: "post",
    path: "/events/ticket",
    tag: "notices",
    summary: "A ticket for one connection of a browser, good for a minute",
    status: 201,
    answer: object({ ticket: text, expiresInSeconds: { type: "integer" } }),
  },
  {
    method: "get",
    path: "/topics",
    tag: "subscriptions",
    summary: "What can be subscribed to at /exchange/fhir/Subscription",
    status: 200,
    open: true,
    answer: object({ topics: list(object({ url: text, title: text })) }),
  },
  {
    method: "get",
    path: "/subscriptions/{id}/events",
    tag: "subscriptions",
    summary: "What became of each event: pending, delivered, dead; dead ones go again by POST /exchange/fhir/Subscription/{id}/$redrive",
    query: ["status", "from"],
    status: 200,
    answer: object({ status: text, events: list({ type: "object" }) }),
  },
  {
    method: "post",
    path: "/vendors",
    tag: "vendors",
    summary: "Registers software: a client at identity, a sandbox with synthetic patients",
    body: vendorSchema,
    status: 201,
    answer: ref("Vendor"),
  },
  {
    method: "get",
    path: "/vendors",
    tag: "vendors",
    summary: "What the caller registered; to an operator, all",
    status: 200,
    answer: object({ items: list(ref("Vendor")) }),
  },
  { method: "get", path: "/vendors/{id}", tag: "vendors", summary: "One registration", status: 200, answer: ref("Vendor") },
  {
    method: "delete",
    path: "/vendors/{id}",
    tag: "vendors",
    summary: "Takes a sandbox away with all that was written about its patients",
    status: 204,
  },
  {
    method: "get",
    path: "/vendors/{id}/self-check",
    tag: "vendors",
    summary: "Which steps the software has done, and in words what is wrong (fr, de, en)",
    query: ["language"],
    status: 200,
    answer: ref("SelfCheck"),
  },
  {
    method: "post",
    path: "/vendors/{id}/self-check",
    tag: "vendors",
    summary: "Begins the self-check anew: what was done before does not count",
    query: ["language"],
    status: 200,
    answer: ref("SelfCheck"),
  },
  {
    method: "get",
    path: "/openapi.json",
    tag: "vendors",
    summary: "This description",
    status: 200,
    open: true,
    answer: { type: "object" },
  },
];

const schemas = {
  Item: object(
    {
      id: text,
      type: text,
      kind: text,
      thread: text,
      subject: text,
      sent: instant,
      status: text,
      unread: { type: "boolean" },
      from: list(text),
      to: list(text),
      patient: text,
      opened: list({ type: "object" }),
      canBecome: list(text),
    },
    ["id", "type", "kind", "thread", "sent", "status", "unread", "from", "to"],
  ),
  Counts: object({
    inbox: { type: "integer" },
    unread: { type: "integer" },
    sent: { type: "integer" },
    openReferrals: { type: "integer" },
  }),
  Box: object({ items: list(ref("Item")), next: text, counts: ref("Counts") }, ["items", "counts"]),
  Deposit: object({ part: { type: "integer" }, document: text, deposited: instant }),
  Message: {
    allOf: [
      ref("Item"),
      object({ resource: { type: "object" }, request: { type: "object" }, deposits: list(ref("Deposit")) }, ["resource", "deposits"]),
    ],
  },
  Sent: object({ id: text, reference: text, request: text, deposits: list(ref("Deposit")), depositRefused: ref("OperationOutcome") }, [
    "id",
    "reference",
  ]),
  Vendor: object(
    {
      id: text,
      name: text,
      kind: text,
      status: text,
      client_id: text,
      token_endpoint: text,
      fhir: text,
      exchange: text,
      sandbox: { type: "object" },
      selfCheck: text,
      created: instant,
      expires: instant,
    },
    ["id", "name", "kind", "status"],
  ),
  SelfCheck: object({
    passed: { type: "boolean" },
    since: instant,
    patient: text,
    closedPatient: text,
    steps: list(object({ step: text, state: { enum: ["done", "missing", "wrong"] }, title: text, words: text })),
  }),
  OperationOutcome: {
    type: "object",
    description: "FHIR R4 OperationOutcome: what is wrong and what to do",
    required: ["resourceType", "issue"],
  },
};

function pathItem({ method, path, tag, summary, body, query = [], status, answer, mediaType, open }: Operation): object {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "");
  const parameters = [
    ...names.map((name) => ({ name, in: "path", required: true, schema: text })),
    ...query.map((name) => ({ name, in: "query", required: false, schema: text })),
    ...(method === "post"
      ? [
          {
            name: "Idempotency-Key",
            in: "header",
            required: false,
            schema: { type: "string", maxLength: 255 },
            description: "The same request again under the same key is done once",
          },
        ]
      : []),
  ];
  const refused = {
    description: "An OperationOutcome in words",
    content: { "application/fhir+json": { schema: ref("OperationOutcome") } },
  };
  return {
    tags: [tag],
    summary,
    operationId: `${method}${path.replace(/[^A-Za-z]+(\w?)/g, (_all, letter: string) => letter.toUpperCase())}`,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body
      ? {
          requestBody: {
            required: true,
            content: { "application/json": { schema: z.toJSONSchema(body, { io: "input", target: "draft-2020-12" }) } },
          },
        }
      : {}),
    responses: {
      [status]: { description: "Done", ...(answer ? { content: { [mediaType ?? "application/json"]: { schema: answer } } } : {}) },
      "4XX": refused,
      "429": { ...refused, headers: { "Retry-After": { schema: { type: "integer" } } } },
      "503": { ...refused, headers: { "Retry-After": { schema: { type: "integer" } } } },
    },
    ...(open ? { security: [] } : {}),
  };
}

/** What of this service is not FHIR, as OpenAPI 3.1; the FHIR part is described by /exchange/fhir/metadata. */
export function openApiDocument(publicUrl: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) paths[operation.path] = { ...paths[operation.path], [operation.method]: pathItem(operation) };
  return {
    openapi: "3.1.0",
    info: {
      title: "DSP exchange",
      version,
      description: "Messages and referrals between professionals, live notices, subscriptions, and the connection of software.",
    },
    servers: [{ url: publicUrl }],
    security: [{ token: [] }],
    paths,
    components: { schemas, securitySchemes: { token: { type: "http", scheme: "bearer", bearerFormat: "JWT" } } },
  };
}
