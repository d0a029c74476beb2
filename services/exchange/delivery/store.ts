import type { Transaction } from "../../lib/database/database.ts";
import { type Subscription, subscriptionColumns } from "../subscription/store.ts";

export interface PendingEvent {
  number: string;
  id: string;
  focus: string;
  method: string;
  occurred: Date;
  attempts: number;
}

/** Something to deliver, held for a while by who claimed it. */
export interface Claim {
  subscription: Subscription;
  lease: string;
  kind: "handshake" | "event-notification" | "heartbeat";
  events: PendingEvent[];
}

type ClaimedRow = Subscription & { lease: string; waiting: boolean };

/**
 * Claims one subscription that is due: for its handshake, for its first events, or for a heartbeat. Nobody else takes it before the lease
 * ends, and the events of one subscription go one after the other. A subscription begins only when its source is being read, so that
 * nothing is missed after the handshake.
 */
export async function claimDelivery(transaction: Transaction, leaseSeconds: number): Promise<Claim | undefined> {
  const [row] = await transaction.query<ClaimedRow>(
    {
      name: "delivery-claim",
      text: `WITH due AS (SELECT d.id, EXISTS (SELECT FROM subscription_event e WHERE e.subscription_id = d.id AND e.status = 'pending') AS waiting
          FROM subscription d WHERE d.status IN ('requested', 'active') AND d.ends > now() AND d.leased_until < now() AND d.next_attempt <= now() AND (
            (d.status = 'requested' AND EXISTS (SELECT FROM feed_cursor f WHERE f.name = CASE d.topic WHEN 'message' THEN 'notice' ELSE 'record' END))
            OR (d.status = 'active' AND EXISTS (SELECT FROM subscription_event e WHERE e.subscription_id = d.id AND e.status = 'pending'))
            OR (d.status = 'active' AND d.last_contact + make_interval(secs => d.heartbeat_seconds) < now()))
          ORDER BY d.next_attempt LIMIT 1 FOR UPDATE SKIP LOCKED)
        UPDATE subscription s SET leased_until = now() + make_interval(secs => $1), lease = gen_random_uuid() FROM due WHERE s.id = due.id
        RETURNING ${subscriptionColumns}, s.lease, due.waiting`,
    },
    [leaseSeconds],
  );
  if (!row) return undefined;
  const { lease, waiting, ...subscription } = row;
  if (subscription.status === "requested") return { subscription, lease, kind: "handshake", events: [] };
  if (!waiting) return { subscription, lease, kind: "heartbeat", events: [] };
  const events = await transaction.query<PendingEvent>(
    {
      name: "delivery-events",
      text: `SELECT e.number::text, e.id, e.focus, e.method, e.occurred, e.attempts FROM subscription_event e
        WHERE e.subscription_id = $1 AND e.status = 'pending' ORDER BY e.number LIMIT $2`,
    },
    [subscription.id, subscription.maxCount],
  );
  return { subscription, lease, kind: "event-notification", events };
}

/** It arrived. Without effect when the lease was taken by another meanwhile, which then delivers it again under the same numbers. */
export async function settleDelivered(transaction: Transaction, { subscription, lease, events }: Claim): Promise<boolean> {
  const rows = await transaction.query(
    {
      name: "delivery-done",
      text: `UPDATE subscription SET status = CASE WHEN status = 'requested' THEN 'active' ELSE status END, reason = NULL, failures = 0,
        next_attempt = now(), last_contact = now(), leased_until = '-infinity' WHERE id = $1 AND lease = $2 AND leased_until > '-infinity' RETURNING id`,
    },
    [subscription.id, lease],
  );
  if (rows.length === 0) return false;
  await transaction.query(
    {
      name: "delivery-events-done",
      text: `UPDATE subscription_event SET status = 'delivered', delivered = now(), attempts = attempts + 1, problem = NULL
        WHERE subscription_id = $1 AND number = ANY ($2::bigint[]) AND status = 'pending'`,
    },
    [subscription.id, events.map(({ number }) => number)],
  );
  return true;
}

export interface Failure {
  problem: string;
  /** Until it is tried again. */
  waitMs: number;
  /** Attempts after which an event is a dead letter. */
  attemptsMax: number;
  /** Failures in a row after which the subscription stands still. */
  failuresMax: number;
}

/** It did not arrive. Returns what became of the subscription; undefined when the lease was another's meanwhile. */
export async function settleFailed(
  transaction: Transaction,
  { subscription, lease, events }: Claim,
  failure: Failure,
): Promise<string | undefined> {
  const [row] = await transaction.query<{ status: string }>(
    {
      name: "delivery-failed",
      text: `UPDATE subscription SET failures = failures + 1, next_attempt = now() + make_interval(secs => $3::double precision / 1000), reason = $4,
        status = CASE WHEN failures + 1 >= $5 THEN 'error' ELSE status END, leased_until = '-infinity'
        WHERE id = $1 AND lease = $2 AND leased_until > '-infinity' RETURNING status`,
    },
    [subscription.id, lease, failure.waitMs, failure.problem, failure.failuresMax],
  );
  if (!row) return undefined;
  await transaction.query(
    {
      name: "delivery-events-failed",
      text: `UPDATE subscription_event SET attempts = attempts + 1, problem = $3, status = CASE WHEN attempts + 1 >= $4 THEN 'dead' ELSE 'pending' END
        WHERE subscription_id = $1 AND number = ANY ($2::bigint[]) AND status = 'pending'`,
    },
    [subscription.id, events.map(({ number }) => number), failure.problem, failure.attemptsMax],
  );
  return row.status;
}

/** Subscriptions that are over or have fallen too far behind, and events and notices of long ago: a bounded number at a time. */
export async function expireOld(
  transaction: Transaction,
  { maxAgeDays, backlogMax }: { maxAgeDays: number; backlogMax: number },
): Promise<void> {
  await transaction.query(
    {
      name: "subscription-behind",
      text: `UPDATE subscription s SET status = 'off', reason = 'Too many events waited for an endpoint that did not take them', last_updated = now()
        WHERE s.status = 'error' AND (SELECT count(*) FROM subscription_event e WHERE e.subscription_id = s.id AND e.status = 'pending') > $1`,
    },
    [backlogMax],
  );
  await transaction.query({
    name: "subscription-expire",
    text: "UPDATE subscription SET status = 'off', reason = 'It has ended', last_updated = now() WHERE status <> 'off' AND ends < now()",
  });
  await transaction.query(
    {
      name: "event-expire",
      text: `DELETE FROM subscription_event WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM subscription_event WHERE created < now() - make_interval(days => $1) LIMIT 5000))`,
    },
    [maxAgeDays],
  );
  await transaction.query(
    {
      name: "notice-expire",
      text: "DELETE FROM notice WHERE ctid = ANY (ARRAY(SELECT ctid FROM notice WHERE created < now() - make_interval(days => $1) LIMIT 5000))",
    },
    [maxAgeDays],
  );
}

/** Whether anybody is to be told anything at all. */
export async function anySubscription(transaction: Transaction): Promise<boolean> {
  const rows = await transaction.query({ name: "subscription-any", text: "SELECT FROM subscription WHERE status <> 'off' LIMIT 1" });
  return rows.length > 0;
}
