import { z } from "zod";
import { type Context, Deadline } from "../../lib/context.ts";
import type { ServiceClient } from "../../lib/service-client.ts";
import type { ServiceToken } from "../../lib/service-token.ts";

/** A record that its patient has opened to somebody. */
export interface Delegation {
  patientId: string;
  name: string;
}

/**
 * Whose records a person may open as the patients' delegate. It only says what to offer: at each access the record itself decides.
 * @param person `Patient/1` @returns undefined when the record does not say
 */
export type FindDelegations = (context: Context, person: string) => Promise<Delegation[] | undefined>;

/** Signing in does not wait for the record for longer. */
const patienceMs = 1500;
const rememberedMs = 30_000;
const rememberedMax = 1000;

const consent = z.looseObject({
  resourceType: z.literal("Consent"),
  patient: z.looseObject({ reference: z.string() }),
  provision: z.looseObject({
    type: z.string().optional(),
    period: z.looseObject({ start: z.string().optional(), end: z.string().optional() }).optional(),
  }),
});
const patient = z.looseObject({
  resourceType: z.literal("Patient"),
  id: z.string(),
  name: z.array(z.looseObject({ text: z.string().optional(), family: z.string().optional(), given: z.array(z.string()).optional() })),
});
const bundle = z.looseObject({ entry: z.array(z.looseObject({ resource: z.looseObject({ resourceType: z.string() }) })).default([]) });

/** The Consents of the kind `delegate` that name the person, asked of the record and remembered for half a minute. */
export function delegationsOfRecord(record: Pick<ServiceClient, "call">, token: Pick<ServiceToken, "header">): FindDelegations {
  const remembered = new Map<string, { untilMs: number; found: Delegation[] }>();
  return async (context, person) => {
    const known = remembered.get(person);
    if (known && known.untilMs > performance.now()) return known.found;
    const own = { ...context, deadline: Deadline.after(Math.min(patienceMs, context.deadline.remainingMs())) };
    try {
      const found = await ask(own, record, await token.header(own), person);
      if (remembered.size >= rememberedMax) remembered.clear();
      remembered.set(person, { untilMs: performance.now() + rememberedMs, found });
      return found;
    } catch (error) {
      context.log.warn({ requestId: context.requestId, error }, "the record does not say who is whose delegate");
      return undefined;
    }
  };
}

async function ask(context: Context, record: Pick<ServiceClient, "call">, authorization: string, person: string): Promise<Delegation[]> {
  const query = new URLSearchParams({
    ...{ actor: person, category: "urn:dsp:consent-kind|delegate", status: "active" },
    ...{ _include: "Consent:patient", _count: "50" },
  });
  const headers = { Authorization: authorization };
  const answer = await record.call(context, { method: "GET", path: `/fhir/Consent?${query}`, headers });
  if (answer.status !== 200) throw new Error(`the record answered ${answer.status}`);
  const resources = bundle.parse(JSON.parse(answer.body.toString())).entry.map(({ resource }) => resource);
  const names = new Map(
    resources.flatMap((each) => patient.safeParse(each).data ?? []).map((each) => [`Patient/${each.id}`, nameOf(each)]),
  );
  const patients = resources
    .flatMap((each) => consent.safeParse(each).data ?? [])
    .filter(({ provision }) => provision.type === "permit" && isNow(provision.period))
    .map((each) => each.patient.reference);
  return [...new Set(patients)].flatMap((reference) => {
    const name = names.get(reference);
    return name === undefined ? [] : [{ patientId: reference.slice("Patient/".length), name }];
  });
}

/** Days count to their end. */
function isNow({ start, end }: { start?: string | undefined; end?: string | undefined } = {}): boolean {
  const now = new Date().toISOString();
  return (start === undefined || start.slice(0, now.length) <= now) && (end === undefined || end.slice(0, 10) >= now.slice(0, 10));
}

function nameOf({ id, name: [name] }: z.infer<typeof patient>): string {
  return name?.text ?? ([...(name?.given ?? []), name?.family ?? ""].join(" ").trim() || id);
}
