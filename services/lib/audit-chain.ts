import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { backgroundContext, type Context } from "./context.ts";
import type { Database, Statement, Transaction } from "./database/database.ts";

/** A stored audit record as text, in the order in which the hash covers it. */
type Recorded = Record<(typeof covered)[number], string | null>;

const covered = [
  "id",
  "recorded",
  "interaction",
  "outcome",
  "subject",
  "client_id",
  "patient_id",
  "resource_type",
  "resource_id",
  "request_id",
  "content",
] as const;

/** Instants to the microsecond, whatever the session's settings. */
const columns = covered
  .map((name) =>
    name === "recorded" ? `to_char(e.recorded AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS recorded` : `e.${name}`,
  )
  .join(", ");

export interface ChainHead {
  sequence: number;
  /** SHA-256, hexadecimal. */
  hash: string;
}

const beginning: ChainHead = { sequence: 0, hash: "0".repeat(64) };

/** The hash of the link that puts a record behind a head. */
function linkHash(before: ChainHead, record: Recorded): string {
  const values = covered.map((name) => record[name]);
  return createHash("sha256")
    .update(JSON.stringify([before.hash, before.sequence + 1, ...values]))
    .digest("hex");
}

const batchMax = 500;

const anyWaiting: Statement = { name: "audit-waiting", text: "SELECT FROM audit_unsealed LIMIT 1" };
const oneAtATime: Statement = { name: "audit-chain-lock", text: "SELECT pg_try_advisory_xact_lock(hashtext('audit-chain')) AS locked" };
const lastLink: Statement = {
  name: "audit-last-link",
  text: "SELECT sequence::text, encode(hash, 'hex') AS hash FROM audit_seal s ORDER BY s.sequence DESC LIMIT 1",
};
/** Not prepared: a plan made while there were few records would read all of them ever after. */
const takeWaiting: Statement = {
  text: `WITH taken AS (DELETE FROM audit_unsealed WHERE event_id IN (SELECT event_id FROM audit_unsealed LIMIT ${batchMax}) RETURNING event_id)
    SELECT ${columns} FROM taken JOIN audit_event e ON e.id = taken.event_id ORDER BY e.recorded, e.id`,
};
const addLinks: Statement = {
  name: "audit-add-links",
  text: `INSERT INTO audit_seal (sequence, event_id, hash)
    SELECT x.sequence, x.event_id, decode(x.hash, 'hex') FROM jsonb_to_recordset($1::jsonb) AS x(sequence bigint, event_id uuid, hash text)`,
};

export interface Sealed {
  head: ChainHead;
  /** As many as are taken at once: more may wait. */
  full: boolean;
}

/** Puts waiting audit records into the chain, one replica at a time. Returns the new head, undefined when there was nothing to do. */
export async function sealWaiting(context: Context, database: Database): Promise<Sealed | undefined> {
  return await database.write(context, async (transaction) => {
    if ((await transaction.query(anyWaiting)).length === 0) return undefined;
    const [lock] = await transaction.query<{ locked: boolean }>(oneAtATime);
    if (!lock?.locked) return undefined;
    let head = await chainHead(transaction);
    const links: { sequence: number; event_id: string | null; hash: string }[] = [];
    for (const record of await transaction.query<Recorded>(takeWaiting)) {
      head = { sequence: head.sequence + 1, hash: linkHash(head, record) };
      links.push({ ...head, event_id: record.id });
    }
    await transaction.query(addLinks, [JSON.stringify(links)]);
    return { head, full: links.length === batchMax };
  });
}

async function chainHead(transaction: Transaction): Promise<ChainHead> {
  const [last] = await transaction.query<{ sequence: string; hash: string }>(lastLink);
  return last ? { sequence: Number(last.sequence), hash: last.hash } : beginning;
}

/** Between full batches: sealing keeps up with whatever is recorded, and others get their turn. */
const pauseMs = 50;

/**
 * Seals now and then while there is a primary, all that waits; the log keeps each new head, outside of the database.
 * @param options.due whether there may be something to seal: an idle process need not ask
 */
export function startSealing(options: { database: Database; log: Logger; intervalMs: number; due(): boolean }): () => void {
  const { database, log, intervalMs, due } = options;
  let busy = false;
  let stopped = false;
  const sealAll = async (): Promise<void> => {
    for (let full = true; full && !stopped && database.primary; ) {
      const sealed = await sealWaiting(backgroundContext(log, "audit-chain", 5000), database);
      if (sealed) log.info(sealed.head, "audit chain");
      full = sealed?.full ?? false;
      if (full) await sleep(pauseMs);
    }
  };
  const timer = setInterval(() => {
    if (busy || !database.primary || !due()) return;
    busy = true;
    sealAll()
      .catch((error: unknown) => log.warn({ error }, "audit records not put into the chain, trying again later"))
      .finally(() => {
        busy = false;
      });
  }, intervalMs);
  timer.unref();
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}

export interface ChainDefect {
  kind: "changed" | "removed" | "gap" | "added" | "cut";
  /** Place in the chain; absent for a record that is in no place. */
  sequence?: number;
  eventId?: string;
}

