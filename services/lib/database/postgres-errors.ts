/** The COMMIT was sent and nobody can say whether it holds everywhere: only a lookup by key can. */
export class UnknownCommitError extends Error {
  constructor(reason: string) {
    super(`commit outcome unknown: ${reason}`);
    this.name = "UnknownCommitError";
  }
}

/** SQLSTATEs after which the same transaction may succeed a little later, here or on another instance. */
const passing = new Set([
  "25006", // read_only_sql_transaction: the instance was demoted
  "40001", // serialization_failure
  "40P01", // deadlock_detected
  "53100", // disk_full
  "53200", // out_of_memory
  "53300", // too_many_connections
  "55P03", // lock_not_available
  "57014", // query_canceled: statement_timeout
  "57P01", // admin_shutdown
  "57P02", // crash_shutdown
  "57P03", // cannot_connect_now
  "57P05", // idle_session_timeout
  "25P03", // idle_in_transaction_session_timeout
  "58030", // io_error
]);

function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** Whether the connection died, whatever the reason: there is no SQLSTATE, or one of class 08 or 57P. */
export function isConnectionError(error: unknown): boolean {
  const state = sqlState(error);
  if (state) {
    return state.startsWith("08") || state.startsWith("57P") || state === "25P03";
  }
  const { code, message } = error as { code?: unknown; message?: unknown };
  return (
    (typeof code === "string" && /^(E[A-Z]+|ERR_(SSL|TLS|STREAM|SOCKET)_[A-Z_]+)$/.test(code)) ||
    (typeof message === "string" &&
      /^(Connection terminated|timeout expired|Client has encountered a connection error|Client was closed)/.test(message))
  );
}

/** Why a transaction should be tried again: the SQLSTATE or a word; undefined when it should not. */
export function retryReason(error: unknown): string | undefined {
  if (error instanceof UnknownCommitError) {
    return "unknown_commit";
  }
  if (isConnectionError(error)) {
    return "connection";
  }
  const state = sqlState(error);
  return state && passing.has(state) ? state : undefined;
}

/** Whether the server cancelled a statement because it ran too long. */
export function isStatementTimeout(error: unknown): boolean {
  return sqlState(error) === "57014";
}
