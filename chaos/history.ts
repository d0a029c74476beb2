/** What the clients saw: one operation a line of `history.ndjson`. Times are milliseconds since 1970 of the load's own machine. */
import { z } from "zod";

export const operationSchema = z.object({
  /** Number in the run, in the order in which they were due. */
  n: z.number().int(),
  kind: z.enum(["create", "update", "read", "search"]),
  /** The idempotency key of a write. */
  key: z.string().optional(),
  /** When the open-loop schedule wanted it; a late start is part of what the client waits. */
  dueMs: z.number(),
  startMs: z.number(),
  endMs: z.number(),
  /**
   * `ok`: acknowledged. `refused`: the platform said no and did nothing (4xx). `failed`: past its deadline, or an answer that is
   * neither; a write may or may not have happened.
   */
  outcome: z.enum(["ok", "refused", "failed"]),
  /** Of the last answer; 0 where there was none. */
  status: z.number().int(),
  attempts: z.number().int(),
  /** The attempts before the last: when each ended, and why it was not enough. Left out where there was none. */
  earlier: z.array(z.object({ endMs: z.number(), reason: z.string() })).optional(),
  /** Answers that told the client to come back (5xx, 429) before the last one; left out where there was none. */
  turnedAway: z.number().int().optional(),
  /** `Observation/1f0…` */
  resource: z.string().optional(),
  /** The version written, or read. */
  version: z.number().int().optional(),
  /** The version that an update named in If-Match. */
  ifMatch: z.number().int().optional(),
  /** What was written, or read back: unique to each write. */
  value: z.string().optional(),
  /** A read that must be the primary's: the client demands to see its own writes. Left out of the others. */
  fresh: z.boolean().optional(),
  /** Who answered a read; a standby may be behind. */
  servedBy: z.enum(["primary", "standby"]).optional(),
  /** Why it did not succeed. */
  reason: z.string().optional(),
});

export type Operation = z.infer<typeof operationSchema>;