export interface ChainReport {
  /** Records in the chain, and records that wait to be put into it. */
  sealed: number;
  waiting: number;
  head: ChainHead;
  defects: ChainDefect[];
}

const defectsMax = 100;
const pageSize = 2000;

interface LinkRow extends Recorded {
  sequence: string;
  event_id: string;
  hash: string;
}

/** `1234:9f86…`, for people to note and for an address. */
export function headText({ sequence, hash }: ChainHead): string {
  return `${sequence}:${hash}`;
}

/** The head that `headText` wrote; undefined: it is none. */
export function headOf(text: string): ChainHead | undefined {
  const [, sequence, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  return sequence === undefined || hash === undefined ? undefined : { sequence: Number(sequence), hash };
}

/** The chain's head, and how many records wait to be put into it; nothing is verified. */
export async function chainState(transaction: Transaction): Promise<{ head: ChainHead; waiting: number }> {
  return { head: await chainHead(transaction), waiting: await countWaiting(transaction) };
}

export interface ChainPart {
  /** Up to where links are verified now. */
  head: ChainHead;
  /** Links in this part. */
  links: number;
  defects: ChainDefect[];
  /** There are links behind. */
  more: boolean;
}

/**
 * Verifies the links behind a head, a bounded number of them: a record that was changed, removed from under its link, or, when a head is given
 * that was noted earlier, cut off the end.
 * @param from where an earlier part ended; undefined: the beginning
 */
export async function verifyPart(transaction: Transaction, from: ChainHead = beginning, noted?: ChainHead): Promise<ChainPart> {
  const part: ChainPart = { head: from, links: 0, defects: [], more: false };
  const found = (defect: ChainDefect): void => {
    if (part.defects.length < defectsMax) part.defects.push(defect);
  };
  const rows = await transaction.query<LinkRow>(
    {
      text: `SELECT s.sequence::text, s.event_id::text, encode(s.hash, 'hex') AS hash, ${columns} FROM audit_seal s
        LEFT JOIN audit_event e ON e.id = s.event_id WHERE s.sequence > $1 ORDER BY s.sequence LIMIT ${pageSize}`,
    },
    [from.sequence],
  );
  for (const row of rows) {
    const sequence = Number(row.sequence);
    const at = { sequence, eventId: row.event_id };
    if (sequence !== part.head.sequence + 1) found({ kind: "gap", sequence: part.head.sequence + 1 });
    else if (row.id === null) found({ kind: "removed", ...at });
    else if (linkHash(part.head, row) !== row.hash) found({ kind: "changed", ...at });
    // The stored hash leads on, so that one defect is told once.
    part.head = { sequence, hash: row.hash };
    part.links++;
    if (noted?.sequence === sequence && noted.hash !== row.hash) found({ kind: "changed", sequence });
  }
  part.more = rows.length === pageSize;
  if (!part.more && noted !== undefined && noted.sequence > part.head.sequence) found({ kind: "cut", sequence: part.head.sequence + 1 });
  return part;
}

/**
 * Goes through the whole chain: besides what `verifyPart` finds, a record that was taken out together with its link, or slipped in without one.
 * @param noted a head that an earlier verification or the log told
 */
export async function verifyChain(transaction: Transaction, noted?: ChainHead): Promise<ChainReport> {
  const report: ChainReport = { sealed: 0, waiting: 0, head: beginning, defects: [] };
  for (let more = true; more; ) {
    const part = await verifyPart(transaction, report.head, noted);
    more = part.more;
    report.head = part.head;
    report.sealed += part.links;
    report.defects.push(...part.defects.slice(0, defectsMax - report.defects.length));
  }
  const { waiting, defects } = await findUnchained(transaction);
  report.waiting = waiting;
  report.defects.push(...defects.slice(0, defectsMax - report.defects.length));
  return report;
}

async function countWaiting(transaction: Transaction): Promise<number> {
  const [counted] = await transaction.query<{ waiting: string }>({ text: "SELECT count(*) AS waiting FROM audit_unsealed" });
  return Number(counted?.waiting ?? 0);
}

/** Records without a link that do not wait for one either, and waiting ones that are gone. */
export async function findUnchained(transaction: Transaction): Promise<{ waiting: number; defects: ChainDefect[] }> {
  const waiting = await countWaiting(transaction);
  const strays = await transaction.query<{ id: string }>({
    text: `SELECT e.id::text FROM audit_event e LEFT JOIN audit_seal s ON s.event_id = e.id LEFT JOIN audit_unsealed u ON u.event_id = e.id
      WHERE s.event_id IS NULL AND u.event_id IS NULL LIMIT ${defectsMax}`,
  });
  const lost = await transaction.query<{ event_id: string }>({
    text: `SELECT u.event_id::text FROM audit_unsealed u LEFT JOIN audit_event e ON e.id = u.event_id WHERE e.id IS NULL LIMIT ${defectsMax}`,
  });
  const added = strays.map(({ id }): ChainDefect => ({ kind: "added", eventId: id }));
  return { waiting, defects: [...added, ...lost.map(({ event_id }): ChainDefect => ({ kind: "removed", eventId: event_id }))] };
}
