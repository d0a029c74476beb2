import { type ChainDefect, type ChainHead, chainState, findUnchained, headOf, headText, verifyPart } from "../../lib/audit-chain.ts";
import type { Context } from "../../lib/context.ts";
import type { Transaction } from "../../lib/database/database.ts";
import { fhirError } from "../../lib/operation-outcome.ts";
import type { Deps } from "../deps.ts";

export interface ChainQuery {
  /** Verify the part behind this head; undefined: only tell how the chain stands. */
  after?: ChainHead;
  /** A head that an earlier verification ended with. */
  noted?: ChainHead;
}

/** @throws FhirError 400 */
export function parseChainQuery(query: URLSearchParams): ChainQuery {
  const head = (name: "after" | "noted"): Partial<Record<typeof name, ChainHead>> => {
    const text = query.get(name);
    if (text === null) return {};
    const parsed = headOf(text);
    if (!parsed) throw fhirError(400, "value", `${name} must be SEQUENCE:HASH as an earlier answer told it`, { expression: name });
    return { [name]: parsed };
  };
  return { ...head("after"), ...head("noted") };
}

type Parameter = { name: string; [element: string]: unknown };

/**
 * How the audit chain stands, or what one bounded part of it comes to, as Parameters: `head` (SEQUENCE:HASH), `waiting`, and of a part `more` and a
 * `defect` for each that was found. Whoever verifies all of it asks part by part, each from the last one's head; nothing is kept here in between.
 */
export async function auditChain(context: Context, deps: Deps, query: ChainQuery): Promise<string> {
  // A standby may not have come to what is verified.
  const { value } = await deps.audit.read(context, { primaryOnly: true }, async (transaction) => ({
    value: query.after ? await partOf(transaction, query.after, query.noted) : await stateOf(transaction),
    facts: [{ interaction: "operation", outcome: "0", resourceType: "AuditEvent" }],
  }));
  return JSON.stringify({ resourceType: "Parameters", parameter: value });
}

async function stateOf(transaction: Transaction): Promise<Parameter[]> {
  const { head, waiting } = await chainState(transaction);
  return [
    { name: "head", valueString: headText(head) },
    { name: "waiting", valueDecimal: waiting },
  ];
}

async function partOf(transaction: Transaction, after: ChainHead, noted: ChainHead | undefined): Promise<Parameter[]> {
  const { head, more, defects } = await verifyPart(transaction, after, noted);
  // Records that are in no place of the chain are looked for once, at its end.
  const unchained = more ? undefined : await findUnchained(transaction);
  return [
    { name: "head", valueString: headText(head) },
    { name: "more", valueBoolean: more },
    ...(unchained ? [{ name: "waiting", valueDecimal: unchained.waiting }] : []),
    ...[...defects, ...(unchained?.defects ?? [])].map(defectParameter),
  ];
}

function defectParameter({ kind, sequence, eventId }: ChainDefect): Parameter {
  return {
    name: "defect",
    part: [
      { name: "kind", valueCode: kind },
      ...(sequence === undefined ? [] : [{ name: "sequence", valueDecimal: sequence }]),
      ...(eventId === undefined ? [] : [{ name: "event", valueId: eventId }]),
    ],
  };
}
