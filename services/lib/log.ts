import { type Logger, pino } from "pino";

/** What pino may log; `trace` would show more than operators should see, so it is not offered. */
export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;

/**
 * A structured logger on standard output. Nothing of a patient's may be given to it: no bodies, query strings, resource
 * ids, tokens or names. What identifies people belongs into the audit trail.
 */
export function createLog(options: { level: (typeof logLevels)[number]; service: string; site: string; pod: string }): Logger {
  return pino({
    level: options.level,
    base: { service: options.service, site: options.site, pod: options.pod },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { error: describeError },
  });
}

/** An error as it may be logged: PostgreSQL's `detail` and `where` quote row values, so they are left out. */
function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) {
    return { message: String(error) };
  }
  const { code, severity, constraint, table, routine } = error as Error & Record<string, unknown>;
  const cause = error.cause === undefined ? undefined : describeError(error.cause);
  return { name: error.name, message: error.message, stack: error.stack, code, severity, constraint, table, routine, cause };
}
